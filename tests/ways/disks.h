/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two disks in memory: one for direct I/O, which takes the caller's pages where
 * that of tmpfs copies them, and one to swap to
 */
#ifndef TESTS_WAYS_DISKS_H
#define TESTS_WAYS_DISKS_H

#define DISK_FOR_IO	"/dev/ram0"
#define DISK_FOR_SWAP	"/dev/ram1"

/* Group fixture: makes them. The machine needs scripts/vm --module brd. */
int disks_group_setup(void **state);

#endif /* TESTS_WAYS_DISKS_H */

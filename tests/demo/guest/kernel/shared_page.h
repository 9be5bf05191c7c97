/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHARED_PAGE_H
#define SHARED_PAGE_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * Each open of the device allocates a new page of the guest's memory, which can
 * be mapped (MAP_SHARED). It starts private. After each conversion its
 * content is undefined.
 *
 * Both ioctls may be made whichever it is. EAGAIN: the host has pinned the page, so
 * it stays shared. EOPNOTSUPP: this host knows no shared pages.
 */
#define SHARED_PAGE_DEVICE	"/dev/shared_page"

#define SHARED_PAGE_SHARE	_IO('P', 0)
#define SHARED_PAGE_TAKE_BACK	_IO('P', 1)

/* The page's guest physical address, which stays the same */
#define SHARED_PAGE_ADDRESS	_IOR('P', 2, __u64)

#endif /* SHARED_PAGE_H */

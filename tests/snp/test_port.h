/* SPDX-License-Identifier: GPL-2.0-only */
/* I/O ports that only the emulated platform has: docs/snp-platform.md */
#ifndef TESTS_SNP_TEST_PORT_H
#define TESTS_SNP_TEST_PORT_H

#include <stdbool.h>
#include <linux/types.h>

/* The firmware's numbers of its commands */
#define SNP_DF_FLUSH		0x84
#define SNP_DECOMMISSION	0x90
#define SNP_GCTX_CREATE		0x93
#define SNP_ACTIVATE		0x91
#define SNP_GUEST_REQUEST	0x94
#define SNP_LAUNCH_START	0xa0
#define SNP_LAUNCH_UPDATE	0xa1
#define SNP_LAUNCH_FINISH	0xa2
#define SNP_PAGE_RECLAIM	0xc7
#define SNP_PAGE_UNSMASH	0xc8

enum snp_event {
	RMPUPDATES,
	PSMASHES,
	PVALIDATES,
	RMPADJUSTS,
	/* Nested page faults by the RMP, and page faults of the host by it */
	GUEST_RMP_FAULTS,
	HOST_RMP_FAULTS,
	/* Writes of devices that the RMP refused */
	DMA_RMP_FAULTS,
	/* Not events: pages that belong to guests now */
	GUEST_PAGES,
};

/* Is this the emulated platform? To be called before the others. */
bool test_port_open(void);

/* After @skip of them all commands of this kind have that status and do nothing. */
void fail_commands(__u32 command, __u32 skip, __u32 status);
void stop_failing(void);

__u32 event_count(enum snp_event event);

#endif

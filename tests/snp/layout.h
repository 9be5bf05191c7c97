/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agreement of the guest and its host. The first 2 MiB of the guest are
 * mapped twice, page by page: one to one as private pages, and from FINE_VA on
 * as shared ones. The next ones are private and mapped one to one, too.
 */
#ifndef TESTS_SNP_LAYOUT_H
#define TESTS_SNP_LAYOUT_H

#include "../kvm/layout.h"

#define PT_GPA		0x6000
#define ALL_TABLES_SIZE	0x6000

#define INPLACE_GPA	0x100000	/* launched with its own content */
#define SOURCE_GPA	0x101000	/* launched from a copy */
#define TALK_GPA	0x102000	/* shared and taken back */
#define HOLE_GPA	0x103000	/* punched while the guest runs */
/* Two times 2 MiB that aren't launched: the guest validates a few base pages of
 * the first, and the second as large as it may.
 */
#define PIECES_GPA	0x200000
#define WHOLE_GPA	0x400000
#define WHOLE_LAST	0x5ff000

/* The first word of a page that is full of one side's words; each next one is
 * greater by one.
 */
#define INPLACE_WORDS	0x1111000011110000
#define SOURCE_WORDS	0x2222000022220000
#define HOST_WORDS	0x3333000033330000
#define GUEST_WORDS	0x4444000044440000
#define SECRET_WORDS	0x5555000055550000
#define REFILL_WORDS	0x6666000066660000
#define PIECES_WORDS	0x7777000077770000
#define WHOLE_WORDS	0x8888000088880000

#define PAGE_WORDS	512

/* Why the guest ends. */
#define END_INPLACE		0x11
#define END_SOURCE		0x12
#define END_RESCIND		0x13
#define END_SHARE		0x14
#define END_HOST_WORDS		0x15
#define END_TAKE_BACK		0x16
#define END_VALIDATE		0x17
#define END_SECRET		0x18
#define END_SHARE_AGAIN		0x19
#define END_BELL		0x1a
#define END_NOT_REPLACED	0x1b
#define END_REFILL		0x1c
#define END_RESCIND_AGAIN	0x1d
#define END_PIECES		0x1e
#define END_WHOLE		0x1f
#define END_NOT_KEPT		0x20
#define END_DONE		0x2a

#endif

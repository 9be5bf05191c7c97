/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agreement of the agent (agent_guest.S) and its host. The first 2 GiB of
 * the guest are mapped twice with large pages: one to one as private ones, and
 * from SHARED_VA on as shared ones.
 */
#ifndef TESTS_SNP_AGENT_LAYOUT_H
#define TESTS_SNP_AGENT_LAYOUT_H

#include "../kvm/layout.h"

#define SHARED_VA	0x80000000

/* The slot of the agent itself */
#define AGENT_SIZE	0x200000

/* Page directories, first the two of private pages, then those of shared ones */
#define PDS_GPA		0x3000
#define NR_PDS		4
#define DESCRIPTORS_GPA	0x7000
/* The same page has both. */
#define IDT_OFFSET	0x100
#define LAUNCHED_GPA	PML4_GPA
#define LAUNCHED_SIZE	(DESCRIPTORS_GPA + 0x1000 - LAUNCHED_GPA)

/* A page for each processor */
#define MAX_AGENTS	2
#define STACKS_GPA	0x8000
#define MAILBOXES_GPA	0xa000

/* A mailbox is a shared page. Words: the first five are the host's. */
#define BOX_ORDER	0x00
#define BOX_ADDRESS	0x08
#define BOX_SIZE	0x10
#define BOX_VALUE	0x18
#define BOX_STOP	0x20
#define BOX_RESULT	0x28
#define BOX_AT		0x30	/* the address that the result is about */
#define BOX_ROUNDS	0x38
#define BOX_VALIDATED	0x40	/* pages that ORDER_PATROL has validated */

/* PVALIDATE of each page; the value has VALIDATE_*. The result is its code, or RESULT_SAME. */
#define ORDER_VALIDATE	1
#define VALIDATE_ON	1
#define VALIDATE_LARGE	2
/* Words from the value on, one greater by 8 than the one before it */
#define ORDER_FILL	2
/* The result: how many words are others */
#define ORDER_CHECK	3
/*
 * Writes the first word of each page and reads it back, until BOX_STOP is set. Validates each
 * page that turns out not to be. The result is 1 if a page that was there all the time has
 * another word.
 */
#define ORDER_PATROL	4
/* Writes the first word of each page, until BOX_STOP is set */
#define ORDER_SCRIBBLE	5
/*
 * Changes the register that the address names, and the result is its new content. The value is
 * the bits to flip: for CLTS and LMSW, which change CR0, it means nothing.
 */
#define ORDER_CONTROL	6
#define CONTROL_CR0	0
#define CONTROL_CR4	4
#define CONTROL_CR8	8
#define CONTROL_EFER	0x80
#define CONTROL_CLTS	0x100
/* Sets CR0.TS */
#define CONTROL_LMSW	0x101

/* Writes the address to the GHCB's MSR and exits. The result is what the MSR has then. */
#define ORDER_VMGEXIT	7
/* RMPADJUST of a base page; the value is RDX. The result is its code. */
#define ORDER_RMPADJUST	8
#define RMPADJUST_VMSA	0x10000

/* Results */
#define RESULT_SIZE_MISMATCH	6
#define RESULT_SAME		0x100
/* A page was not validated: the error code of #VC, and this bit */
#define RESULT_FAULT		0x100000000

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of the TDX module: its commands, answered from tables. The caller serializes all calls.
 *
 * A level is KVM's: 1 is a page of 4 KiB, 2 one of 2 MiB, 3 one of 1 GiB. A frame is a page of
 * 4 KiB of the machine's memory, named by its number.
 */
#ifndef TDX_MODEL_H
#define TDX_MODEL_H

#include "commands.h"
#include "pamt.h"
#include "port.h"
#include "refusal.h"
#include "rules.h"
#include "status.h"

#define TDXM_NR_KEYS 32
/* Key 0 is the host's, and one is the TDX module's own. */
#define TDXM_FIRST_KEY 2
#define TDXM_TDCS_PAGES 4
#define TDXM_TDVPS_PAGES 5
#define TDXM_NR_VPS 8
/* Private addresses end there: the shared bit of a guest whose tables have four levels. */
#define TDXM_SHARED_BIT 47

struct tdxm_td;
struct tdxm_vp;

struct tdxm {
	struct tdxm_frame *frames;
	u64 nr_frames;
	/* Frames that the module has */
	unsigned long given;
	struct tdxm_td *owners[TDXM_NR_KEYS];
	/* Raised with each TD, so that two with the same key don't read each other's pages */
	u64 secrets;
	struct tdxm_refusal refusals[TDXM_NR_COMMANDS];
	unsigned long calls[TDXM_NR_COMMANDS];
	unsigned long broken[TDXM_NR_RULES];
	/* A bit for each rule that a test breaks on purpose: that counts as provoked */
	u64 armed;
	unsigned long provoked[TDXM_NR_RULES];
};

/* 0, or -1 if there is no memory. Frames whose number is @nr_frames or higher are in no TDMR. */
int tdxm_init(struct tdxm *m, u64 nr_frames);
/* Frees all tables, those of TDs that still exist among them. */
void tdxm_exit(struct tdxm *m);

#endif

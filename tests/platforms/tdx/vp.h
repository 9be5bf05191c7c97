/* SPDX-License-Identifier: GPL-2.0-only */
/* A vCPU of a TD, the processor that it is associated with, and the epoch that it runs in */
#ifndef TDX_MODEL_VP_H
#define TDX_MODEL_VP_H

#include "guest.h"
#include "model.h"

#define TDXM_NO_CPU (-1)

struct tdxm_vp {
	struct tdxm_td *td;
	u64 tdvpr;
	unsigned int index;
	unsigned int control_pages;
	bool initialized;
	bool running;
	int cpu;
	/* When it last entered */
	u64 epoch;
	struct tdxm_script script;
};

u64 tdxm_vp_create(struct tdxm *m, u64 tdr, u64 tdvpr);
u64 tdxm_vp_addcx(struct tdxm *m, u64 tdvpr, u64 pfn);
u64 tdxm_vp_init(struct tdxm *m, u64 tdvpr);
u64 tdxm_vp_flush(struct tdxm *m, u64 tdvpr, int cpu);

/* TDH.VP.ENTER in two halves, between which the guest runs. The second one is no command. */
u64 tdxm_vp_enter(struct tdxm *m, u64 tdvpr, int cpu);
void tdxm_vp_leave(struct tdxm *m, u64 tdvpr);

/* The vCPU that has @tdvpr, or NULL and a broken rule. */
struct tdxm_vp *tdxm_vp(struct tdxm *m, u64 tdvpr);
/* Whether a vCPU runs that entered before @epoch */
bool tdxm_vp_runs_before(struct tdxm_td *td, u64 epoch);
bool tdxm_vp_any_associated(struct tdxm_td *td);
void tdxm_vp_gone(struct tdxm_vp *vp);

#endif

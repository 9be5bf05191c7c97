// SPDX-License-Identifier: GPL-2.0-only
#include "content.h"
#include "td.h"
#include "vp.h"

struct tdxm_vp *tdxm_vp(struct tdxm *m, u64 tdvpr)
{
	struct tdxm_frame *frame = tdxm_frame(m, tdvpr);

	if (!frame)
		return NULL;
	if (frame->type == TDXM_TDVPR)
		return frame->object;
	tdxm_broken(m, TDXM_NOT_INITIALIZED, tdvpr << TDXM_PAGE_SHIFT);
	return NULL;
}

bool tdxm_vp_runs_before(struct tdxm_td *td, u64 epoch)
{
	int i;

	for (i = 0; i < TDXM_NR_VPS; i++)
		if (td->vps[i] && td->vps[i]->running && td->vps[i]->epoch < epoch)
			return true;
	return false;
}

bool tdxm_vp_any_associated(struct tdxm_td *td)
{
	int i;

	for (i = 0; i < TDXM_NR_VPS; i++)
		if (td->vps[i] && td->vps[i]->cpu != TDXM_NO_CPU)
			return true;
	return false;
}

void tdxm_vp_gone(struct tdxm_vp *vp)
{
	vp->td->vps[vp->index] = NULL;
}

static u64 add_vp(struct tdxm *m, struct tdxm_td *td, struct tdxm_vp *vp, u64 tdvpr)
{
	u64 status;

	vp->td = td;
	vp->tdvpr = tdvpr;
	vp->cpu = TDXM_NO_CPU;
	while (td->vps[vp->index])
		if (++vp->index == TDXM_NR_VPS)
			return TDXM_OPERAND_INVALID;
	status = tdxm_give(m, td, tdvpr, 1, TDXM_TDVPR);
	if (status)
		return status;
	tdxm_content_zero(m, tdvpr);
	m->frames[tdvpr].object = vp;
	td->vps[vp->index] = vp;
	return TDXM_SUCCESS;
}

u64 tdxm_vp_create(struct tdxm *m, u64 tdr, u64 tdvpr)
{
	struct tdxm_td *td;
	u64 status = tdxm_td_begin(m, TDXM_VP_CREATE, tdr, &td);
	struct tdxm_vp *vp;

	if (status)
		return status;
	vp = tdxm_alloc(sizeof(*vp));
	if (!vp)
		return TDXM_NO_MEMORY;
	status = add_vp(m, td, vp, tdvpr);
	if (status)
		tdxm_free(vp);
	return status;
}

/* The vCPU if its TD has its key, or NULL and a broken rule. */
static struct tdxm_vp *vp_with_key(struct tdxm *m, u64 tdvpr)
{
	struct tdxm_vp *vp = tdxm_vp(m, tdvpr);

	return vp && tdxm_td_with_key(m, vp->td->tdr) ? vp : NULL;
}

/* Begins a command on a vCPU. A status; 0 sets @vp. */
static u64 vp_begin(struct tdxm *m, enum tdxm_command command, u64 tdvpr, struct tdxm_vp **vp)
{
	u64 status = tdxm_refused(m, command);

	if (status)
		return status;
	*vp = vp_with_key(m, tdvpr);
	return *vp ? TDXM_SUCCESS : TDXM_OPERAND_INVALID;
}

u64 tdxm_vp_addcx(struct tdxm *m, u64 tdvpr, u64 pfn)
{
	struct tdxm_vp *vp;
	u64 status = vp_begin(m, TDXM_VP_ADDCX, tdvpr, &vp);

	if (status)
		return status;
	if (vp->control_pages == TDXM_TDVPS_PAGES)
		return tdxm_fail(m, TDXM_CONTROL_PAGES, pfn << TDXM_PAGE_SHIFT,
				 TDXM_OPERAND_INVALID);
	status = tdxm_give(m, vp->td, pfn, 1, TDXM_TDVPX);
	if (status)
		return status;
	tdxm_content_zero(m, pfn);
	vp->control_pages++;
	return TDXM_SUCCESS;
}

u64 tdxm_vp_init(struct tdxm *m, u64 tdvpr)
{
	struct tdxm_vp *vp;
	u64 status = vp_begin(m, TDXM_VP_INIT, tdvpr, &vp);

	if (status)
		return status;
	if (vp->initialized)
		return tdxm_fail(m, TDXM_INITIALIZED_TWICE, tdvpr << TDXM_PAGE_SHIFT,
				 TDXM_OPERAND_INVALID);
	if (vp->control_pages != TDXM_TDVPS_PAGES)
		return tdxm_fail(m, TDXM_CONTROL_PAGES, tdvpr << TDXM_PAGE_SHIFT,
				 TDXM_OPERAND_INVALID);
	vp->initialized = true;
	return TDXM_SUCCESS;
}

/* A processor keeps the vCPUs that it has run in its caches until it flushes them. */
static bool is_elsewhere(struct tdxm *m, struct tdxm_vp *vp, int cpu)
{
	if (vp->cpu == cpu && !vp->running)
		return false;
	tdxm_broken(m, TDXM_ELSEWHERE, cpu);
	return true;
}

u64 tdxm_vp_flush(struct tdxm *m, u64 tdvpr, int cpu)
{
	struct tdxm_vp *vp;
	u64 status = vp_begin(m, TDXM_VP_FLUSH, tdvpr, &vp);

	if (status)
		return status;
	/* KVM flushes each vCPU that it has loaded, whether it ran or not. */
	if (vp->cpu == TDXM_NO_CPU)
		return TDXM_VCPU_NOT_ASSOCIATED;
	if (is_elsewhere(m, vp, cpu))
		return TDXM_OPERAND_BUSY;
	vp->cpu = TDXM_NO_CPU;
	return TDXM_SUCCESS;
}

u64 tdxm_vp_enter(struct tdxm *m, u64 tdvpr, int cpu)
{
	u64 status = tdxm_refused(m, TDXM_VP_ENTER);
	struct tdxm_vp *vp;

	if (status)
		return status;
	vp = vp_with_key(m, tdvpr);
	if (!vp)
		return TDXM_NON_RECOVERABLE_VCPU;
	if (!vp->initialized)
		return tdxm_fail(m, TDXM_NOT_INITIALIZED, tdvpr << TDXM_PAGE_SHIFT,
				 TDXM_NON_RECOVERABLE_VCPU);
	if (!vp->td->finalized)
		return tdxm_fail(m, TDXM_NOT_FINALIZED, tdvpr << TDXM_PAGE_SHIFT,
				 TDXM_NON_RECOVERABLE_VCPU);
	if (vp->cpu == TDXM_NO_CPU)
		vp->cpu = cpu;
	else if (is_elsewhere(m, vp, cpu))
		return TDXM_OPERAND_BUSY;
	vp->running = true;
	vp->epoch = vp->td->epoch;
	return TDXM_SUCCESS;
}

void tdxm_vp_leave(struct tdxm *m, u64 tdvpr)
{
	struct tdxm_vp *vp = tdxm_vp(m, tdvpr);

	if (vp)
		vp->running = false;
}

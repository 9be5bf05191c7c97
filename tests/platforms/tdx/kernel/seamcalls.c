// SPDX-License-Identifier: GPL-2.0-only
/* The functions by which KVM gives commands to the TDX module: these give them to the model. */
#include <linux/build_bug.h>
#include <linux/instrumentation.h>
#include <linux/kvm_types.h>
#include <linux/mm.h>
#include <linux/smp.h>

#include <asm/pgtable_types.h>
#include <asm/shared/tdx_errno.h>
#include <asm/tdx.h>
#include <asm/vmx.h>

#include "gmem_priv_tdx.h"
#include "machine.h"

#include "../guest.h"
#include "../measurement.h"
#include "../pages.h"
#include "../td.h"
#include "../vp.h"

static_assert(TDXM_NO_KEY_TO_WRITE_BACK == TDX_NO_HKID_READY_TO_WBCACHE);
static_assert(TDXM_NON_RECOVERABLE_VCPU == TDX_NON_RECOVERABLE_VCPU);
static_assert(TDXM_OPERAND_BUSY == TDX_OPERAND_BUSY);
static_assert(TDXM_EPOCH_BUSY == TDX_PREVIOUS_TLB_EPOCH_BUSY);
static_assert(TDXM_VCPU_NOT_ASSOCIATED == TDX_VCPU_NOT_ASSOCIATED);
static_assert(TDXM_FLUSH_NOT_DONE == TDX_FLUSHVP_NOT_DONE);
static_assert(TDXM_OPERAND_INVALID == TDX_OPERAND_INVALID);
static_assert(TDXM_PAGE_METADATA == TDX_PAGE_METADATA_INCORRECT);
static_assert(TDXM_KEY_STATE == TDX_KEY_STATE_INCORRECT);
static_assert(TDXM_EPT_WALK_FAILED == TDX_EPT_WALK_FAILED);
static_assert(TDXM_EPT_ENTRY_STATE == TDX_EPT_ENTRY_STATE_INCORRECT);
static_assert(TDXM_EXIT_HLT == EXIT_REASON_HLT);
static_assert(TDXM_EXIT_EPT_VIOLATION == EXIT_REASON_EPT_VIOLATION);
static_assert(TDXM_EXIT_TDCALL == EXIT_REASON_TDCALL);

/* A command to the one module, and the status that KVM is told. */
#define COMMAND(call) ({						\
	TDX_MACHINE;							\
	u64 _status = (call);						\
									\
	_status == TDXM_OMITTED ? TDXM_SUCCESS : _status;		\
})

static u64 root_of(struct tdx_td *td)
{
	return page_to_pfn(td->tdr_page);
}

static u64 vp_of(struct tdx_vp *vp)
{
	return page_to_pfn(vp->tdvpr_page);
}

u64 tdh_mng_create(struct tdx_td *td, u16 hkid)
{
	return COMMAND(tdxm_mng_create(&tdx_machine, root_of(td), hkid));
}

u64 tdh_mng_key_config(struct tdx_td *td)
{
	return COMMAND(tdxm_mng_key_config(&tdx_machine, root_of(td)));
}

u64 tdh_mng_addcx(struct tdx_td *td, struct page *tdcs_page)
{
	return COMMAND(tdxm_mng_addcx(&tdx_machine, root_of(td), page_to_pfn(tdcs_page)));
}

u64 tdh_mng_init(struct tdx_td *td, u64 td_params, u64 *extended_err)
{
	*extended_err = 0;
	return COMMAND(tdxm_mng_init(&tdx_machine, root_of(td)));
}

/* The model has no metadata fields: all are zero, and all can be written. */
u64 tdh_mng_rd(struct tdx_td *td, u64 field, u64 *data)
{
	*data = 0;
	return TDXM_SUCCESS;
}

u64 tdh_vp_rd(struct tdx_vp *vp, u64 field, u64 *data)
{
	*data = 0;
	return TDXM_SUCCESS;
}

u64 tdh_vp_wr(struct tdx_vp *vp, u64 field, u64 data, u64 mask)
{
	return TDXM_SUCCESS;
}

u64 tdh_mng_vpflushdone(struct tdx_td *td)
{
	return COMMAND(tdxm_mng_vpflushdone(&tdx_machine, root_of(td)));
}

u64 tdh_mng_key_freeid(struct tdx_td *td)
{
	return COMMAND(tdxm_mng_key_freeid(&tdx_machine, root_of(td)));
}

u64 tdh_vp_create(struct tdx_td *td, struct tdx_vp *vp)
{
	return COMMAND(tdxm_vp_create(&tdx_machine, root_of(td), vp_of(vp)));
}

u64 tdh_vp_addcx(struct tdx_vp *vp, struct page *tdcx_page)
{
	return COMMAND(tdxm_vp_addcx(&tdx_machine, vp_of(vp), page_to_pfn(tdcx_page)));
}

u64 tdh_vp_init(struct tdx_vp *vp, u64 initial_rcx, u32 x2apicid)
{
	return COMMAND(tdxm_vp_init(&tdx_machine, vp_of(vp)));
}

u64 tdh_vp_flush(struct tdx_vp *vp)
{
	return COMMAND(tdxm_vp_flush(&tdx_machine, vp_of(vp), smp_processor_id()));
}

static void run(struct tdx_vp *vp, struct tdxm_exit *exit)
{
	TDX_MACHINE;
	tdxm_vp_run(&tdx_machine, PHYS_PFN(vp->tdvpr_pa), smp_processor_id(), exit);
}

noinstr u64 tdh_vp_enter(struct tdx_vp *vp, struct tdx_module_args *args)
{
	struct tdxm_exit exit = { .r10 = args->r10 };

	instrumentation_begin();
	run(vp, &exit);
	args->rcx = exit.rcx;
	args->rdx = exit.rdx;
	args->r8 = exit.r8;
	args->r9 = 0;
	args->r10 = exit.r10;
	args->r11 = exit.r11;
	args->r12 = exit.r12;
	args->r13 = exit.r13;
	instrumentation_end();
	return exit.status;
}

/* The entry that a command failed at, and its state: KVM only prints them. */
static void no_details(u64 *ext_err1, u64 *ext_err2)
{
	*ext_err1 = 0;
	*ext_err2 = 0;
}

u64 tdh_mem_sept_add(struct tdx_td *td, u64 gpa, enum pg_level level, struct page *page,
		     u64 *ext_err1, u64 *ext_err2)
{
	no_details(ext_err1, ext_err2);
	return COMMAND(tdxm_mem_sept_add(&tdx_machine, root_of(td), gpa, level,
					 page_to_pfn(page)));
}

u64 tdh_mem_page_add(struct tdx_td *td, u64 gpa, kvm_pfn_t pfn, struct page *source,
		     u64 *ext_err1, u64 *ext_err2)
{
	no_details(ext_err1, ext_err2);
	return COMMAND(tdxm_mem_page_add(&tdx_machine, root_of(td), gpa, pfn,
					 page_to_pfn(source)));
}

u64 tdh_mem_page_aug(struct tdx_td *td, u64 gpa, enum pg_level level, kvm_pfn_t pfn,
		     u64 *ext_err1, u64 *ext_err2)
{
	no_details(ext_err1, ext_err2);
	return COMMAND(tdxm_mem_page_aug(&tdx_machine, root_of(td), gpa, level, pfn));
}

u64 tdh_mem_range_block(struct tdx_td *td, u64 gpa, enum pg_level level,
			u64 *ext_err1, u64 *ext_err2)
{
	no_details(ext_err1, ext_err2);
	return COMMAND(tdxm_mem_range_block(&tdx_machine, root_of(td), gpa, level));
}

u64 tdh_mem_track(struct tdx_td *td)
{
	return COMMAND(tdxm_mem_track(&tdx_machine, root_of(td)));
}

u64 tdh_mem_page_remove(struct tdx_td *td, u64 gpa, enum pg_level level,
			u64 *ext_err1, u64 *ext_err2)
{
	no_details(ext_err1, ext_err2);
	return COMMAND(tdxm_mem_page_remove(&tdx_machine, root_of(td), gpa, level));
}

/* KVM's own function for this command, gmem_priv_seamcall.c, isn't in the modules. */
u64 tdh_mem_page_demote(struct tdx_td *td, u64 gpa, enum pg_level level, struct page *page,
			u64 *ext_err1, u64 *ext_err2)
{
	no_details(ext_err1, ext_err2);
	return COMMAND(tdxm_mem_page_demote(&tdx_machine, root_of(td), gpa, level,
					    page_to_pfn(page)));
}

u64 tdh_mr_extend(struct tdx_td *td, u64 gpa, u64 *ext_err1, u64 *ext_err2)
{
	no_details(ext_err1, ext_err2);
	return COMMAND(tdxm_mr_extend(&tdx_machine, root_of(td), gpa));
}

u64 tdh_mr_finalize(struct tdx_td *td)
{
	return COMMAND(tdxm_mr_finalize(&tdx_machine, root_of(td)));
}

u64 tdh_phymem_cache_wb(bool resume)
{
	return COMMAND(tdxm_phymem_cache_wb(&tdx_machine));
}

u64 tdh_phymem_page_reclaim(struct page *page, u64 *tdx_pt, u64 *tdx_owner, u64 *tdx_size)
{
	*tdx_pt = 0;
	*tdx_owner = 0;
	*tdx_size = 0;
	return COMMAND(tdxm_phymem_page_reclaim(&tdx_machine, page_to_pfn(page)));
}

u64 tdh_phymem_page_wbinvd_tdr(struct tdx_td *td)
{
	return COMMAND(tdxm_phymem_page_wbinvd(&tdx_machine, root_of(td)));
}

u64 tdh_phymem_page_wbinvd_hkid(u64 hkid, kvm_pfn_t pfn)
{
	return COMMAND(tdxm_phymem_page_wbinvd(&tdx_machine, pfn));
}

// SPDX-License-Identifier: GPL-2.0-only
/* The TDX module as a whole, for KVM: its features, its keys, and the reset of pages */
#include <linux/idr.h>
#include <linux/kvm_types.h>
#include <linux/pfn.h>

#include <asm/tdx.h>

#include "machine.h"

static DEFINE_IDA(keys);

#define ALL (~0ULL)
/* A CPUID leaf without subleaves, in the module's format */
#define LEAF_80000008 0xffffffff80000008ULL
#define X87_AND_SSE 3

static const struct tdx_sys_info info = {
	.features.tdx_features0 = ALL,
	.td_ctrl = {
		.tdr_base_size = PAGE_SIZE,
		.tdcs_base_size = TDXM_TDCS_PAGES * PAGE_SIZE,
		.tdvps_base_size = (TDXM_TDVPS_PAGES + 1) * PAGE_SIZE,
	},
	.td_conf = {
		.attributes_fixed0 = ALL,
		.xfam_fixed0 = ALL,
		.xfam_fixed1 = X87_AND_SSE,
		.num_cpuid_config = 1,
		.max_vcpus_per_td = TDXM_NR_VPS,
		.cpuid_config_leaves = { LEAF_80000008 },
		.cpuid_config_values = { { ALL, ALL } },
	},
};

const struct tdx_sys_info *tdx_get_sysinfo(void)
{
	return &info;
}

u32 tdx_get_nr_guest_keyids(void)
{
	return TDXM_NR_KEYS - TDXM_FIRST_KEY;
}

int tdx_guest_keyid_alloc(void)
{
	return ida_alloc_range(&keys, TDXM_FIRST_KEY, TDXM_NR_KEYS - 1, GFP_KERNEL);
}

void tdx_guest_keyid_free(unsigned int keyid)
{
	ida_free(&keys, keyid);
}

void tdx_quirk_reset_paddr(unsigned long base, unsigned long size)
{
	unsigned long at;

	TDX_MACHINE;
	for (at = base; at < base + size; at += PAGE_SIZE)
		tdxm_reset(&tdx_machine, PHYS_PFN(at));
}

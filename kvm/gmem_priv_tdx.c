// SPDX-License-Identifier: GPL-2.0-only
/*
 * TDX: private pages from kvm_private files, launched in place, and mapped by 2 MiB. In
 * kvm_intel.
 *
 * KVM's own code knows base pages alone, since guest_memfd has no others. Of 2 MiB the TDX
 * module wants each page written back before it gets them, and each again when it gives them
 * back.
 */

#include <linux/bitfield.h>
#include <linux/kvm_host.h>
#include <linux/moduleparam.h>
#include <asm/cacheflush.h>
#include <asm/tdx.h>

#include "gmem_priv_mirror.h"
#include "gmem_priv_tdx.h"

static bool huge_pages;
module_param_named(tdx_huge_pages, huge_pages, bool, 0444);
MODULE_PARM_DESC(tdx_huge_pages,
		 "map private memory of TDs by 2 MiB where a kvm_private file has such pages");

/**
 * tdx_gmem_priv_max_level() - tell how large a private mapping may be
 * @kvm: a TD
 */
int tdx_gmem_priv_max_level(struct kvm *kvm)
{
	return huge_pages ? kvm_gmem_priv_mirror_max_level(kvm) : PG_LEVEL_4K;
}

/**
 * tdx_gmem_priv_in_place() - see whether a page may be added with the content that it has
 * @kvm: the TD
 * @gfn: where
 *
 * Context: slots_lock held.
 */
bool tdx_gmem_priv_in_place(struct kvm *kvm, gfn_t gfn)
{
	struct kvm_memory_slot *slot = gfn_to_memslot(kvm, gfn);

	return slot && slot->gmem.priv;
}

/**
 * tdx_gmem_priv_write_back() - write pages back that the TDX module gets
 * @pfn: of the first
 * @level: of their mapping
 *
 * The functions that give the module its commands do that for the first page.
 */
void tdx_gmem_priv_write_back(kvm_pfn_t pfn, enum pg_level level)
{
	if (level > PG_LEVEL_4K)
		clflush_cache_range(__va(PFN_PHYS(pfn)), KVM_HPAGE_SIZE(level));
}

/**
 * tdx_gmem_priv_wbinvd() - write pages back that the TDX module has given back
 * @hkid: the key of the TD that had them
 * @pfn: of the first
 * @level: of their mapping
 *
 * Return: 0, or the status of the command that failed.
 */
u64 tdx_gmem_priv_wbinvd(u16 hkid, kvm_pfn_t pfn, enum pg_level level)
{
	unsigned long i;
	u64 err = 0;

	for (i = 0; i < KVM_PAGES_PER_HPAGE(level) && !err; i++)
		err = tdh_phymem_page_wbinvd_hkid(hkid, pfn + i);
	return err;
}

/* Of the extended exit qualification: which access it was, and for TDG.MEM.PAGE.ACCEPT the level */
#define EXIT_TYPE	GENMASK_ULL(3, 0)
#define EXIT_BY_ACCEPT	1
#define EXIT_LEVEL	GENMASK_ULL(34, 32)

/**
 * tdx_gmem_priv_accept() - have a page by itself that the guest accepts by itself
 * @kvm: the TD
 * @gfn: of the page
 * @exit_qualification: the extended one
 *
 * The TDX module doesn't let the guest accept a part of a mapping. Where there is no mapping
 * yet the fault may map 2 MiB, and the guest's next try comes here again.
 *
 * Context: may sleep.
 */
void tdx_gmem_priv_accept(struct kvm *kvm, gfn_t gfn, u64 exit_qualification)
{
	if (FIELD_GET(EXIT_TYPE, exit_qualification) == EXIT_BY_ACCEPT &&
	    !FIELD_GET(EXIT_LEVEL, exit_qualification) && huge_pages)
		kvm_gmem_priv_mirror_split(kvm, gfn);
}

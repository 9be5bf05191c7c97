// SPDX-License-Identifier: GPL-2.0-only
/*
 * SEV-SNP: 2 MiB of a guest's memory that the RMP has in 512 entries become one again.
 *
 * RMP entries come apart where a guest validates base pages, and where a page of them was
 * shared. The firmware joins entries (SNP_PAGE_UNSMASH) that are immutable, of one guest and
 * alike but for the address: RMPUPDATE makes them immutable, and keeps all else if nothing
 * else changes; SNP_PAGE_RECLAIM takes that back. See "Page States" and "SNP_PAGE_UNSMASH"
 * in the SEV-SNP Firmware ABI Specification.
 */

#include <linux/kvm_host.h>
#include <linux/psp-sev.h>
#include <asm/sev.h>

#include "gmem_priv_sev.h"
#include "svm/svm.h"

/**
 * sev_gmem_priv_joined() - see whether there is anything to join
 * @pfn: first page of 2 MiB, aligned
 *
 * Context: any.
 * Return: whether they have one entry, or aren't assigned.
 */
bool sev_gmem_priv_joined(kvm_pfn_t pfn)
{
	bool assigned;
	int level;

	return snp_lookup_rmpentry(pfn, &assigned, &level) || !assigned ||
	       level > PG_LEVEL_4K;
}

static int join_reclaim(struct kvm *kvm, kvm_pfn_t pfn, int level)
{
	struct sev_data_snp_page_reclaim data = {
		.paddr = __sme_set(pfn_to_hpa(pfn)) | PG_LEVEL_TO_RMP(level),
	};
	int ret, error = 0;

	ret = sev_do_cmd(SEV_CMD_SNP_PAGE_RECLAIM, &data, &error);
	KVM_BUG(ret, kvm, "Failed to reclaim pfn 0x%llx, ret %d, firmware's error %d",
		pfn, ret, error);
	return ret;
}

/*
 * The address has no page size in bit 0, as SNP_PAGE_RECLAIM's has and as the struct's
 * description says: AMD's published firmware takes addresses of 2 MiB alone.
 */
static int join_unsmash(kvm_pfn_t pfn)
{
	struct sev_data_snp_page_unsmash data = {
		.paddr = __sme_set(pfn_to_hpa(pfn)),
	};
	int error;

	return sev_do_cmd(SEV_CMD_SNP_PAGE_UNSMASH, &data, &error);
}

/*
 * RMPUPDATE fails, and rmp_make_private() complains, where a processor runs a vCPU whose
 * VMSA the page is. The firmware joins no entry of a VMSA anyhow. A guest that makes the
 * page one just now gets that complaint, and no more.
 */
static bool join_has_vmsa(struct kvm *kvm, kvm_pfn_t pfn)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	kvm_for_each_vcpu(i, vcpu, kvm) {
		u64 vmsa = READ_ONCE(to_svm(vcpu)->vmcb->control.vmsa_pa) >> PAGE_SHIFT;

		if (vmsa >= pfn && vmsa < pfn + PTRS_PER_PMD)
			return true;
	}
	return false;
}

/**
 * sev_gmem_priv_join() - have 2 MiB of an SNP guest's memory as one RMP entry
 * @kvm: the VM
 * @gfn: first guest frame number, aligned to 2 MiB
 * @pfn: its page; all pages of the 2 MiB are assigned to the guest at their places, nothing
 *	is mapped, and no other task changes their entries but by PSMASH
 *
 * Context: may sleep; takes the lock of the firmware's commands.
 * Return: 0, also if they have one entry; -EBUSY if the entries aren't alike (a page isn't
 * validated, or is a VMSA, or VMPLs have other rights there); -EIO if the firmware
 * doesn't take the pages back, which is the VM's end: some are left immutable, and the host
 * can't have them back. After -EBUSY each page has its entry, as before.
 */
int sev_gmem_priv_join(struct kvm *kvm, gfn_t gfn, kvm_pfn_t pfn)
{
	u32 asid = to_kvm_svm(kvm)->sev_info.asid;
	int ret = 0, i;

	if (sev_gmem_priv_joined(pfn))
		return 0;
	if (join_has_vmsa(kvm, pfn))
		return -EBUSY;

	for (i = 0; i < PTRS_PER_PMD && !ret; i++)
		ret = rmp_make_private(pfn + i, gfn_to_gpa(gfn + i), PG_LEVEL_4K, asid,
				       true);
	if (!ret && !join_unsmash(pfn))
		return join_reclaim(kvm, pfn, PG_LEVEL_2M) ? -EIO : 0;

	/* If RMPUPDATE failed, the last page hasn't become immutable. */
	i -= !!ret;
	ret = -EBUSY;
	while (i--)
		if (join_reclaim(kvm, pfn + i, PG_LEVEL_4K))
			ret = -EIO;
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/* The counters: KVM's own, and the module's of the file */
#include "faults.h"

#include <err.h>
#include <stdlib.h>

#include "narrator.h"
#include "private_file.h"
#include "stats.h"

#define PAGE_SIZE	4096

void faults_watch(struct faults *faults, const struct vmm *vmm)
{
	faults->vcpus = calloc(vmm->nr_cpus, sizeof(faults->vcpus[0]));
	if (!faults->vcpus)
		err(1, "KVM's statistics");
	for (unsigned int i = 0; i < vmm->nr_cpus; i++)
		faults->vcpus[i] = stats_open(vmm->vcpus[i].fd);
	faults->placed = private_file_allocated(vmm->memory.file);
}

void faults_tell(const struct faults *faults, const struct vmm *vmm)
{
	__u64 fixed = 0, mapped, allocated;

	for (unsigned int i = 0; i < vmm->nr_cpus; i++)
		fixed += stats_read(faults->vcpus[i], "pf_fixed");
	mapped = stats_get(vmm->vm, "pages_4k");
	allocated = private_file_allocated(vmm->memory.file);

	if (allocated <= faults->placed)
		fail("the guest made no page of the file appear");
	if (!fixed || !mapped)
		fail("KVM took no page from the file");
	if (stats_get(vmm->vm, "pages_2m") || stats_get(vmm->vm, "pages_1g"))
		fail("KVM mapped huge pages, which the file doesn't have");
	if (mapped > allocated / PAGE_SIZE)
		fail("KVM has mapped %llu pages, more than the %llu in the file",
		     mapped, allocated / PAGE_SIZE);

	narrate("By now %.1f of %.0f MiB exist, all of it private (from its fdinfo).",
		in_mib(allocated), in_mib(vmm->memory.size));
	narrate("KVM resolved %llu page faults of the guest (pf_fixed), each with a page",
		fixed);
	narrate_detail("that it got from the file (get_pfn); %llu of those pages didn't",
		       (allocated - faults->placed) / PAGE_SIZE);
	narrate_detail("exist before. The guest has %llu pages mapped now (pages_4k).",
		       mapped);
}

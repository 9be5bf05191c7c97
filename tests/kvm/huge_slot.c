// SPDX-License-Identifier: GPL-2.0-only
#include <sys/mman.h>
#include <unistd.h>

#include "../demo/stats.h"
#include "convert.h"
#include "huge_slot.h"

void huge_slot_start_on(struct huge_slot *h, int file, __u64 file_size,
			__u64 flags)
{
	*h = (struct huge_slot){ .file = file, .file_size = file_size };
	machine_start(&h->low, MEM_SIZE, 0);
	h->cpu = &h->low.cpu;
	if (flags & KVM_PRIVATE_FLAG_MMAP)
		h->map = file_map(h->file, file_size);
	h->slot = (struct slot){
		.id = HUGE_SLOT, .file = h->file, .gpa = HUGE_GPA,
		.host = h->map,
	};
}

void huge_slot_start(struct huge_slot *h, __u64 file_size, __u64 flags,
		     __u64 slot_size)
{
	huge_slot_start_on(h, huge_create(file_size, flags), file_size, flags);
	h->slot.size = slot_size;
	if (slot_size)
		huge_slot_add(h);
}

void huge_slot_stop(struct huge_slot *h)
{
	machine_stop(&h->low);
	if (h->map)
		munmap(h->map, h->file_size);
	close(h->file);
}

void huge_slot_add(struct huge_slot *h)
{
	vm_add_slot(h->low.vm, &h->slot);
}

void huge_slot_delete(struct huge_slot *h)
{
	vm_delete_slot(h->low.vm, HUGE_SLOT);
}

void huge_guest_fill(struct huge_slot *h, __u64 gpa, __u64 size, __u64 tag)
{
	vcpu_call(h->cpu, guest_fill_heads, gpa, size / PAGE, tag);
}

void huge_guest_expect(struct huge_slot *h, __u64 gpa, __u64 size, __u64 tag)
{
	__u64 bad = vcpu_call(h->cpu, guest_check_heads, gpa, size / PAGE, tag);
	struct kvm_regs regs = vcpu_regs(h->cpu);

	if (bad)
		fail_msg("The guest found %llu wrong pages, the first at %#llx: %#llx",
			 bad, regs.r8, regs.r9);
}

__u64 mapped_huge(const struct huge_slot *h)
{
	return stats_get(h->low.vm, "pages_2m");
}

static bool under_model(void)
{
	return !access("/dev/kvm_private_platform", F_OK);
}

void expect_mapped(const struct huge_slot *h, __u64 nr, const char *when)
{
	expect_between(mapped_huge(h), under_model() ? 0 : nr, nr,
		       "huge mappings %s", when);
}

void expect_backed(const struct huge_slot *h, __u64 huge, __u64 small,
		   const char *when)
{
	const __u64 all = huge * HUGE_PAGE + small * PAGE;

	if (under_model())
		expect_between(file_allocated(h->file), all, all,
			       "allocated %s", when);
	else
		expect_backing(h->file, huge, small, "%s", when);
}

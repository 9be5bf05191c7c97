// SPDX-License-Identifier: GPL-2.0-only
/* VMs, their slots, and the accesses of their guests */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../kvm/layout.h"
#include "../kvm/stamp.h"
#include "../kvm/vm.h"
#include "page_guests.h"
#include "handlers.h"
#include "limits.h"
#include "machines.h"
#include "model.h"
#include "unit.h"

/*
 * No slot is there: the VMM is asked, or gets an error if the page is private.
 * KVM remembers that there was no slot, and then doesn't look at the attributes
 * again.
 */
#define NOWHERE 1

static struct vm_of *vm_at(struct world *w, __u64 index)
{
	struct vm_of *vm = &w->vms[index % VMS];

	return vm->there ? vm : NULL;
}

bool machine_can_be_had(void)
{
	return !access("/dev/kvm", F_OK);
}

void machine_open(struct vm_of *vm)
{
	struct slot slot = { .id = 0, .size = MEM_SIZE };

	vm->low = file_create(MEM_SIZE, 0);
	vm_load(vm->low, 0);
	slot.file = vm->low;
	vm->fd = vm_create();
	vm_add_slot(vm->fd, &slot);
	vcpu_open(&vm->cpu, vm->fd, 0);
	vm->there = true;
}

void machine_close(struct vm_of *vm)
{
	vcpu_close(&vm->cpu);
	close(vm->fd);
	close(vm->low);
	vm->there = false;
}

void do_vm(struct world *w, const __u64 *arg)
{
	struct vm_of *vm = &w->vms[arg[0] % VMS];

	if (vm->there || !machine_can_be_had())
		return leave_out(w);
	memset(vm, 0, sizeof(*vm));
	/* The machine's own pages don't count against the limit. */
	limit_set(NO_LIMIT);
	machine_open(vm);
	limit_set(w->limit);
	w->charged += file_allocated(vm->low) / PAGE;
}

static void forget_slot(struct world *w, struct slot_of *slot)
{
	struct file *f = slot->file;

	if (!f)
		return;
	slot->file = NULL;
	f->nr_bindings--;
	model_drop(w, f);
}

void do_destroy(struct world *w, const __u64 *arg)
{
	struct vm_of *vm = vm_at(w, arg[0]);

	if (!vm)
		return leave_out(w);
	w->charged -= file_allocated(vm->low) / PAGE;
	machine_close(vm);
	for (unsigned int i = 0; i < SLOTS; i++)
		forget_slot(w, &vm->slots[i]);
}

static bool overlap(unsigned int a, unsigned int na, unsigned int b,
		    unsigned int nb)
{
	return a < b + nb && b < a + na;
}

static bool is_bound(const struct world *w, const struct file *f,
		     const struct range *range)
{
	for (unsigned int i = 0; i < VMS; i++) {
		for (unsigned int j = 0; w->vms[i].there && j < SLOTS; j++) {
			const struct slot_of *slot = &w->vms[i].slots[j];

			if (slot->file == f &&
			    overlap(slot->first, slot->pages, range->start,
				    range->end - range->start))
				return true;
		}
	}
	return false;
}

static bool is_taken(const struct vm_of *vm, unsigned int at, unsigned int pages)
{
	for (unsigned int i = 0; i < SLOTS; i++)
		if (vm->slots[i].file &&
		    overlap(vm->slots[i].at, vm->slots[i].pages, at, pages))
			return true;
	return false;
}

static bool in_guest(__u64 gpa, __u64 size)
{
	return gpa >= GUEST_GPA && size <= GUEST_PAGES * PAGE &&
	       gpa - GUEST_GPA <= GUEST_PAGES * PAGE - size;
}

/* In the order of KVM's and the module's checks */
static int slot_error(const struct world *w, const struct vm_of *vm,
		      const struct slot_of *there, const struct file *f,
		      const struct slot *slot, const struct range *range)
{
	if (slot->gpa % PAGE || slot->size % PAGE || slot->offset % PAGE ||
	    there->file)
		return -EINVAL;
	if (is_taken(vm, (slot->gpa - GUEST_GPA) / PAGE, slot->size / PAGE))
		return -EEXIST;
	if (range->bad)
		return -EINVAL;
	return is_bound(w, f, range) ? -EEXIST : 0;
}

void do_slot(struct world *w, const __u64 *arg)
{
	struct vm_of *vm = vm_at(w, arg[0]);
	struct range range;
	struct file *f = file_range(w, arg[2], arg[3], arg[5], &range);
	struct slot_of *there;
	struct slot slot = {
		.id = 1 + arg[1] % SLOTS, .gpa = arg[4], .size = arg[5],
	};
	int error;

	/*
	 * KVM deletes a slot if the size is 0. A sum that wraps has errors of its
	 * own.
	 */
	if (!vm || !f || !arg[5] || arg[3] > INT64_MAX ||
	    !in_guest(arg[4], arg[5]))
		return leave_out(w);
	there = &vm->slots[arg[1] % SLOTS];
	slot.file = file_fd(f);
	slot.offset = range.offset;
	error = slot_error(w, vm, there, f, &slot, &range);
	expect_result(w, vm_try_slot(vm->fd, &slot), error,
		      "KVM_SET_USER_MEMORY_REGION2");
	if (error)
		return;
	f->nr_bindings++;
	*there = (struct slot_of){
		.file = f, .first = range.start,
		.pages = range.end - range.start,
		.at = (slot.gpa - GUEST_GPA) / PAGE,
	};
}

void do_delete(struct world *w, const __u64 *arg)
{
	struct vm_of *vm = vm_at(w, arg[0]);
	struct kvm_userspace_memory_region2 region = {
		.slot = 1 + arg[1] % SLOTS,
	};
	struct slot_of *slot;

	if (!vm)
		return leave_out(w);
	slot = &vm->slots[arg[1] % SLOTS];
	expect_result(w, ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION2, &region),
		      slot->file ? 0 : -EINVAL, "deleting a slot");
	forget_slot(w, slot);
}

void do_attributes(struct world *w, const __u64 *arg)
{
	struct vm_of *vm = vm_at(w, arg[0]);
	struct kvm_memory_attributes a = {
		.address = arg[1], .size = arg[2], .attributes = arg[3],
	};
	int error = 0;

	if (!vm || !in_guest(arg[1], arg[2]))
		return leave_out(w);
	if (a.address % PAGE || a.size % PAGE || !a.size ||
	    a.attributes & ~KVM_MEMORY_ATTRIBUTE_PRIVATE)
		error = -EINVAL;
	expect_result(w, ioctl(vm->fd, KVM_SET_MEMORY_ATTRIBUTES, &a), error,
		      "KVM_SET_MEMORY_ATTRIBUTES");
	if (!error)
		memset(vm->private + (arg[1] - GUEST_GPA) / PAGE,
		       !!arg[3], arg[2] / PAGE);
}

/* Where the guest's access ends: 0 and the page, an error, or NOWHERE */
struct target {
	struct file *f;
	struct page *page;
};

static int in_file(struct world *w, struct file *f, unsigned int index)
{
	if (f->pages[index].there)
		return 0;
	if (f->flags & KVM_PRIVATE_FLAG_NO_AUTO_ALLOC)
		return -ENOENT;
	return model_touch(w, f, index, f->nr);
}

static int guest_access(struct world *w, struct vm_of *vm, unsigned int at,
			struct target *target)
{
	const struct slot_of *slot = NULL;
	unsigned int index;

	for (unsigned int i = 0; i < SLOTS; i++)
		if (vm->slots[i].file &&
		    overlap(vm->slots[i].at, vm->slots[i].pages, at, 1))
			slot = &vm->slots[i];
	if (!slot)
		return NOWHERE;

	index = slot->first + at - slot->at;
	target->f = slot->file;
	target->page = &slot->file->pages[index];
	/*
	 * A file that can't be mapped has no shared memory in the slot, so the
	 * access fails.
	 */
	if (!(slot->file->flags & KVM_PRIVATE_FLAG_MMAP) &&
	    (!vm->private[at] || target->page->shared))
		return -EFAULT;
	return in_file(w, slot->file, index);
}

/* Fails unless KVM_RUN ends so. */
static void expect_exit(struct world *w, struct vm_of *vm, int error)
{
	const int want = error == NOWHERE ? KVM_EXIT_MMIO :
			 error ? error : KVM_EXIT_HLT;
	const int got = vcpu_run(&vm->cpu);

	if (error == NOWHERE && got == -EFAULT)
		return;
	if (got != want)
		wrong(w, "KVM_RUN gave %d, not %d (exit reason %u)", got, want,
		      vm->cpu.run->exit_reason);
	if (error != NOWHERE)
		return;
	/*
	 * Otherwise KVM would complete the access in the middle of the next one.
	 */
	vm->cpu.run->immediate_exit = 1;
	vcpu_run(&vm->cpu);
}

static void run_guest(struct world *w, struct vm_of *vm, const char *guest,
		      const struct kvm_regs *regs, int error,
		      const struct target *target)
{
	vcpu_enter(&vm->cpu, guest, regs);
	expect_exit(w, vm, error);
	if (target->f)
		model_settle(w, target->f);
}

static bool guest_page(const __u64 *arg, unsigned int *at)
{
	if (!in_guest(arg[1] & -PAGE, PAGE))
		return false;
	*at = (arg[1] - GUEST_GPA) / PAGE;
	return true;
}

static void check_read(struct world *w, struct vm_of *vm,
		       const struct content *content)
{
	const struct kvm_regs regs = vcpu_regs(&vm->cpu);

	if (regs.rax != content->first || regs.rbx != content->rest ||
	    regs.rcx != content->rest || regs.rdx != content->last)
		wrong(w, "the guest reads %#llx %#llx %#llx %#llx, not %#llx %#llx %#llx",
		      regs.rax, regs.rbx, regs.rcx, regs.rdx, content->first,
		      content->rest, content->last);
}

void do_guest_read(struct world *w, const __u64 *arg)
{
	struct vm_of *vm = vm_at(w, arg[0]);
	struct kvm_regs regs = { .rdi = arg[1] & -PAGE };
	struct target target = { 0 };
	unsigned int at;
	int error;

	if (!vm || !guest_page(arg, &at))
		return leave_out(w);
	error = guest_access(w, vm, at, &target);
	run_guest(w, vm, guest_read, &regs, error, &target);
	if (!error)
		check_read(w, vm, &target.page->content);
}

void do_guest_write(struct world *w, const __u64 *arg)
{
	struct vm_of *vm = vm_at(w, arg[0]);
	const struct content content = content_of(arg[3]);
	const unsigned int where = arg[2] % 3;
	struct kvm_regs regs = {
		.rdi = arg[1] & -PAGE, .rsi = content.first,
		.rdx = content.rest, .rcx = content.last,
	};
	struct target target = { 0 };
	unsigned int at;
	int error;

	if (!vm || !guest_page(arg, &at))
		return leave_out(w);
	if (where == 2) {
		regs.rdi += PAGE - sizeof(__u64);
		regs.rsi = content.last;
	}
	error = guest_access(w, vm, at, &target);
	run_guest(w, vm, where ? guest_write : guest_write_all, &regs, error,
		  &target);
	if (error)
		return;
	if (where != 2)
		target.page->content.first = content.first;
	if (where != 1)
		target.page->content.last = content.last;
	if (!where)
		target.page->content.rest = content.rest;
}

void do_prefault(struct world *w, const __u64 *arg)
{
	struct vm_of *vm = vm_at(w, arg[0]);
	struct target target = { 0 };
	__u64 done = 0;
	int error = 0;
	long left;

	if (!vm || !in_guest(arg[1], arg[2]))
		return leave_out(w);
	if (arg[1] % PAGE || arg[2] % PAGE || !arg[2])
		error = -EINVAL;
	for (; !error && done < arg[2]; done += error ? 0 : PAGE)
		error = guest_access(w, vm, (arg[1] - GUEST_GPA + done) / PAGE,
				     &target);
	left = vcpu_pre_fault(&vm->cpu, arg[1], arg[2]);
	if (error == NOWHERE)
		error = left < 0 && errno == EFAULT ? -EFAULT : -ENOENT;
	if (!done)
		expect_result(w, left, error, "KVM_PRE_FAULT_MEMORY");
	else if (left != (long)(arg[2] - done))
		wrong(w, "KVM_PRE_FAULT_MEMORY leaves %#lx bytes, not %#llx",
		      left, arg[2] - done);
	for (unsigned int i = 0; i < FILES; i++)
		if (file_exists(&w->files[i]))
			model_settle(w, &w->files[i]);
}

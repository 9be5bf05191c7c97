// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that get in each other's way: two files and one VM belong to all of them.
 * The result of an operation depends on which thread was first. So only rules that
 * hold in any case are checked: another thread must explain the error, and a page
 * holds only what was written to it.
 *
 * A word says where it belongs, byte by byte, since a thread may see it half written:
 * the page, the file, a mark; then the thread that wrote it. A byte that wasn't
 * written is zero.
 */
#include <linux/mempolicy.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../kvm/vm.h"
#include "collide.h"
#include "convert.h"
#include "fdinfo.h"
#include "page_guests.h"
#include "handlers.h"
#include "model.h"
#include "reach.h"
#include "touch.h"
#include "unit.h"

#define MARK	0x5aULL

static __u64 word_for(const struct file *f, const struct world *w,
		      unsigned int index)
{
	const __u64 file = f - w->files;

	return index | file << 16 | MARK << 24 | (w->thread + 1ULL) << 32;
}

/* A guest's word doesn't say where it belongs: the guest can't know. */
static __u64 guest_word(const struct world *w)
{
	return MARK << 24 | (w->thread + 1ULL) << 32;
}

static bool is_right(const struct world *w, const struct file *f,
		     unsigned int index, unsigned int byte, unsigned char value)
{
	if (!value)
		return true;
	if (byte < 4)
		return value == (unsigned char)(word_for(f, w, index) >> byte * 8);
	return byte == 4 && value <= w->program->threads;
}

static void check_bytes(struct world *w, const struct file *f,
			unsigned int index, const unsigned char *bytes,
			const char *what)
{
	for (unsigned int i = 0; i < PAGE; i++)
		if (!is_right(w, f, index, i % 8, bytes[i]))
			wrong(w, "%s: byte %u of page %u of file %u is %#x, which no thread wrote",
			      what, i, index, (unsigned int)(f - w->files),
			      bytes[i]);
}

static void expect_one_of(struct world *w, long ret, const int *errors,
			  const char *call)
{
	const int error = errno;

	if (ret >= 0)
		return;
	for (; *errors; errors++)
		if (*errors == error)
			return;
	wrong(w, "%s failed: %s", call, strerrorname_np(error));
}

/* The errors that may come of it follow the name. */
#define expect_one(w, ret, call, ...)					\
	expect_one_of(w, ret, (const int[]){ __VA_ARGS__ + 0, 0 }, call)

static struct file *any_file(struct world *w, const __u64 *arg)
{
	return &w->files[COMMON_FILE - !(arg[0] & 1)];
}

/*
 * In range, whatever the argument is: bad ones are for programs with known results.
 */
static struct range any_range(const struct file *f, __u64 offset, __u64 size)
{
	struct range range;

	range.start = offset / PAGE % f->nr;
	range.end = range.start + 1 + size / PAGE % (f->nr - range.start);
	return range;
}

static __u64 start_of(const struct range *range)
{
	return range->start * PAGE;
}

static __u64 size_of(const struct range *range)
{
	return (range->end - range->start) * PAGE;
}

static void fallocating(struct world *w, const __u64 *arg)
{
	struct file *f = any_file(w, arg);
	const struct range range = any_range(f, arg[2], arg[3]);

	expect_one(w, fallocate(file_fd(f), arg[1] & 2 ? HOLE : arg[1] & 1,
				start_of(&range), size_of(&range)), "fallocate");
}

static void populating(struct world *w, const __u64 *arg)
{
	struct file *f = any_file(w, arg);
	const struct range range = any_range(f, arg[1], arg[2] % (32 * PAGE));
	struct kvm_private_populate p = {
		.offset = start_of(&range), .size = size_of(&range),
	};
	__u64 *source = malloc(p.size);

	if (!source)
		abort();
	for (__u64 i = 0; i < p.size / sizeof(*source); i++)
		source[i] = word_for(f, w, range.start + i * sizeof(*source) / PAGE);
	p.source = (uintptr_t)source;
	expect_one(w, ioctl(file_fd(f), KVM_PRIVATE_POPULATE, &p),
		   "KVM_PRIVATE_POPULATE", EINVAL);
	free(source);
}

static void converting(struct world *w, const __u64 *arg)
{
	struct file *f = any_file(w, arg);
	const struct range range = any_range(f, arg[1], arg[2]);
	const bool private = arg[3];

	if (private)
		expect_one(w, file_make_private(file_fd(f), start_of(&range),
						size_of(&range), arg[4] & CONVERT_PRESERVE),
			   "making pages private", EAGAIN);
	else
		expect_one(w, file_make_shared(file_fd(f), start_of(&range),
					       size_of(&range), arg[4] % 3),
			   "making pages shared");
}

static void collapsing(struct world *w, const __u64 *arg)
{
	struct file *f = &w->files[COMMON_FILE];
	struct kvm_private_collapse c = { .size = f->size };

	(void)arg;
	expect_one(w, ioctl(file_fd(f), KVM_PRIVATE_COLLAPSE, &c),
		   "KVM_PRIVATE_COLLAPSE", EAGAIN);
}

static void placing(struct world *w, const __u64 *arg)
{
	struct file *f = any_file(w, arg);
	const struct range range = any_range(f, arg[1], arg[2]);
	__u64 node = 1;
	struct kvm_private_set_policy p = {
		.offset = start_of(&range), .size = size_of(&range),
		.mode = arg[3] & 1 ? MPOL_BIND : MPOL_DEFAULT,
		.nodemask = (uintptr_t)&node, .maxnode = arg[3] & 1,
	};

	expect_one(w, ioctl(file_fd(f), KVM_PRIVATE_SET_POLICY, &p),
		   "KVM_PRIVATE_SET_POLICY");
}

static void seeking(struct world *w, const __u64 *arg)
{
	struct file *f = any_file(w, arg);
	const off_t at = arg[2] / PAGE % f->nr * PAGE;
	const off_t found = lseek(file_fd(f), at, arg[1] & 1 ? SEEK_DATA : SEEK_HOLE);

	expect_one(w, found, "lseek", ENXIO);
	if (found >= 0 && (found < at || found > (off_t)f->size || found % PAGE))
		wrong(w, "lseek from %#lx found %#lx", at, found);
}

static void telling(struct world *w, const __u64 *arg)
{
	struct file *f = any_file(w, arg);

	if (file_shared(file_fd(f)) > f->size)
		wrong(w, "more is shared than there is");
	file_huge(file_fd(f));
}

static void mapping(struct world *w, const __u64 *arg)
{
	struct file *f = any_file(w, arg);
	struct window *window = &f->windows[arg[1] % WINDOWS];

	if (window->at) {
		expect_one(w, munmap(window->at, f->size), "munmap");
		window->at = NULL;
		return;
	}
	*window = (struct window){ .pages = f->nr };
	window->at = mmap(NULL, f->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			  file_fd(f), 0);
	if (window->at == MAP_FAILED)
		wrong(w, "mmap: %s", strerrorname_np(errno));
}

static void advising(struct world *w, const __u64 *arg)
{
	struct file *f = any_file(w, arg);
	struct window *window = &f->windows[arg[1] % WINDOWS];

	if (!window->at)
		return leave_out(w);
	expect_one(w, madvise(window->at, f->size, MADV_DONTNEED),
		   "MADV_DONTNEED");
}

static char *any_page(struct world *w, const __u64 *arg, struct file **f,
		      unsigned int *index)
{
	struct window *window;

	*f = any_file(w, arg);
	window = &(*f)->windows[arg[1] % WINDOWS];
	*index = arg[2] % (*f)->nr;
	return window->at ? window->at + *index * PAGE : NULL;
}

static void expect_sigbus_at_most(struct world *w, int signal, const char *what)
{
	if (signal && signal != SIGBUS)
		wrong(w, "%s raised signal %d", what, signal);
}

static void reading(struct world *w, const __u64 *arg)
{
	const unsigned int where = (w->done * 37) % PAGE;
	unsigned char byte = 0;
	unsigned int index;
	struct file *f;
	const char *at = any_page(w, arg, &f, &index);

	if (!at)
		return leave_out(w);
	expect_sigbus_at_most(w, touch_read(at + where, &byte), "a read");
	if (!is_right(w, f, index, where % 8, byte))
		wrong(w, "byte %u of page %u is %#x, which no thread wrote", where,
		      index, byte);
}

static void writing(struct world *w, const __u64 *arg)
{
	const unsigned int where = arg[4] % (PAGE / 8) * 8;
	unsigned int index;
	struct file *f;
	char *at = any_page(w, arg, &f, &index);
	__u64 word;

	if (!at)
		return leave_out(w);
	word = word_for(f, w, index);
	for (unsigned int i = 0; i < 8; i++)
		expect_sigbus_at_most(w, touch_write(at + where + i, word >> i * 8),
				      "a write");
}

static void holding(struct world *w, const __u64 *arg)
{
	unsigned int index;
	struct file *f;
	char *at = any_page(w, arg, &f, &index);
	struct iovec vec = { at, PAGE };
	long ret;

	if (!at || w->nr_holds == HOLDS)
		return leave_out(w);
	ret = vmsplice(w->pipe[1], &vec, 1, SPLICE_F_NONBLOCK);
	expect_one(w, ret, "vmsplice", EFAULT);
	if (ret > 0)
		w->holds[w->nr_holds++] = (struct hold){ .file = f, .page = index };
}

static void releasing(struct world *w, const __u64 *arg)
{
	const struct hold hold = w->holds[0];
	unsigned char buffer[PAGE];

	(void)arg;
	if (!w->nr_holds)
		return leave_out(w);
	if (read(w->pipe[0], buffer, PAGE) != (ssize_t)PAGE)
		wrong(w, "the pipe hasn't what it was given");
	check_bytes(w, hold.file, hold.page, buffer, "a page that is pinned");
	w->nr_holds--;
	for (unsigned int i = 0; i < w->nr_holds; i++)
		w->holds[i] = w->holds[i + 1];
}

static void remote(struct world *w, const __u64 *arg)
{
	unsigned char buffer[PAGE];
	struct iovec local = { buffer, PAGE }, vec;
	unsigned int index;
	struct file *f;
	long ret;

	vec.iov_base = any_page(w, arg, &f, &index);
	vec.iov_len = PAGE;
	if (!vec.iov_base)
		return leave_out(w);
	ret = process_vm_readv(getpid(), &local, 1, &vec, 1, 0);
	expect_one(w, ret, "process_vm_readv", EFAULT);
	if (ret == (long)PAGE)
		check_bytes(w, f, index, buffer, "process_vm_readv");
}

static __u64 any_gpa(__u64 gpa)
{
	return GUEST_GPA + (gpa - GUEST_GPA) / PAGE % GUEST_PAGES * PAGE;
}

static void binding(struct world *w, const __u64 *arg)
{
	struct file *f = any_file(w, arg + 2);
	const struct range range = any_range(f, arg[3], arg[5]);
	struct slot slot = {
		.id = 1 + arg[1] % SLOTS, .file = file_fd(f),
		.gpa = any_gpa(arg[4]), .size = size_of(&range),
		.offset = start_of(&range),
	};

	if (!w->vms[0].there)
		return leave_out(w);
	/* EINVAL: another thread has added the slot. */
	expect_one(w, vm_try_slot(w->vms[0].fd, &slot),
		   "KVM_SET_USER_MEMORY_REGION2", EEXIST, EINVAL);
}

static void deleting(struct world *w, const __u64 *arg)
{
	struct kvm_userspace_memory_region2 region = {
		.slot = 1 + arg[1] % SLOTS,
	};

	if (!w->vms[0].there)
		return leave_out(w);
	expect_one(w, ioctl(w->vms[0].fd, KVM_SET_USER_MEMORY_REGION2, &region),
		   "deleting a slot", EINVAL);
}

static void attributing(struct world *w, const __u64 *arg)
{
	const __u64 gpa = any_gpa(arg[1]);
	const __u64 pages = (GUEST_GPA - gpa) / PAGE + GUEST_PAGES;

	if (!w->vms[0].there)
		return leave_out(w);
	expect_one(w, vm_try_attributes(w->vms[0].fd, gpa,
					(1 + arg[2] / PAGE % pages) * PAGE, arg[3]),
		   "KVM_SET_MEMORY_ATTRIBUTES");
}

static void expect_exit(struct world *w, int got)
{
	switch (got) {
	case KVM_EXIT_HLT:
	case -EFAULT:
		return;
	case KVM_EXIT_MMIO:
		w->vms[0].cpu.run->immediate_exit = 1;
		vcpu_run(&w->vms[0].cpu);
		return;
	case -ENOENT:
		if ((w->files[COMMON_FILE].flags | w->files[COMMON_FILE - 1].flags) &
		    KVM_PRIVATE_FLAG_NO_AUTO_ALLOC)
			return;
	}
	wrong(w, "KVM_RUN gave %d (exit reason %u)", got,
	      w->vms[0].cpu.run->exit_reason);
}

static void check_word(struct world *w, __u64 word)
{
	const unsigned char mark = word >> 24, file = word >> 16;

	if ((mark && mark != MARK) || (file && file != COMMON_FILE &&
				       file != COMMON_FILE - 1) ||
	    word >> 32 > w->program->threads)
		wrong(w, "the guest found %#llx, which no thread wrote", word);
}

static void guest_reading(struct world *w, const __u64 *arg)
{
	struct vcpu *cpu = &w->vms[0].cpu;
	struct kvm_regs regs = { .rdi = any_gpa(arg[1]) };
	int ret;

	if (!w->vms[0].there)
		return leave_out(w);
	vcpu_enter(cpu, guest_read, &regs);
	ret = vcpu_run(cpu);
	expect_exit(w, ret);
	if (ret != KVM_EXIT_HLT)
		return;
	regs = vcpu_regs(cpu);
	check_word(w, regs.rax);
	check_word(w, regs.rbx);
	check_word(w, regs.rcx);
	check_word(w, regs.rdx);
}

static void guest_writing(struct world *w, const __u64 *arg)
{
	struct kvm_regs regs = {
		.rdi = any_gpa(arg[1]) + arg[3] % (PAGE / 8) * 8,
		.rsi = guest_word(w),
	};

	if (!w->vms[0].there)
		return leave_out(w);
	vcpu_enter(&w->vms[0].cpu, guest_write, &regs);
	expect_exit(w, vcpu_run(&w->vms[0].cpu));
}

static void prefaulting(struct world *w, const __u64 *arg)
{
	const __u64 gpa = any_gpa(arg[1]);

	if (!w->vms[0].there)
		return leave_out(w);
	/* ENOENT: there is no slot. EAGAIN: it is being deleted. */
	expect_one(w, vcpu_pre_fault(&w->vms[0].cpu, gpa, arg[2] % 32 * PAGE + PAGE),
		   "KVM_PRE_FAULT_MEMORY", EFAULT, ENOENT, EAGAIN);
}

static void nothing(struct world *w, const __u64 *arg)
{
	(void)arg;
	leave_out(w);
}

handler *const colliding_handlers[NR_OPS] = {
	[OP_CREATE] = nothing,
	[OP_CLOSE] = nothing,
	[OP_DUP] = nothing,
	[OP_FALLOCATE] = fallocating,
	[OP_POPULATE] = populating,
	[OP_CONVERT] = converting,
	[OP_COLLAPSE] = collapsing,
	[OP_POLICY] = placing,
	[OP_SEEK] = seeking,
	[OP_STAT] = telling,
	[OP_REFUSED] = do_refused,
	[OP_MAP] = mapping,
	[OP_UNMAP] = mapping,
	[OP_ADVISE] = advising,
	[OP_READ] = reading,
	[OP_WRITE] = writing,
	[OP_HOLD] = holding,
	[OP_RELEASE] = releasing,
	[OP_REMOTE] = remote,
	[OP_VM] = nothing,
	[OP_DESTROY] = nothing,
	[OP_SLOT] = binding,
	[OP_DELETE] = deleting,
	[OP_ATTRIBUTES] = attributing,
	[OP_GUEST_READ] = guest_reading,
	[OP_GUEST_WRITE] = guest_writing,
	[OP_PREFAULT] = prefaulting,
	[OP_LIMIT] = nothing,
};

static __u64 scan(const struct file *f, bool data)
{
	off_t start = 0, end;
	__u64 bytes = 0;

	while (start < (off_t)f->size) {
		end = lseek(file_fd(f), start, data ? SEEK_HOLE : SEEK_DATA);
		if (end < 0)
			end = f->size;
		if (end == start)
			end = lseek(file_fd(f), start, data ? SEEK_DATA : SEEK_HOLE);
		else
			bytes += end - start;
		start = end < 0 ? (off_t)f->size : end;
	}
	return bytes;
}

static void check_contents(struct world *w, struct file *f)
{
	unsigned char *map = (void *)file_map(file_fd(f), f->size);
	off_t at = 0;

	while ((at = lseek(file_fd(f), at, SEEK_DATA)) >= 0) {
		check_bytes(w, f, at / PAGE, map + at, "at the end");
		at += PAGE;
	}
	munmap(map, f->size);
}

void collide_let_go(struct world *w)
{
	w->op = NULL;
	reach_check(w, &w->files[COMMON_FILE - 1]);
	reach_check(w, &w->files[COMMON_FILE]);
	while (w->nr_holds)
		releasing(w, NULL);
	for (__u64 file = 0; file < 2; file++)
		for (__u64 i = 0; i < WINDOWS; i++)
			if (any_file(w, &file)->windows[i].at)
				mapping(w, (__u64[]){ file, i });
}

/*
 * The other threads have ended: the sums have to be right, and no page may be pinned.
 */
void collide_check(struct world *w, struct file *f)
{
	const int fd = file_fd(f);
	const __u64 there = scan(f, true);

	if (there + scan(f, false) != f->size)
		wrong(w, "data and holes don't make up the file");
	if (file_allocated(fd) != there || file_huge(fd) + file_small(fd) != there ||
	    fdinfo_numa_total(fd) != there)
		wrong(w, "%#llx bytes are allocated, not %#llx",
		      file_allocated(fd), there);
	expect_result(w, file_make_shared(fd, 0, f->size, CONVERT_PRESERVE), 0,
		      "making all shared");
	check_contents(w, f);
	expect_result(w, file_make_private(fd, 0, f->size, CONVERT_PRESERVE), 0,
		      "making all private");
	if (file_shared(fd))
		wrong(w, "something is shared still");
	expect_result(w, file_punch(fd, 0, f->size), 0, "punching all");
	if (file_allocated(fd))
		wrong(w, "something is left");
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files themselves: their life, their pages, and what fstat, lseek and
 * fdinfo say
 */
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "convert.h"
#include "fdinfo.h"
#include "handlers.h"
#include "model.h"
#include "unit.h"

#define FLAGS	(KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED |	\
		 KVM_PRIVATE_FLAG_NO_AUTO_ALLOC | KVM_PRIVATE_FLAG_HUGE_STRICT)

static int creation_error(const struct world *w,
			  const struct kvm_private_create *c)
{
	if (c->flags & ~FLAGS || c->pad || c->reserved[4])
		return -EINVAL;
	if (c->page_shift && c->page_shift != 12 &&
	    c->page_shift != HUGE_SHIFT && c->page_shift != GIGANTIC_SHIFT)
		return -EINVAL;
	if (c->page_shift == GIGANTIC_SHIFT && w->program->charged)
		return -EPERM;
	if (!c->size || c->size % PAGE || c->size > INT64_MAX)
		return -EINVAL;
	return 0;
}

void do_create(struct world *w, const __u64 *arg)
{
	struct file *f = &w->files[arg[0] % FILES];
	struct kvm_private_create c = {
		.size = arg[1], .flags = arg[2], .page_shift = arg[3],
		.pad = arg[4] & 1, .reserved[4] = arg[4] & 2,
	};
	const int error = creation_error(w, &c);
	int fd;

	/* A file that works is small, so that all of it can be looked at. */
	if (!error && (f == &w->files[COMMON_FILE] || file_exists(f) ||
		       c.size > PAGES_MAX * PAGE))
		return leave_out(w);
	fd = ioctl(w->device, KVM_PRIVATE_CREATE, &c);
	expect_result(w, fd, error, "KVM_PRIVATE_CREATE");
	if (error)
		return;
	model_create(f, c.size, c.flags, c.page_shift ?: 12);
	f->fds[f->nr_fds++] = fd;
}

void do_close(struct world *w, const __u64 *arg)
{
	struct file *f = file_of(w, arg[0]);

	if (!f || (f->common && f->nr_fds == 1))
		return leave_out(w);
	expect_result(w, close(file_fd(f)), 0, "close");
	f->nr_fds--;
	model_drop(w, f);
}

void do_dup(struct world *w, const __u64 *arg)
{
	struct file *f = file_of(w, arg[0]);
	int fd;

	if (!f || f->nr_fds == FDS_MAX)
		return leave_out(w);
	fd = fcntl(file_fd(f), F_DUPFD_CLOEXEC, 0);
	expect_result(w, fd, 0, "F_DUPFD_CLOEXEC");
	f->fds[f->nr_fds++] = fd;
}

/* The VFS checks first, and the file judges the rest. */
static int fallocate_error(int mode, __s64 size, const struct range *range)
{
	const __s64 offset = range->offset;

	if (offset < 0 || size <= 0)
		return -EINVAL;
	if (mode == FALLOC_FL_PUNCH_HOLE || mode & FALLOC_FL_NO_HIDE_STALE)
		return -EOPNOTSUPP;
	if (offset > INT64_MAX - size)
		return -EFBIG;
	if (mode & ~HOLE)
		return -EOPNOTSUPP;
	return range->bad ? -EINVAL : 0;
}

void do_fallocate(struct world *w, const __u64 *arg)
{
	struct range range;
	struct file *f = file_range(w, arg[0], arg[2], arg[3], &range);
	int mode = arg[1], error;

	if (!f)
		return leave_out(w);
	error = fallocate_error(mode, arg[3], &range);
	if (!error && !(mode & FALLOC_FL_PUNCH_HOLE))
		error = model_fill(w, f, range.start, range.end);
	expect_result(w, fallocate(file_fd(f), mode, range.offset, arg[3]),
		      error, "fallocate");
	if (!error && mode & FALLOC_FL_PUNCH_HOLE)
		model_punch(w, f, range.start, range.end);
	model_settle(w, f);
}

/* The machine has node 0 alone. */
static int policy_error(unsigned int mode, __u64 nodes)
{
	switch (mode) {
	case MPOL_DEFAULT:
	case MPOL_LOCAL:
		return nodes ? -EINVAL : 0;
	case MPOL_PREFERRED:
		return nodes && !(nodes & 1) ? -EINVAL : 0;
	case MPOL_BIND:
	case MPOL_INTERLEAVE:
		return nodes & 1 ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

void do_policy(struct world *w, const __u64 *arg)
{
	struct range range;
	struct file *f = file_range(w, arg[0], arg[1], arg[2], &range);
	__u64 nodes = arg[4];
	struct kvm_private_set_policy policy = {
		.size = arg[2], .mode = arg[3],
		.nodemask = (uintptr_t)&nodes, .maxnode = arg[5],
	};
	int error;

	if (!f || arg[5] > 64)
		return leave_out(w);
	policy.offset = range.offset;
	if (arg[5] < 64)
		nodes &= (1ULL << arg[5]) - 1;
	error = range.bad ? -EINVAL : policy_error(arg[3], nodes);
	expect_result(w, ioctl(file_fd(f), KVM_PRIVATE_SET_POLICY, &policy),
		      error, "KVM_PRIVATE_SET_POLICY");
	for (unsigned int i = range.start; !error && i < range.end; i++)
		f->pages[i].has_policy = arg[3] != MPOL_DEFAULT;
}

/* The page offset that a seek finds in our part, or the part's end */
static unsigned int next(const struct file *f, unsigned int index, bool there)
{
	while (index < f->nr && f->pages[index].there != there)
		index++;
	return index;
}

static void check_seek(struct world *w, struct file *f, __u64 offset, bool data)
{
	const __s64 at = file_offset(f, offset);
	const __u64 end = file_offset(f, f->nr * PAGE);
	__s64 want = 0;
	off_t found;

	if (at >= 0 && at < (__s64)end) {
		want = file_offset(f, next(f, offset / PAGE, data) * PAGE);
		if (want < at)
			want = at;
	}
	found = lseek(file_fd(f), at, data ? SEEK_DATA : SEEK_HOLE);
	/* The file behind our part isn't known. */
	if (f->common && want == (__s64)end && (found < 0 || found >= want))
		return;
	if (at < 0 || at >= (__s64)f->size || (data && want == (__s64)end))
		expect_result(w, found, -ENXIO, "lseek");
	else if (found != want)
		wrong(w, "lseek for %s found %#lx, not %#llx",
		      data ? "data" : "a hole", found, want);
}

void do_seek(struct world *w, const __u64 *arg)
{
	struct file *f = file_of(w, arg[0]);

	if (!f || (f->common && arg[2] >= f->nr * PAGE))
		return leave_out(w);
	check_seek(w, f, arg[2], arg[1] & 1);
}

static void expect_number(struct world *w, const char *name, __u64 found,
			  __u64 want)
{
	if (found != want)
		wrong(w, "%s is %llu, not %llu", name, found, want);
}

static void check_huge(struct world *w, struct file *f)
{
	const __u64 huge = file_huge(file_fd(f));
	__u64 want = 0;

	for (unsigned int i = 0; i < f->nr / HUGE_PAGES; i++)
		want += f->huge[i] * HUGE_PAGE;
	if (w->platform ? huge > want : huge != want)
		wrong(w, "allocated-2m is %llu, not %llu", huge, want);
}

void do_stat(struct world *w, const __u64 *arg)
{
	struct file *f = file_of(w, arg[0]);
	const __u64 there = f ? model_there(f) * PAGE : 0;
	int fd;

	if (!f || f->common)
		return leave_out(w);
	fd = file_fd(f);
	expect_number(w, "st_blocks * 512", file_allocated(fd), there);
	expect_number(w, "allocated-2m and -4k", file_huge(fd) + file_small(fd),
		      there);
	expect_number(w, "allocated-1g", file_gigantic(fd), 0);
	expect_number(w, "numa", fdinfo_numa_total(fd), there);
	expect_number(w, "shared", file_shared(fd), model_shared(f) * PAGE);
	expect_number(w, "bindings", fdinfo_number(fd, "bindings"),
		      f->nr_bindings);
	expect_number(w, "size", fdinfo_number(fd, "size"), f->size);
	expect_number(w, "create-flags", fdinfo_number(fd, "create-flags"),
		      f->flags);
	check_huge(w, f);
}

/* The VFS or the file refuses these, whatever the file's state. */
void do_refused(struct world *w, const __u64 *arg)
{
	struct file *f = file_of(w, arg[0]);
	char buffer[16] = { 0 };
	int fd;

	/* If the pipe is full the kernel reports that first. */
	if (!f || w->nr_holds == HOLDS)
		return leave_out(w);
	fd = file_fd(f);
	switch (arg[1] % 7) {
	case 0:
		return expect_result(w, read(fd, buffer, sizeof(buffer)), -EINVAL,
				     "read");
	case 1:
		return expect_result(w, write(fd, buffer, sizeof(buffer)), -EINVAL,
				     "write");
	case 2:
		return expect_result(w, ftruncate(fd, arg[1] * PAGE), -EINVAL,
				     "ftruncate");
	case 3:
		return expect_result(w, splice(fd, NULL, w->pipe[1], NULL, 64,
					       SPLICE_F_NONBLOCK), -EINVAL,
				     "splice");
	case 4:
		return expect_result(w, ioctl(fd, KVM_PRIVATE_CREATE, buffer),
				     -ENOTTY, "KVM_PRIVATE_CREATE of a file");
	case 5:
		return expect_result(w, ioctl(fd, KVM_PRIVATE_POPULATE, 16UL),
				     -EFAULT, "a bad pointer");
	default:
		return expect_result(w, ioctl(fd, KVM_SET_MEMORY_ATTRIBUTES2, -16L),
				     -EFAULT, "a bad pointer");
	}
}

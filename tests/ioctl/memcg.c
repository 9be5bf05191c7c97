// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory cgroup of the process that allocates pages, and the machine's
 * memory.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cgroup.h"
#include "child.h"
#include "device.h"
#include "meminfo.h"
#include "unit.h"

#define LIMIT (32 * MIB)
#define FILE_SIZE (64 * MIB)

static struct cgroup cgroup;

struct work {
	int fd;
	char *source;
	struct meeting meeting;
};

/*
 * The child must not need a page of its own while its cgroup is full, or it
 * would be killed for that: it has all of them before it enters.
 */
static int enter_prepared(void)
{
	int root = cgroup_open_root();

	expect_ok(mlockall(MCL_CURRENT), "mlockall");
	cgroup_enter(&cgroup);
	return root;
}

/* A child's result in the full cgroup, which it checks outside. */
struct finding {
	int ret;
	int error;
};

static void assert_over_the_limit(const struct finding *finding,
				  __u64 allocated)
{
	assert_int_equal(finding->ret, -1);
	assert_int_equal(finding->error, ENOMEM);
	expect_between(allocated, LIMIT / 2, LIMIT, "bytes allocated");
	assert_int_equal(cgroup_event(&cgroup, "oom_kill"), 0);
	assert_int_not_equal(cgroup_event(&cgroup, "max"), 0);
}

static void allocate_too_much(void *arg)
{
	struct work *work = arg;
	struct finding finding;
	int root;

	root = enter_prepared();
	finding.ret = file_allocate(work->fd, 0, FILE_SIZE);
	finding.error = errno;
	cgroup_leave(root);
	assert_over_the_limit(&finding, file_allocated(work->fd));

	/* There is room again after a punch, and the call goes on. */
	expect_ok(file_punch(work->fd, 0, FILE_SIZE), "punch");
	cgroup_wait_below(&cgroup, CGROUP_NOISE);
	cgroup_enter(&cgroup);
	finding.ret = file_allocate(work->fd, 0, LIMIT / 2);
	finding.error = errno;
	cgroup_leave(root);
	assert_int_equal(finding.ret, 0);
}

static int make(void **state)
{
	(void)state;
	cgroup_make(&cgroup, "kvm_private");
	return 0;
}

static int remove_it(void **state)
{
	(void)state;
	cgroup_remove(&cgroup);
	return 0;
}

static const struct fixture in_cgroup = { .setup = make, .teardown = remove_it };

TEST(limit_from_fallocate, &in_cgroup)
{
	struct work work = { .fd = file_create(FILE_SIZE, 0) };

	cgroup_limit(&cgroup, LIMIT);
	child_run(allocate_too_much, &work);
	assert_int_equal(file_allocated(work.fd), LIMIT / 2);
	close(work.fd);
	cgroup_wait_below(&cgroup, CGROUP_NOISE);
}

static void populate_too_much(void *arg)
{
	struct work *work = arg;
	struct kvm_private_populate populate = {
		.size = FILE_SIZE, .source = (uintptr_t)work->source,
	};
	struct finding finding;
	int root;

	root = enter_prepared();
	finding.ret = file_populate(work->fd, &populate);
	finding.error = errno;
	cgroup_leave(root);
	assert_over_the_limit(&finding, file_allocated(work->fd));
	expect_between(populate.offset, file_allocated(work->fd) - PAGE,
		       file_allocated(work->fd), "offset");
	assert_int_equal(populate.offset + populate.size, FILE_SIZE);
	assert_int_equal(populate.source, (uintptr_t)work->source +
			 populate.offset);
	/* Outside the cgroup the same request is made again and succeeds. */
	expect_ok(file_populate(work->fd, &populate), "populate the rest");
	assert_int_equal(file_allocated(work->fd), FILE_SIZE);
}

TEST(limit_from_populate, &in_cgroup)
{
	struct work work = { .fd = file_create(FILE_SIZE, 0) };

	work.source = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	assert_ptr_not_equal(work.source, MAP_FAILED);
	cgroup_limit(&cgroup, LIMIT);
	child_run(populate_too_much, &work);
	close(work.fd);
	munmap(work.source, FILE_SIZE);
	cgroup_wait_below(&cgroup, CGROUP_NOISE);
}

static void allocate_half(void *arg)
{
	struct work *work = arg;

	cgroup_enter(&cgroup);
	expect_ok(file_allocate(work->fd, 0, FILE_SIZE / 2), "allocate");
	meet_parent(&work->meeting);
	meet_parent(&work->meeting);
}

TEST(whoever_makes_them_appear, &in_cgroup)
{
	struct work work = { .fd = file_create(FILE_SIZE, 0) };
	pid_t pid;

	meeting_open(&work.meeting);
	pid = child_start(allocate_half, &work);
	meet_child(&work.meeting);
	expect_between(cgroup_memory(&cgroup), FILE_SIZE / 2,
		       FILE_SIZE / 2 + CGROUP_NOISE, "memory.current");

	/*
	 * The parent's cgroup pays for the other half, though the file is the
	 * same.
	 */
	expect_ok(file_allocate(work.fd, 0, FILE_SIZE), "allocate");
	expect_between(cgroup_memory(&cgroup), FILE_SIZE / 2,
		       FILE_SIZE / 2 + CGROUP_NOISE, "memory.current");

	/* A punch by any process gives the charge back. */
	expect_ok(file_punch(work.fd, 0, FILE_SIZE / 4), "punch");
	cgroup_wait_below(&cgroup, FILE_SIZE / 4 + CGROUP_NOISE);
	meet_child(&work.meeting);
	child_wait(pid);
	assert_true(cgroup_memory(&cgroup) > FILE_SIZE / 4 - CGROUP_NOISE);
	close(work.fd);
	cgroup_wait_below(&cgroup, CGROUP_NOISE);
	meeting_close(&work.meeting);
}

static void allocate_a_quarter(void *arg)
{
	struct work *work = arg;

	cgroup_enter(&cgroup);
	expect_ok(file_allocate(work->fd, 0, FILE_SIZE / 4), "allocate");
}

TEST(cgroup_goes_first, &in_cgroup)
{
	struct work work = { .fd = file_create(FILE_SIZE, 0) };

	child_run(allocate_a_quarter, &work);
	cgroup_remove(&cgroup);
	assert_int_equal(file_allocated(work.fd), FILE_SIZE / 4);
	expect_ok(file_punch(work.fd, 0, PAGE), "punch");
	expect_ok(file_allocate(work.fd, 0, PAGE), "allocate");
	close(work.fd);
	/* The teardown wants one to remove. */
	cgroup_make(&cgroup, "kvm_private");
}

static void take_all_of_the_machine(void *arg)
{
	struct finding finding;
	int fd = *(int *)arg;

	expect_ok(mlockall(MCL_CURRENT), "mlockall");
	finding.ret = file_allocate(fd, 0, LARGEST_FILE);
	finding.error = errno;
	file_punch(fd, 0, LARGEST_FILE);
	assert_int_equal(finding.ret, -1);
	assert_int_equal(finding.error, ENOMEM);
}

TEST(machines_memory)
{
	__u64 killed = vmstat_line("oom_kill");
	__u64 before = settled_memfree();
	int fd = file_create(LARGEST_FILE, 0);

	child_run(take_all_of_the_machine, &fd);
	assert_int_equal(vmstat_line("oom_kill"), killed);
	close(fd);
	wait_for_memfree(before - MEMINFO_NOISE);
}

TEST_MAIN("memcg")

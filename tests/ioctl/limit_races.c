// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits while many threads allocate and free at the same time. No thread gets
 * more than the limit, or any other error; in the end all of the limit is to be
 * had again.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cgroup.h"
#include "child.h"
#include "device.h"
#include "huge.h"
#include "rights.h"
#include "unit.h"
#include "workers.h"

#define WORKERS 4
#define SECONDS 3
#define UID 2100

#define LIMIT (24 * MIB)
#define FILE_SIZE (64 * MIB)
#define MAX_SIZE (8 * MIB)

struct contest {
	int fd;
	/* st_blocks must never tell more than this. */
	__u64 limit;
};

static bool over_the_limit(int error)
{
	return error == ENOMEM;
}

static void allocate_or_free(struct worker *w)
{
	const struct contest *contest = w->arg;
	const __u64 offset = rand_r(&w->seed) % (FILE_SIZE / PAGE) * PAGE;
	const __u64 room = FILE_SIZE - offset;
	__u64 size = (1 + rand_r(&w->seed) % (MAX_SIZE / PAGE)) * PAGE;

	if (size > room)
		size = room;
	if (rand_r(&w->seed) % 3)
		worker_note(w, "allocate", file_allocate(contest->fd, offset, size),
			    over_the_limit);
	else
		worker_note(w, "punch", file_punch(contest->fd, offset, size),
			    over_the_limit);
	if (contest->limit && file_allocated(contest->fd) > contest->limit)
		worker_failed(w, "more than the limit");
}

/* Enters the cgroup, if any, before the first call. */
static void run_contest(struct contest *contest, const struct cgroup *cgroup)
{
	struct worker workers[WORKERS];

	for (unsigned int i = 0; i < WORKERS; i++)
		workers[i] = (struct worker){
			.one_call = allocate_or_free, .arg = contest, .seed = i,
		};
	workers_start(workers, WORKERS);
	if (cgroup)
		cgroup_enter(cgroup);
	workers_go(workers, WORKERS, SECONDS);
}

static void be_limited_user(void *arg)
{
	struct contest *contest = arg;
	int device = device_open(), other;

	limit_locked_memory(LIMIT);
	become_user(UID);
	contest->fd = huge_create_on(device, FILE_SIZE, 0);
	other = file_create_on(device, FILE_SIZE, 0);
	run_contest(contest, NULL);
	expect_ok(file_punch(contest->fd, 0, FILE_SIZE), "punch");
	expect_ok(file_allocate(other, 0, LIMIT), "all of it");
	expect_error(ENOMEM, file_allocate(contest->fd, 0, PAGE), "and a page");
}

TEST(memlock)
{
	struct contest contest = { .limit = LIMIT };

	child_run(be_limited_user, &contest);
	/* Another process of the same user can have all of it. */
	child_run(be_limited_user, &contest);
}

struct full_cgroup {
	struct cgroup cgroup;
	struct contest contest;
};

/* No thread may need a page of its own while the cgroup is full. */
static void be_in_cgroup(void *arg)
{
	struct full_cgroup *full = arg;
	int root = cgroup_open_root();

	expect_ok(mlockall(MCL_CURRENT | MCL_FUTURE), "mlockall");
	run_contest(&full->contest, &full->cgroup);
	cgroup_leave(root);
}

TEST(cgroup)
{
	struct full_cgroup full = { .contest.fd = huge_create(FILE_SIZE, 0) };

	cgroup_make(&full.cgroup, "limit_races");
	cgroup_limit(&full.cgroup, LIMIT);
	child_run(be_in_cgroup, &full);
	assert_int_not_equal(cgroup_event(&full.cgroup, "max"), 0);
	assert_int_equal(cgroup_event(&full.cgroup, "oom_kill"), 0);
	expect_between(file_allocated(full.contest.fd), 0, LIMIT, "bytes");
	close(full.contest.fd);
	cgroup_expect_empty(&full.cgroup);
	cgroup_remove(&full.cgroup);
}

TEST_MAIN("limit_races")

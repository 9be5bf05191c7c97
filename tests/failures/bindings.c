// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failing: a consumer's calls, here those of the tests' own. Its guests want
 * pages prepared, so that a conversion splits huge pages.
 */
#include <stdlib.h>
#include <unistd.h>

#include "calls.h"
#include "consumer.h"
#include "convert.h"
#include "unit.h"

#define SHARED (KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED)

#define SLOT 3
#define GUEST 77

#define PAGES 140
#define SIZE (PAGES * PAGE)
#define HUGE_SIZE (2 * HUGE_PAGE)

/* The pages that are looked up or converted */
#define FIRST 64
#define END 70

static struct consumer *consumer(struct scene *scene)
{
	return scene->more;
}

static void prepare_consumer(const struct sweep *sweep, struct scene *scene)
{
	struct consumer *c = calloc(1, sizeof(*c));

	(void)sweep;
	assert_non_null(c);
	c->device = expect_ok(open(KPT_DEVICE, O_RDWR | O_CLOEXEC),
			      "open " KPT_DEVICE);
	c->file = scene->fd;
	scene->more = c;
}

static void end_consumer(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	/*
	 * Pages have to be reclaimed while the consumer is there to be called.
	 */
	expect_ok(file_punch(scene->fd, 0, scene->size), "punch");
	consumer_close_device(consumer(scene));
	free(scene->more);
}

static __u64 pages_of(const struct scene *scene)
{
	return scene->size / PAGE;
}

/* The sweep's argument is the kind of binding. */
static long call_bind(const struct sweep *sweep, struct scene *scene)
{
	const struct kpt_bind bind = {
		.slot = SLOT, .ops = sweep->argument, .fd = scene->fd,
		.end = pages_of(scene), .guest_id = GUEST,
	};

	return try_bind(consumer(scene), &bind);
}

static void prepare_bound(const struct sweep *sweep, struct scene *scene)
{
	prepare_consumer(sweep, scene);
	expect_ok(call_bind(sweep, scene), "bind");
}

static void prepare_bound_pages(const struct sweep *sweep, struct scene *scene)
{
	prepare_bound(sweep, scene);
	allocate(consumer(scene), 0, pages_of(scene));
}

static void check_bound(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	assert_int_equal(try_get_pfn(consumer(scene), SLOT, 0), 0);
}

static long call_get_pfn(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	return try_get_pfn(consumer(scene), SLOT, FIRST);
}

static void check_got(const struct sweep *sweep, struct scene *scene)
{
	unsigned int prepared = count_events(consumer(scene), KPT_PREPARED);

	expect_between(prepared, sweep->argument == KPT_OPS_PREPARE,
		       sweep->argument == KPT_OPS_PREPARE, "times prepared");
	assert_true(file_allocated(scene->fd) >= PAGE);
}

static long call_populate(const struct sweep *sweep, struct scene *scene)
{
	struct kpt_populate populate = {
		.slot = SLOT, .index = FIRST, .nr = END - FIRST,
		.fail_index = UINT64_MAX, .word = 1,
	};
	int ret;

	(void)sweep;
	ret = ioctl(consumer(scene)->device, KPT_POPULATE, &populate);
	if (ret < 0)
		return ret;
	/*
	 * So many pages were filled before the one for which there was no
	 * memory.
	 */
	if (populate.result == END - FIRST)
		return 0;
	errno = ENOMEM;
	return -1;
}

static void check_populated(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	assert_true(count_events(consumer(scene), KPT_FILLED) >= END - FIRST);
	/* A filled page needs no prepare. */
	for (unsigned int page = FIRST; page < END; page++)
		expect_ok(try_get_pfn(consumer(scene), SLOT, page), "look up");
	assert_int_equal(count_events(consumer(scene), KPT_PREPARED), 0);
}

static long call_share(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	return file_make_shared(scene->fd, FIRST * PAGE, (END - FIRST) * PAGE, 0);
}

static void check_shared(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	assert_int_equal(file_shared(scene->fd), (END - FIRST) * PAGE);
	expect_error(EACCES, try_get_pfn(consumer(scene), SLOT, FIRST),
		     "a shared page");
	expect_ok(try_get_pfn(consumer(scene), SLOT, END), "a private page");
}

/* A conversion may have split the block without moving a page. */
static void prepare_apart(const struct sweep *sweep, struct scene *scene)
{
	prepare_bound_pages(sweep, scene);
	expect_ok(file_make_private(scene->fd, FIRST * PAGE, PAGE, 0), "private");
	expect_ok(file_make_shared(scene->fd, FIRST * PAGE, PAGE, 0), "shared");
	expect_backing(scene->fd, 1, HUGE_PAGES, "with one of two apart");
}

static void check_collapsed(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	expect_backing(scene->fd, 2, 0, "collapsed");
}

/* The module with the operations may be about to go. */
static const int bind_errors[] = { ENOMEM, ENODEV, 0 };

#define WITH_CONSUMER(what, bytes, shift, ops, prepares, calls, checks, ...)	\
	{								\
		.name = what,						\
		.file.size = bytes,					\
		.file.page_shift = shift,				\
		.argument = ops,					\
		.prepare = prepares,					\
		.call = calls,						\
		.check = checks,					\
		.end = end_consumer,					\
		__VA_ARGS__						\
	}

static const struct sweep sweeps[] = {
	WITH_CONSUMER("bind", SIZE, 0, KPT_OPS_PLAIN, prepare_consumer,
		      call_bind, check_bound),
	WITH_CONSUMER("bind a guest that wants pages prepared", SIZE, 0,
		      KPT_OPS_PREPARE, prepare_consumer, call_bind,
		      check_bound, .errors = bind_errors),
	WITH_CONSUMER("look up a hole", SIZE, 0, KPT_OPS_PLAIN, prepare_bound,
		      call_get_pfn, check_got),
	WITH_CONSUMER("look up and prepare a hole", SIZE, 0, KPT_OPS_PREPARE,
		      prepare_bound, call_get_pfn, check_got,
		      .leftover = MORE_PAGES),
	WITH_CONSUMER("look up and prepare a page of a batch", SIZE, 0,
		      KPT_OPS_PREPARE, prepare_bound_pages, call_get_pfn,
		      check_got),
	WITH_CONSUMER("look up and prepare a hole, huge pages", HUGE_SIZE,
		      HUGE_SHIFT, KPT_OPS_PREPARE, prepare_bound, call_get_pfn,
		      check_got, .leftover = MORE_PAGES),
	WITH_CONSUMER("fill", SIZE, 0, KPT_OPS_PREPARE, prepare_bound,
		      call_populate, check_populated, .leftover = MORE_PAGES),
	WITH_CONSUMER("fill pages of a huge page", HUGE_SIZE, HUGE_SHIFT,
		      KPT_OPS_PREPARE, prepare_bound_pages, call_populate,
		      check_populated, .leftover = SMALLER_PAGES),
	WITH_CONSUMER("share pages of a guest's huge page", HUGE_SIZE,
		      HUGE_SHIFT, KPT_OPS_PREPARE, prepare_bound_pages,
		      call_share, check_shared, .leftover = SMALLER_PAGES),
	WITH_CONSUMER("collapse in place", HUGE_SIZE, HUGE_SHIFT,
		      KPT_OPS_PREPARE, prepare_apart, call_collapse,
		      check_collapsed, .file.flags = SHARED),
};

int main(void)
{
	return sweeps_run("failures: bindings", sweeps, ARRAY_SIZE(sweeps),
			  consumer_group_setup, consumer_group_teardown);
}

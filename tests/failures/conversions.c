// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failing: conversions. A failing one has changed neither a page's attribute nor its
 * content.
 */
#include "convert.h"
#include "huge.h"
#include "sweep.h"
#include "touch.h"
#include "unit.h"

#define MMAP KVM_PRIVATE_FLAG_MMAP
#define SHARED (MMAP | KVM_PRIVATE_FLAG_INIT_SHARED)

#define PAGES 200
#define SIZE (PAGES * PAGE)

/* The range that is converted */
#define FIRST 50
#define END 151

/*
 * Each page that has the other attribute beforehand is followed by one that isn't:
 * more ranges than a node of the tree has room for.
 */
#define STRIPE 2

static unsigned char mark(unsigned int page)
{
	return 1 + page % 250;
}

static bool starts_shared(const struct sweep *sweep)
{
	return sweep->file.flags & KVM_PRIVATE_FLAG_INIT_SHARED;
}

static bool is_converted(const struct sweep *sweep, unsigned int page)
{
	return sweep->argument && page % sweep->argument == 0;
}

static bool is_shared(const struct sweep *sweep, unsigned int page)
{
	return starts_shared(sweep) != is_converted(sweep, page);
}

static void expect_page(struct scene *scene, unsigned int page, bool shared,
			unsigned char value)
{
	char *at = scene->map + page * PAGE;

	if (shared)
		expect_reads(at, value, "page %u", page);
	else
		expect_sigbus(at, "page %u", page);
}

/* As the scene prepared them */
static void expect_intact(const struct sweep *sweep, struct scene *scene)
{
	for (unsigned int page = 0; page < PAGES; page++)
		expect_page(scene, page, is_shared(sweep, page), mark(page));
}

static void prepare_attributes(const struct sweep *sweep, struct scene *scene)
{
	if (!starts_shared(sweep))
		expect_ok(file_make_shared(scene->fd, 0, SIZE, 0), "share");
	for (unsigned int page = 0; page < PAGES; page++)
		scene->map[page * PAGE] = mark(page);
	if (!starts_shared(sweep))
		expect_ok(file_make_private(scene->fd, 0, SIZE, CONVERT_PRESERVE),
			  "make private");
	for (unsigned int page = 0; page < PAGES; page++) {
		if (!is_converted(sweep, page))
			continue;
		if (starts_shared(sweep))
			expect_ok(file_make_private(scene->fd, page * PAGE, PAGE,
						    CONVERT_PRESERVE), "private");
		else
			expect_ok(file_make_shared(scene->fd, page * PAGE, PAGE,
						   CONVERT_PRESERVE), "shared");
	}
}

static long call_share(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	return file_make_shared(scene->fd, FIRST * PAGE, (END - FIRST) * PAGE,
				CONVERT_PRESERVE);
}

static long call_share_zeroed(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	return file_make_shared(scene->fd, FIRST * PAGE, (END - FIRST) * PAGE,
				CONVERT_ZERO);
}

static long call_make_private(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	return file_make_private(scene->fd, FIRST * PAGE, (END - FIRST) * PAGE,
				 CONVERT_PRESERVE);
}

static bool is_in_range(unsigned int page)
{
	return page >= FIRST && page < END;
}

static void check_shared(const struct sweep *sweep, struct scene *scene)
{
	for (unsigned int page = 0; page < PAGES; page++)
		expect_page(scene, page,
			    is_in_range(page) || is_shared(sweep, page),
			    mark(page));
}

static void check_zeroed(const struct sweep *sweep, struct scene *scene)
{
	for (unsigned int page = 0; page < PAGES; page++)
		expect_page(scene, page,
			    is_in_range(page) || is_shared(sweep, page),
			    is_in_range(page) ? 0 : mark(page));
}

static void check_private(const struct sweep *sweep, struct scene *scene)
{
	for (unsigned int page = 0; page < PAGES; page++)
		expect_page(scene, page,
			    !is_in_range(page) && is_shared(sweep, page),
			    mark(page));
}

#define CONVERSION(what, start, stripe, function, checks)		\
	{								\
		.name = what,						\
		.file = { SIZE, start, 0 },				\
		.argument = stripe,					\
		.prepare = prepare_attributes,				\
		.call = function,					\
		.check = checks,					\
		.intact = expect_intact,				\
		.recovers = true,					\
	}

static const struct sweep sweeps[] = {
	CONVERSION("share", MMAP, 0, call_share, check_shared),
	CONVERSION("share, zeroed", MMAP, 0, call_share_zeroed, check_zeroed),
	CONVERSION("share in a file that was shared", SHARED, 1, call_share,
		   check_shared),
	CONVERSION("share among many ranges", MMAP, STRIPE, call_share,
		   check_shared),
	CONVERSION("make private", SHARED, 0, call_make_private, check_private),
	CONVERSION("make private in a file that was private", MMAP, 1,
		   call_make_private, check_private),
	CONVERSION("make private among many ranges", SHARED, STRIPE,
		   call_make_private, check_private),
	CONVERSION("make private among many ranges, going back", MMAP, STRIPE,
		   call_make_private, check_private),
};

int main(void)
{
	return sweeps_run("failures: conversions", sweeps, ARRAY_SIZE(sweeps), NULL,
			  NULL);
}

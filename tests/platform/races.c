// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything at once, by threads of this process on two processors. The test is
 * about the rules, so calls may fail with any error that the attribute of a page
 * explains.
 */
#include <stdlib.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <unistd.h>

#include "platform.h"
#include "watched.h"

/*
 * An actor with so many rounds, and so many successes among them, has done
 * enough.
 */
#define ROUNDS 1500
#define SUCCESSES 15
/* A debug kernel sees more in a round, which takes far longer. */
#define WATCHED_ROUNDS 300
/* An actor with so many rounds will never succeed. */
#define LIMIT (200 * ROUNDS)

struct actor {
	struct platform *platform;
	unsigned int seed;
	/* For actors that have a part of the file to themselves */
	__u32 slot;
	unsigned long rounds;
	unsigned long successes;
	bool done;
	pthread_t thread;
};

static unsigned long rounds_wanted;
static int unfinished;

/* Each actor goes on until all have done enough, so that none races alone. */
static bool goes_on(struct actor *a)
{
	a->rounds++;
	if (!a->done && a->rounds > rounds_wanted && a->successes > SUCCESSES) {
		a->done = true;
		__atomic_sub_fetch(&unfinished, 1, __ATOMIC_RELAXED);
	}
	return a->rounds < LIMIT &&
	       __atomic_load_n(&unfinished, __ATOMIC_RELAXED);
}

static unsigned int quarter(const struct platform *p)
{
	return p->pages / 4;
}

static unsigned int pick(struct actor *a, unsigned int below)
{
	return rand_r(&a->seed) % below;
}

static void pick_range(struct actor *a, __u64 *start, __u64 *end)
{
	*start = pick(a, a->platform->pages);
	*end = *start + 1 + pick(a, a->platform->pages - *start);
}

/* One page in the actor's part */
static __u64 pick_page(struct actor *a)
{
	unsigned int pages = quarter(a->platform);

	return a->slot * pages + pick(a, pages);
}

static void check(struct actor *a, long ret, const int *errors,
		  const char *what)
{
	if (ret)
		unit_check_error(ret, errno, errors, __FILE__, __LINE__, "%s",
				 what);
	else
		a->successes++;
}

/* ENXIO: the binding is gone just now. */
static void *access_pages(void *arg)
{
	static const int errors[] = { EACCES, ENXIO, EIO, ENOMEM, 0 };
	struct actor *a = arg;
	__u64 index, word;

	while (goes_on(a)) {
		index = pick_page(a);
		check(a, pick(a, 2) ? try_guest_write(a->platform, a->slot,
						      index, a->rounds) :
				      try_guest_read(a->platform, a->slot,
						     index, &word),
		      errors, "access");
	}
	return NULL;
}

static void *emulate(void *arg)
{
	static const int errors[] = { EACCES, ENXIO, ENODATA, EPERM, 0 };
	struct actor *a = arg;
	__u64 word;

	while (goes_on(a))
		check(a, try_emulate(a->platform, a->slot, pick_page(a),
				     pick(a, 2), &word),
		      errors, "emulation");
	return NULL;
}

static void *convert(void *arg)
{
	static const int errors[] = { EAGAIN, EOPNOTSUPP, 0 };
	static const __u64 flags[] = { 0, CONVERT_ZERO, CONVERT_PRESERVE };
	struct actor *a = arg;
	__u64 start, end;

	while (goes_on(a)) {
		pick_range(a, &start, &end);
		check(a, try_convert(a->platform, pick(a, 2), start, end,
				     flags[pick(a, 3)]),
		      errors, "conversion");
	}
	return NULL;
}

static void *punch_holes(void *arg)
{
	static const int none[] = { 0 };
	struct actor *a = arg;
	__u64 start, end;

	while (goes_on(a)) {
		pick_range(a, &start, &end);
		check(a, file_punch(a->platform->file, start * PAGE,
				    (end - start) * PAGE), none, "punching");
	}
	return NULL;
}

/* All of a huge page at once, of which each guest has only a part */
static void *renew(void *arg)
{
	static const int none[] = { 0 };
	struct actor *a = arg;

	while (goes_on(a)) {
		check(a, file_punch(a->platform->file, 0, HUGE_PAGE), none,
		      "punching");
		check(a, file_allocate(a->platform->file, 0, HUGE_PAGE), none,
		      "allocating");
	}
	return NULL;
}

/* Assigned pages aren't moved, which is EBUSY. */
static void *collapse(void *arg)
{
	static const int errors[] = { EBUSY, EAGAIN, ENOMEM, 0 };
	struct actor *a = arg;

	while (goes_on(a)) {
		struct kvm_private_collapse collapse = {
			.offset = pick(a, HUGE_BLOCKS) * HUGE_PAGE,
			.size = HUGE_PAGE,
		};

		check(a, file_collapse(a->platform->file, &collapse), errors,
		      "collapsing");
	}
	return NULL;
}

static void *fill(void *arg)
{
	static const int errors[] = { EINVAL, ENXIO, EFAULT, EIO, 0 };
	struct actor *a = arg;

	while (goes_on(a)) {
		__u64 start = pick_page(a);
		__u64 end = (a->slot + 1) * quarter(a->platform);
		struct kpp_populate populate = {
			.slot = a->slot,
			.index = start,
			.nr = 1 + pick(a, end - start),
			/* Now and then the callback fails in the middle. */
			.error = pick(a, 4) ? 0 : EIO,
			.fail_index = start + 1,
		};

		/* Now and then the source is the file itself. */
		if (pick(a, 2))
			populate.source = (uintptr_t)a->platform->map;
		check(a, try_populate(a->platform, &populate), errors,
		      "populating");
	}
	return NULL;
}

static void *fill_through_file(void *arg)
{
	static const int errors[] = { EBUSY, EINVAL, EFAULT, 0 };
	struct actor *a = arg;
	static char source[PAGE];

	while (goes_on(a)) {
		struct kvm_private_populate populate = {
			.offset = pick(a, a->platform->pages) * PAGE, .size = PAGE,
			.source = (uintptr_t)source,
		};

		check(a, file_populate(a->platform->file, &populate), errors,
		      "populating through the file");
	}
	return NULL;
}

/* A new guest each time, of any kind */
static void *come_and_go(void *arg)
{
	static const int none[] = { 0 };
	struct actor *a = arg;
	unsigned int pages = quarter(a->platform);
	__u64 start = a->slot * pages;

	while (goes_on(a)) {
		check(a, ioctl(a->platform->device, KPP_UNBIND, a->slot), none,
		      "unbinding");
		check(a, try_bind(a->platform, a->slot, pick(a, KPP_NR_KINDS),
				  10 + pick(a, 10), start, start + pages, 0),
		      none, "binding");
	}
	return NULL;
}

/* The host touches shared pages and pins some of them for a moment. */
static void *use_mapping(void *arg)
{
	static const int errors[] = { EFAULT, 0 };
	struct actor *a = arg;
	int pipe_fds[2];
	char page[PAGE];

	expect_ok(pipe(pipe_fds), "pipe");
	while (goes_on(a)) {
		char *from = (char *)a->platform->map +
			     pick(a, a->platform->pages) * PAGE;
		struct iovec iov = { .iov_base = from, .iov_len = PAGE };
		ssize_t ret = vmsplice(pipe_fds[1], &iov, 1, 0);

		check(a, ret < 0 ? ret : 0, errors, "vmsplice");
		if (ret > 0)
			assert_int_equal(read(pipe_fds[0], page, ret), ret);
		/* The kernel writes to the page, or gets an error */
		ret = getrandom(from, 8, 0);
		check(a, ret < 0 ? ret : 0, errors, "getrandom");
	}
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return NULL;
}

struct role {
	void *(*play)(void *arg);
	__u32 slot;
};

static void play(struct platform *p, const struct role *roles,
		 unsigned int nr)
{
	struct actor actors[16] = { 0 };

	unfinished = nr;
	for (unsigned int i = 0; i < nr; i++) {
		actors[i] = (struct actor){
			.platform = p, .seed = i, .slot = roles[i].slot,
		};
		assert_int_equal(pthread_create(&actors[i].thread, NULL,
						roles[i].play, &actors[i]), 0);
	}
	for (unsigned int i = 0; i < nr; i++)
		pthread_join(actors[i].thread, NULL);
	/* An actor that never got anywhere hasn't raced with the others. */
	for (unsigned int i = 0; i < nr; i++)
		assert_true(actors[i].done);
	assert_int_equal(counts(p).invalidations, 0);
}

static void bind_quarters(struct platform *p)
{
	static const enum kpp_kind kinds[] = {
		KPP_CONFIDENTIAL, KPP_PRESERVING, KPP_TRUSTING, KPP_CONFIDENTIAL,
	};

	for (__u32 slot = 0; slot < ARRAY_SIZE(kinds); slot++)
		bind(p, slot, kinds[slot], slot + 1, slot * quarter(p),
		     (slot + 1) * quarter(p));
}

TEST(faults_and_holes, &platform, &platform_huge)
{
	static const struct role roles[] = {
		{ access_pages, 0 }, { access_pages, 0 }, { access_pages, 1 },
		{ access_pages, 2 }, { emulate, 2 }, { punch_holes, 0 },
	};

	bind_quarters(*state);
	play(*state, roles, ARRAY_SIZE(roles));
}

TEST(faults_and_conversions, &platform, &platform_huge)
{
	static const struct role roles[] = {
		{ access_pages, 0 }, { access_pages, 0 }, { access_pages, 1 },
		{ access_pages, 2 }, { convert, 0 }, { convert, 0 },
		{ use_mapping, 0 },
	};

	bind_quarters(*state);
	play(*state, roles, ARRAY_SIZE(roles));
}

TEST(faults_and_populating, &platform, &platform_huge)
{
	static const struct role roles[] = {
		{ access_pages, 0 }, { access_pages, 1 }, { access_pages, 2 },
		{ fill, 0 }, { fill, 1 }, { fill, 2 }, { fill_through_file, 0 },
	};

	bind_quarters(*state);
	play(*state, roles, ARRAY_SIZE(roles));
}

TEST(guests_come_and_go, &platform, &platform_huge)
{
	static const struct role roles[] = {
		{ access_pages, 0 }, { access_pages, 3 }, { come_and_go, 0 },
		{ come_and_go, 3 }, { punch_holes, 0 }, { convert, 0 },
	};

	bind_quarters(*state);
	play(*state, roles, ARRAY_SIZE(roles));
}

TEST(everything, &platform, &platform_huge)
{
	struct platform *p = *state;
	static const struct role roles[] = {
		{ access_pages, 0 }, { access_pages, 1 }, { access_pages, 2 },
		{ access_pages, 3 }, { emulate, 2 }, { convert, 0 },
		{ punch_holes, 0 }, { fill, 0 }, { fill, 2 },
		{ fill_through_file, 0 }, { use_mapping, 0 },
		{ come_and_go, 3 },
	};

	bind_quarters(p);
	play(p, roles, ARRAY_SIZE(roles));
	close_file(p);
	for (__u32 slot = 0; slot < 4; slot++)
		unbind(p, slot);
	assert_int_equal(assigned(p), 0);
}

TEST(collapse, &platform_huge)
{
	static const struct role roles[] = {
		{ access_pages, 0 }, { access_pages, 1 }, { access_pages, 2 },
		{ punch_holes, 0 }, { convert, 0 }, { collapse, 0 },
		{ use_mapping, 0 },
	};

	bind_quarters(*state);
	play(*state, roles, ARRAY_SIZE(roles));
}

/* A huge page leaves the file while a fault splits it. */
TEST(renewal, &platform_huge)
{
	static const struct role roles[] = {
		{ access_pages, 0 }, { access_pages, 0 }, { access_pages, 1 },
		{ renew, 0 },
	};

	bind_quarters(*state);
	play(*state, roles, ARRAY_SIZE(roles));
}

int main(void)
{
	rounds_wanted = kernel_is_watched() ? WATCHED_ROUNDS : ROUNDS;
	return tests_run("platform: races",
			 &(struct fixture){ .teardown = platform_group_teardown });
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which pages are private and which are shared, against a model of the
 * conversions. The test sees it in two ways: by fdinfo's sum, and by touching
 * each page of a mapping.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "touch.h"
#include "unit.h"

#define PAGES 64
#define ROUNDS 300

/* A window of a file that starts at @base; outside of it nothing changes. */
struct model {
	int fd;
	__u64 base;
	/* Bytes outside that are shared from the start */
	__u64 shared_outside;
	char *map;
	bool shared[PAGES];
};

static void check(const struct model *model)
{
	__u64 shared = model->shared_outside;
	unsigned char value;
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		int wanted = model->shared[i] ? 0 : SIGBUS;

		shared += model->shared[i] ? PAGE : 0;
		expect_between(touch_read(model->map + i * PAGE, &value),
			       wanted, wanted, "signal of page %u", i);
	}
	assert_int_equal(file_shared(model->fd), shared);
}

/* Allocating or freeing a page must not change its attribute. */
static void allocate_or_free(const struct model *model, unsigned int first,
			     unsigned int count)
{
	expect_ok(fallocate(model->fd, random() % 2 ? 0 : HOLE,
			    model->base + first * PAGE, count * PAGE),
		  "fallocate %u pages at %u", count, first);
}

static void random_rounds(__u64 base, __u64 file_size, __u64 flags,
			  unsigned int seed)
{
	bool init_shared = flags & KVM_PRIVATE_FLAG_INIT_SHARED;
	struct model model = { .base = base };
	unsigned int round;
	unsigned int i;

	srandom(seed);
	model.fd = file_create(file_size, flags | KVM_PRIVATE_FLAG_MMAP);
	model.map = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_SHARED, model.fd,
			 base);
	assert_ptr_not_equal(model.map, MAP_FAILED);
	if (init_shared)
		model.shared_outside = file_size - PAGES * PAGE;
	for (i = 0; i < PAGES; i++)
		model.shared[i] = init_shared;
	check(&model);

	for (round = 0; round < ROUNDS; round++) {
		unsigned int first = random() % PAGES;
		unsigned int count = 1 + random() % (PAGES - first) /
					 (1 + random() % 8);
		bool share = random() % 2;
		__u64 offset = base + first * PAGE;

		expect_ok(share ?
			  file_make_shared(model.fd, offset, count * PAGE, 0) :
			  file_make_private(model.fd, offset, count * PAGE, 0),
			  "round %u of seed %u: make %u pages at %u %s", round,
			  seed, count, first, share ? "shared" : "private");
		for (i = first; i < first + count; i++)
			model.shared[i] = share;
		if (random() % 4 == 0)
			allocate_or_free(&model, first, count);
		check(&model);
	}
	munmap(model.map, PAGES * PAGE);
	close(model.fd);
}

TEST(at_the_start)
{
	random_rounds(0, PAGES * PAGE, 0, 1);
}

TEST(at_the_start_of_a_shared_file)
{
	random_rounds(0, 2 * PAGES * PAGE, KVM_PRIVATE_FLAG_INIT_SHARED, 2);
}

TEST(across_4_gib)
{
	random_rounds(4 * GIB - PAGES / 2 * PAGE, 8 * GIB, 0, 3);
}

TEST(at_the_largest_end)
{
	random_rounds(LARGEST_FILE - PAGES * PAGE, LARGEST_FILE, 0, 4);
	random_rounds(LARGEST_FILE - PAGES * PAGE, LARGEST_FILE,
		      KVM_PRIVATE_FLAG_INIT_SHARED, 5);
}

TEST(starts_as_told)
{
	int private = file_create(LARGEST_FILE, 0);
	int shared = file_create(LARGEST_FILE, KVM_PRIVATE_FLAG_INIT_SHARED);

	assert_int_equal(file_shared(private), 0);
	assert_int_equal(file_shared(shared), LARGEST_FILE);
	assert_int_equal(file_allocated(shared), 0);
	close(private);
	close(shared);
}

/* The file has no page there, so a conversion only has to note the attribute. */
TEST(converts_what_is_not_allocated)
{
	static const __u64 flags[] = { 0, CONVERT_ZERO, CONVERT_PRESERVE };
	int fd = file_create(LARGEST_FILE, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		expect_ok(file_make_shared(fd, 0, LARGEST_FILE, flags[i]),
			  "to shared, flags %#llx", flags[i]);
		assert_int_equal(file_shared(fd), LARGEST_FILE);
		expect_ok(file_make_private(fd, 0, LARGEST_FILE, 0),
			  "to private");
		assert_int_equal(file_shared(fd), 0);
	}
	expect_ok(file_make_shared(fd, 4 * GIB, GIB, 0), "a part of it");
	assert_int_equal(file_shared(fd), GIB);
	assert_int_equal(file_allocated(fd), 0);
	close(fd);
}

/* A file that can't be mapped has attributes as well. */
TEST(works_without_the_right_to_map)
{
	struct kvm_private_populate populate = { .size = PAGE };
	int fd = file_create(16 * PAGE, 0);

	expect_ok(file_allocate(fd, 0, 16 * PAGE), "allocate");
	expect_ok(file_make_shared(fd, 0, 8 * PAGE, CONVERT_ZERO), "to shared");
	assert_int_equal(file_shared(fd), 8 * PAGE);
	expect_error(EINVAL, file_populate(fd, &populate), "a shared page");
	expect_ok(file_make_private(fd, 0, PAGE, CONVERT_PRESERVE),
		  "to private");
	expect_ok(file_populate(fd, &populate), "a private page");
	assert_int_equal(file_shared(fd), 7 * PAGE);
	assert_int_equal(file_allocated(fd), 16 * PAGE);
	assert_ptr_equal(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE),
			 MAP_FAILED);
	assert_int_equal(errno, ENODEV);
	close(fd);
}

TEST(all_handles_see_it)
{
	int fd = file_create(16 * PAGE, 0);
	int other = expect_ok(dup(fd), "dup");

	expect_ok(file_make_shared(other, 0, 3 * PAGE, 0), "to shared");
	assert_int_equal(file_shared(fd), 3 * PAGE);
	close(other);
	assert_int_equal(file_shared(fd), 3 * PAGE);
	close(fd);
}

#define PIECES 200

/* More pieces than are changed at a time, all in one call */
TEST(many_pieces)
{
	const __u64 size = 2 * PIECES * PAGE;
	int fd = file_create(size + 2 * PAGE, KVM_PRIVATE_FLAG_MMAP);

	for (int to_private = 0; to_private <= 1; to_private++) {
		for (__u64 i = 0; i < PIECES; i++)
			expect_ok(file_make_shared(fd, (2 * i + 1) * PAGE, PAGE, 0),
				  "piece %llu", i);
		assert_int_equal(file_shared(fd), PIECES * PAGE);
		if (to_private) {
			expect_ok(file_make_private(fd, PAGE, size - 2 * PAGE, 0),
				  "to private");
			/* The last piece is behind the range. */
			assert_int_equal(file_shared(fd), PAGE);
			expect_ok(file_make_private(fd, 0, size, 0), "the rest");
		} else {
			expect_ok(file_make_shared(fd, PAGE, size - PAGE, 0),
				  "to shared");
			assert_int_equal(file_shared(fd), size - PAGE);
			expect_ok(file_make_private(fd, 0, size, 0), "back");
		}
		assert_int_equal(file_shared(fd), 0);
	}
	close(fd);
}

TEST_MAIN("attributes")

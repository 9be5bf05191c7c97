// SPDX-License-Identifier: GPL-2.0-only
/* A page of 1 GiB, whose 262,144 pages the kernel knows one by one */
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "huge.h"
#include "poison.h"
#include "stretch.h"

#include "../consumer/consumer.h"

#define STARTS_SHARED (KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED)

static int create(__u64 flags)
{
	return gigantic_create(GIGANTIC_PAGE,
			       flags | KVM_PRIVATE_FLAG_HUGE_STRICT);
}

static int create_full(__u64 flags)
{
	int fd = create(flags);

	expect_ok(file_allocate(fd, 0, GIGANTIC_PAGE), "allocate");
	expect_backing_1g(fd, 1, 0, 0, "all of it");
	return fd;
}

static void come_and_go(void **state)
{
	int fd = create(0);

	(void)state;
	expect_ok(stretch(file_allocate(fd, 0, GIGANTIC_PAGE), "allocating 1 GiB"),
		  "allocate");
	assert_int_equal(stretch(lseek(fd, 0, SEEK_HOLE), "SEEK_HOLE"),
			 GIGANTIC_PAGE);
	expect_ok(stretch(file_punch(fd, 0, GIGANTIC_PAGE), "punching it"), "punch");
	expect_ok(file_allocate(fd, 0, GIGANTIC_PAGE), "allocate");
	expect_ok(stretch(close(fd), "the end of its file"), "close");
}

static void conversions(void **state)
{
	int fd = create_full(STARTS_SHARED);

	(void)state;
	expect_ok(stretch(file_make_private(fd, 0, GIGANTIC_PAGE, 0), "to private"),
		  "to private");
	expect_ok(stretch(file_make_shared(fd, 0, GIGANTIC_PAGE, CONVERT_PRESERVE),
			  "to shared"), "to shared");
	expect_ok(stretch(file_make_private(fd, PAGE, GIGANTIC_PAGE - PAGE, 0),
			  "to private but for a page"), "to private");
	expect_ok(stretch(file_make_shared(fd, PAGE, GIGANTIC_PAGE - PAGE,
					   CONVERT_ZERO), "to shared and zero"),
		  "to shared");
	close(fd);
}

static int touch_some(char *map)
{
	for (__u64 at = 0; at < GIGANTIC_PAGE; at += HUGE_PAGE)
		map[at] = 1;
	return 0;
}

/* The host's mappings have it come apart, page by page. */
static void mapped(void **state)
{
	int fd = create_full(STARTS_SHARED);
	char *map = file_map(fd, GIGANTIC_PAGE);

	(void)state;
	stretch(touch_some(map), "touching some of it");
	expect_ok(stretch(file_make_private(fd, 0, GIGANTIC_PAGE, 0),
			  "to private, mapped"), "to private");
	munmap(map, GIGANTIC_PAGE);
	expect_ok(stretch(close(fd), "the end of what came apart"), "close");
}

static void pieces(void **state)
{
	int fd = create_full(0);

	(void)state;
	expect_ok(stretch(file_punch(fd, PAGE, GIGANTIC_PAGE / 2),
			  "a hole of half of it and a page"), "punch");
	expect_ok(stretch(file_punch(fd, 0, GIGANTIC_PAGE), "punching the rest"),
		  "punch");
	close(fd);
}

static void collapse(void **state)
{
	struct kvm_private_collapse args = { .size = GIGANTIC_PAGE };
	int fd = create_full(0);

	(void)state;
	expect_ok(file_punch(fd, 0, PAGE), "punch");
	expect_ok(file_allocate(fd, 0, PAGE), "allocate");
	expect_ok(stretch(file_collapse(fd, &args),
			  "collapsing it after a page was replaced"), "collapse");
	expect_backing_1g(fd, 1, 0, 0, "collapsed");
	close(fd);
}

static void bound(void **state)
{
	struct consumer c = {
		.device = expect_ok(open(KPT_DEVICE, O_RDWR | O_CLOEXEC),
				    "opening " KPT_DEVICE),
		.file = create_full(KVM_PRIVATE_FLAG_MMAP),
	};
	struct kpt_page page = { .index = 5000 };

	(void)state;
	bind_guest(&c, 0, 1, 0, GIGANTIC_PAGE / PAGE);
	expect_ok(stretch(ioctl(c.device, KPT_GET_PFN, &page),
			  "a guest's first access"), "KPT_GET_PFN");
	expect_ok(stretch(file_make_shared(c.file, PAGE, GIGANTIC_PAGE - PAGE, 0),
			  "a guest's to shared"), "to shared");
	expect_ok(stretch(file_make_private(c.file, 0, GIGANTIC_PAGE, 0),
			  "and to private"), "to private");
	consumer_close_device(&c);
	close(c.file);
}

/* Last, since the machine loses a page of it. */
static void memory_error(void **state)
{
	int fd = create_full(STARTS_SHARED);
	char *map = file_map(fd, GIGANTIC_PAGE);
	__u64 frame = frame_at(map + 5000 * PAGE);

	(void)state;
	expect_ok(stretch(poison_try(frame), "a memory error in 1 GiB"),
		  "an error in frame %#llx", frame);
	munmap(map, GIGANTIC_PAGE);
	expect_ok(stretch(file_make_private(fd, 0, GIGANTIC_PAGE, 0),
			  "to private with an error"), "to private");
	expect_ok(stretch(close(fd), "the end of what has an error"), "close");
}

static int setup(void **state)
{
	consumer_load();
	return gigantic_group_setup(state) ?: stretch_group_setup(state);
}

static int teardown(void **state)
{
	stretch_group_teardown(state);
	return consumer_group_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		stretch_test(come_and_go),
		stretch_test(conversions),
		stretch_test(mapped),
		stretch_test(pieces),
		stretch_test(collapse),
		stretch_test(bound),
		stretch_test(memory_error),
	};

	return cmocka_run_group_tests_name("latency: gigantic pages", tests, setup,
					   teardown);
}

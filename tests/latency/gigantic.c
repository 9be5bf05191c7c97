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

TEST(come_and_go, &stretch)
{
	int fd = create(0);

	expect_ok(stretch(file_allocate(fd, 0, GIGANTIC_PAGE), "1 GiB: allocate"),
		  "allocate");
	assert_int_equal(stretch(lseek(fd, 0, SEEK_HOLE), "1 GiB: SEEK_HOLE"),
			 GIGANTIC_PAGE);
	expect_ok(stretch(file_punch(fd, 0, GIGANTIC_PAGE), "1 GiB: punch"), "punch");
	expect_ok(file_allocate(fd, 0, GIGANTIC_PAGE), "allocate");
	expect_ok(stretch(close(fd), "1 GiB: the end of the file"), "close");
}

TEST(conversions, &stretch)
{
	int fd = create_full(STARTS_SHARED);

	expect_ok(stretch(file_make_private(fd, 0, GIGANTIC_PAGE, 0),
			  "1 GiB: to private"),
		  "to private");
	expect_ok(stretch(file_make_shared(fd, 0, GIGANTIC_PAGE, CONVERT_PRESERVE),
			  "1 GiB: to shared"), "to shared");
	expect_ok(stretch(file_make_private(fd, PAGE, GIGANTIC_PAGE - PAGE, 0),
			  "1 GiB: to private but for a page"), "to private");
	expect_ok(stretch(file_make_shared(fd, PAGE, GIGANTIC_PAGE - PAGE,
					   CONVERT_ZERO), "1 GiB: to shared and zero"),
		  "to shared");
	close(fd);
}

static int touch_some(char *map)
{
	for (__u64 at = 0; at < GIGANTIC_PAGE; at += HUGE_PAGE)
		map[at] = 1;
	return 0;
}

/* The host's mappings split it, page by page. */
TEST(mapped, &stretch)
{
	int fd = create_full(STARTS_SHARED);
	char *map = file_map(fd, GIGANTIC_PAGE);

	stretch(touch_some(map), "1 GiB: touch some of it");
	expect_ok(stretch(file_make_private(fd, 0, GIGANTIC_PAGE, 0),
			  "1 GiB: to private, mapped"), "to private");
	munmap(map, GIGANTIC_PAGE);
	expect_ok(stretch(close(fd), "1 GiB that came apart: the end of the file"), "close");
}

TEST(pieces, &stretch)
{
	int fd = create_full(0);

	expect_ok(stretch(file_punch(fd, PAGE, GIGANTIC_PAGE / 2),
			  "1 GiB: punch half and a page"), "punch");
	expect_ok(stretch(file_punch(fd, 0, GIGANTIC_PAGE), "1 GiB: punch the rest"),
		  "punch");
	close(fd);
}

TEST(collapse, &stretch)
{
	struct kvm_private_collapse args = { .size = GIGANTIC_PAGE };
	int fd = create_full(0);

	expect_ok(file_punch(fd, 0, PAGE), "punch");
	expect_ok(file_allocate(fd, 0, PAGE), "allocate");
	expect_ok(stretch(file_collapse(fd, &args),
			  "1 GiB with a page replaced: collapse"), "collapse");
	expect_backing_1g(fd, 1, 0, 0, "collapsed");
	close(fd);
}

TEST(bound, &stretch)
{
	struct consumer c = {
		.device = expect_ok(open(KPT_DEVICE, O_RDWR | O_CLOEXEC),
				    "opening " KPT_DEVICE),
		.file = create_full(KVM_PRIVATE_FLAG_MMAP),
	};
	struct kpt_page page = { .index = 5000 };

	bind_guest(&c, 0, 1, 0, GIGANTIC_PAGE / PAGE);
	expect_ok(stretch(ioctl(c.device, KPT_GET_PFN, &page),
			  "1 GiB of a guest's: first access"), "KPT_GET_PFN");
	expect_ok(stretch(file_make_shared(c.file, PAGE, GIGANTIC_PAGE - PAGE, 0),
			  "1 GiB of a guest's: to shared"), "to shared");
	expect_ok(stretch(file_make_private(c.file, 0, GIGANTIC_PAGE, 0),
			  "1 GiB of a guest's: to private"), "to private");
	consumer_close_device(&c);
	close(c.file);
}

/* The machine loses a page in this test, too. */
TEST(memory_error, &stretch)
{
	int fd = create_full(STARTS_SHARED);
	char *map = file_map(fd, GIGANTIC_PAGE);
	__u64 pfn = pfn_at(map + 5000 * PAGE);

	expect_ok(stretch(poison_try(pfn), "1 GiB, mapped: an error in it"),
		  "an error in pfn %#llx", pfn);
	munmap(map, GIGANTIC_PAGE);
	expect_ok(stretch(file_make_private(fd, 0, GIGANTIC_PAGE, 0),
			  "1 GiB that came apart with an error: to private"), "to private");
	expect_ok(stretch(close(fd), "1 GiB that came apart with an error: the end"), "close");
}

/*
 * An error in a guest's page, which isn't split. This test is the last, since
 * the machine loses the page.
 */
TEST(memory_error_unsplit, &stretch)
{
	struct consumer c = {
		.device = expect_ok(open(KPT_DEVICE, O_RDWR | O_CLOEXEC),
				    "opening " KPT_DEVICE),
		.file = create_full(KVM_PRIVATE_FLAG_MMAP),
	};
	struct kpt_page page = { .index = 5000 };

	bind(&c, 0, KPT_OPS_PLAIN, 0, GIGANTIC_PAGE / PAGE);
	expect_ok(ioctl(c.device, KPT_GET_PFN, &page), "KPT_GET_PFN");
	expect_ok(stretch(poison_try(page.pfn), "1 GiB of a guest's: an error in it"),
		  "an error in pfn %#llx", page.pfn);
	page.index = 6000;
	expect_ok(stretch(ioctl(c.device, KPT_GET_PFN, &page),
			  "1 GiB with an error: access beside it"), "KPT_GET_PFN");
	expect_ok(stretch(file_make_shared(c.file, 0, GIGANTIC_PAGE, CONVERT_ZERO),
			  "1 GiB with an error: to shared and zero"), "to shared");
	expect_ok(stretch(file_make_private(c.file, 0, GIGANTIC_PAGE, 0),
			  "1 GiB with an error: to private"), "to private");
	consumer_close_device(&c);
	expect_ok(stretch(close(c.file), "1 GiB with an error: the end of the file"), "close");
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

TEST_MAIN("latency: gigantic pages", .setup = setup, .teardown = teardown)

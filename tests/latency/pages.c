// SPDX-License-Identifier: GPL-2.0-only
/* Much memory in files, in base pages and in huge ones */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "huge.h"
#include "numa.h"
#include "poison.h"
#include "stretch.h"
#include "unit.h"

/* A huge page is one entry of a file's store, but calls look at its pages, too. */
struct memory {
	const char *name;
	__u64 size;
	__u32 page_shift;
};

static const struct memory base = { "256 MiB of base pages", 256 * MIB, 12 };
static const struct memory huge = { "2 GiB of huge pages", 2 * GIB, HUGE_SHIFT };
static const struct memory pieces = { "64 MiB in pieces", 64 * MIB, HUGE_SHIFT };

/* Where a file has a policy its base pages come one by one, not in batches. */
static void set_policy(int fd, __u64 size)
{
	const __u64 nodes = NODE_0;
	struct kvm_private_set_policy policy = {
		.size = size, .mode = MPOL_BIND,
		.nodemask = (uintptr_t)&nodes, .maxnode = 64,
	};

	expect_ok(ioctl(fd, KVM_PRIVATE_SET_POLICY, &policy), "SET_POLICY");
}

static int create(const struct memory *memory, __u64 flags)
{
	int device = device_open();
	int fd = expect_ok(try_create_shift(device, memory->size, flags,
					    memory->page_shift), "create");

	close(device);
	set_policy(fd, memory->size);
	return fd;
}

static int create_shared(const struct memory *memory)
{
	return create(memory, KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED);
}

static void allocate(int fd, const struct memory *memory)
{
	expect_ok(file_allocate(fd, 0, memory->size), "%s", memory->name);
}

static void come_and_go(const struct memory *memory)
{
	const char *name = memory->name;
	const __u64 size = memory->size;
	int fd = create_shared(memory);

	expect_ok(stretch(file_allocate(fd, 0, size), "%s: allocate", name),
		  "allocate");
	expect_ok(stretch(file_allocate(fd, 0, size), "%s: allocate once more", name),
		  "allocate");
	assert_int_equal(stretch(lseek(fd, 0, SEEK_HOLE), "%s: SEEK_HOLE", name),
			 size);
	expect_ok(stretch(file_punch(fd, 0, size), "%s: punch", name), "punch");
	allocate(fd, memory);
	expect_ok(stretch(close(fd), "%s: the end of the file", name), "close");
}

static int touch_all(char *map, __u64 size)
{
	memset(map, 1, size);
	return 0;
}

static void convert(const struct memory *memory)
{
	const char *name = memory->name;
	const __u64 size = memory->size;
	int fd = create_shared(memory);
	char *map = file_map(fd, size);

	allocate(fd, memory);
	stretch(touch_all(map, size), "%s: touch", name);
	expect_ok(stretch(file_make_private(fd, 0, size, 0),
			  "%s: to private, mapped", name), "to private");
	expect_ok(stretch(file_make_shared(fd, 0, size, CONVERT_ZERO),
			  "%s: to shared and zero", name), "to shared");
	expect_ok(stretch(file_make_private(fd, 0, size, CONVERT_PRESERVE),
			  "%s: to private, not mapped", name), "to private");
	expect_ok(stretch(file_make_shared(fd, PAGE, size - PAGE, CONVERT_PRESERVE),
			  "%s: to shared but for one", name), "to shared");
	munmap(map, size);
	close(fd);
}

static void populate(const struct memory *memory)
{
	char *source = mmap(NULL, memory->size, PROT_READ,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_private_populate args = {
		.size = memory->size, .source = (uintptr_t)source,
	};
	int fd = create(memory, 0);

	assert_ptr_not_equal(source, MAP_FAILED);
	expect_ok(stretch(file_populate(fd, &args), "%s: populate", memory->name),
		  "populate");
	munmap(source, memory->size);
	close(fd);
}

TEST(base_pages, &stretch)
{
	come_and_go(&base);
	convert(&base);
	populate(&base);
}

TEST(huge_pages, &stretch)
{
	come_and_go(&huge);
	convert(&huge);
	populate(&huge);
}

/* Base pages in a file of huge ones: other pages of their block were there first. */
TEST(collapse, &stretch)
{
	struct kvm_private_collapse args = { .size = pieces.size };
	int fd = create_shared(&pieces);

	for (__u64 at = 0; at < pieces.size; at += HUGE_PAGE) {
		expect_ok(file_allocate(fd, at, HUGE_PAGE), "allocate");
		expect_ok(file_punch(fd, at + PAGE, HUGE_PAGE / 2), "punch");
		expect_ok(file_allocate(fd, at, HUGE_PAGE), "allocate");
	}
	assert_int_equal(file_huge(fd), 0);
	expect_ok(stretch(file_collapse(fd, &args), "%s: collapse", pieces.name),
		  "collapse");
	assert_int_equal(file_huge(fd), pieces.size);
	expect_ok(stretch(file_punch(fd, PAGE, pieces.size - 2 * PAGE),
			  "%s: punch all but the ends", pieces.name), "punch");
	close(fd);
}

/* The module looks for the page in all of the file. */
TEST(memory_error, &stretch)
{
	int fd = create_shared(&base);
	char *map = file_map(fd, base.size);
	__u64 pfn;

	allocate(fd, &base);
	pfn = pfn_at(map + base.size - PAGE);
	expect_ok(stretch(poison_try(pfn), "%s: an error in the last", base.name),
		  "an error in pfn %#llx", pfn);
	munmap(map, base.size);
	expect_ok(stretch(close(fd), "%s: the end of the file with an error",
			  base.name), "close");
}

/* The caller's struct may have any size. */
TEST(large_struct, &stretch)
{
	const __u64 size = 256 * MIB;
	struct kvm_private_info *info = mmap(NULL, size, PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int device = device_open();

	assert_ptr_not_equal(info, MAP_FAILED);
	info->size = size;
	expect_ok(stretch(ioctl(device, KVM_PRIVATE_GET_INFO, info),
			  "GET_INFO into 256 MiB"), "GET_INFO");
	munmap(info, size);
	close(device);
}

TEST_MAIN("latency: pages",
	  .setup = stretch_group_setup, .teardown = stretch_group_teardown)

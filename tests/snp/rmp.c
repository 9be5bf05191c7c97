// SPDX-License-Identifier: GPL-2.0-only
/*
 * The RMP of the emulated platform: what changes it, and what it keeps from devices and from
 * page tables. Status 3 elsewhere.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "emulated_only.h"
#include "snp_module.h"
#include "test_port.h"
#include "unit.h"

#define FAIL_INPUT		1
#define FAIL_PERMISSION		2
#define FAIL_OVERLAP		4

#define INVALID_PARAM		0x16
#define INVALID_PAGE_SIZE	0x19
#define INVALID_PAGE_STATE	0x1a

#define LARGE_GPA		0x40000000ULL
#define OTHER_ASID		(MODULE_ASID - 1)

#define RECLAIM_LARGE		1

static int setup(void **state)
{
	(void)state;
	module_open();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	module_close();
	assert_int_equal(event_count(GUEST_PAGES), 0);
	return 0;
}

static const struct fixture pages = { .setup = setup, .teardown = teardown };

static __u64 gpa_of(__u32 page)
{
	return LARGE_GPA + (__u64)page * SNPT_PAGE_SIZE;
}

TEST(bad_updates, &pages)
{
	const struct snpt_update bad[] = {
		{ .asid = 1 },
		{ .immutable = 1 },
		{ .assigned = 1 },
		{ .assigned = 1, .asid = 1000 },
		{ .assigned = 1, .asid = MODULE_ASID, .large = 1, .page = 1 },
		{ .assigned = 1, .asid = MODULE_ASID, .large = 1, .gpa = SNPT_PAGE_SIZE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (rmp_update(&bad[i]) != FAIL_INPUT)
			fail_msg("Row %zu wasn't refused", i);
}

TEST(update_of_immutable, &pages)
{
	rmp_assign(1, MODULE_ASID, gpa_of(1), true);
	assert_int_equal(rmp_update(&(struct snpt_update){ .page = 1 }), FAIL_PERMISSION);
}

TEST(update_of_another_size, &pages)
{
	struct snpt_update large = {
		.assigned = 1, .large = 1, .asid = MODULE_ASID, .gpa = LARGE_GPA,
	};

	rmp_assign(5, MODULE_ASID, gpa_of(5), false);
	assert_int_equal(rmp_update(&large), FAIL_OVERLAP);
	rmp_release(5);
	assert_int_equal(rmp_update(&large), 0);
	assert_int_equal(rmp_update(&(struct snpt_update){ .page = 5 }), FAIL_OVERLAP);
	assert_int_equal(rmp_update(&(struct snpt_update){ .page = 0 }), FAIL_OVERLAP);
}

static void assign_all(void)
{
	for (__u32 page = 0; page < LARGE_PAGES; page++)
		rmp_assign(page, MODULE_ASID, gpa_of(page), true);
}

TEST(unsmash, &pages)
{
	assign_all();
	assert_false(rmp_is_large(0));
	assert_int_equal(firmware_page(SNP_PAGE_UNSMASH, 0, 0), 0);
	assert_true(rmp_is_large(0));
	assert_true(rmp_is_large(LARGE_PAGES - 1));
	assert_false(rmp_is_large(LARGE_PAGES));

	/* It is immutable until it is reclaimed, all of it at once. */
	assert_int_equal(rmp_update(&(struct snpt_update){ .large = 1 }), FAIL_PERMISSION);
	assert_int_equal(firmware_page(SNP_PAGE_RECLAIM, 0, 0), INVALID_PAGE_SIZE);
	assert_int_equal(firmware_page(SNP_PAGE_RECLAIM, 0, RECLAIM_LARGE), 0);
	assert_true(rmp_is_large(0));
	assert_int_equal(rmp_update(&(struct snpt_update){ .large = 1 }), 0);
}

/* One of the 512 is as it is given here, the others are as they have to be. */
static void expect_not_joined(const struct snpt_update *odd, const char *why)
{
	assert_int_equal(firmware_page(SNP_PAGE_RECLAIM, odd->page, 0), 0);
	rmp_release(odd->page);
	if (rmp_update(odd))
		fail_msg("RMPUPDATE refuses %s", why);
	if (firmware_page(SNP_PAGE_UNSMASH, 0, 0) != INVALID_PAGE_STATE)
		fail_msg("SNP_PAGE_UNSMASH took %s", why);
	assert_int_equal(firmware_page(SNP_PAGE_RECLAIM, odd->page, 0), 0);
	rmp_release(odd->page);
	rmp_assign(odd->page, MODULE_ASID, gpa_of(odd->page), true);
}

TEST(unsmash_refused, &pages)
{
	static const __u32 places[] = { 0, 1, LARGE_PAGES - 1 };

	assign_all();
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct snpt_update right = {
			.page = places[i], .assigned = 1, .asid = MODULE_ASID,
			.gpa = gpa_of(places[i]), .immutable = 1,
		}, odd;

		odd = right;
		odd.immutable = 0;
		expect_not_joined(&odd, "a page that isn't immutable");
		odd = right;
		odd.asid = OTHER_ASID;
		expect_not_joined(&odd, "another guest's page");
		odd = right;
		odd.asid = 0;
		expect_not_joined(&odd, "a page of the firmware");
		odd = right;
		odd.gpa += SNPT_PAGE_SIZE;
		expect_not_joined(&odd, "a page with another guest address");
	}
	assert_int_equal(firmware_page(SNP_PAGE_UNSMASH, 1, 0), INVALID_PARAM);
	assert_int_equal(firmware_page(SNP_PAGE_UNSMASH, 0, 1), INVALID_PARAM);
	assert_int_equal(firmware_page(SNP_PAGE_UNSMASH, 0, 0), 0);
	/* A large page */
	assert_int_equal(firmware_page(SNP_PAGE_UNSMASH, 0, 0), INVALID_PAGE_STATE);
	/* Pages of the hypervisor */
	assert_int_equal(firmware_page(SNP_PAGE_UNSMASH, LARGE_PAGES, 0), INVALID_PAGE_STATE);
}

/* The guest's addresses follow each other, but not from a multiple of 2 MiB on. */
TEST(unsmash_of_misaligned_guest_pages, &pages)
{
	for (__u32 page = 0; page < LARGE_PAGES; page++)
		rmp_assign(page, MODULE_ASID, gpa_of(page + 1), true);
	assert_int_equal(firmware_page(SNP_PAGE_UNSMASH, 0, 0), INVALID_PAGE_STATE);
}

/* As far as the device goes */
static void expect_bytes(__u32 page, __u8 byte, const char *what)
{
	__u8 content[SNPT_PAGE_SIZE];

	page_read(page, content);
	for (size_t i = 0; i < SNPT_DMA_SIZE; i++)
		if (content[i] != byte)
			fail_msg("%s: byte %zu is %#x, not %#x", what, i, content[i], byte);
}

#define SOURCE	0
#define TARGET	1
#define COPY	2

static void expect_dma_refused(const char *whose)
{
	__u32 faults = event_count(DMA_RMP_FAULTS);

	page_dma(TARGET, true);
	assert_int_not_equal(event_count(DMA_RMP_FAULTS), faults);
	expect_bytes(TARGET, 0x22, whose);
}

TEST(dma, &pages)
{
	page_fill(SOURCE, 0x11);
	page_fill(TARGET, 0x11);
	page_dma(SOURCE, false);
	page_fill(TARGET, 0x22);
	rmp_assign(TARGET, MODULE_ASID, gpa_of(TARGET), false);
	expect_dma_refused("a guest's page");
	rmp_release(TARGET);
	rmp_donate(TARGET);
	expect_dma_refused("a page of the firmware");
	assert_int_equal(firmware_page(SNP_PAGE_RECLAIM, TARGET, 0), 0);
	rmp_release(TARGET);

	/* The neighbour of an assigned page, and the page itself when it is the host's */
	rmp_assign(COPY, MODULE_ASID, gpa_of(COPY), false);
	page_dma(TARGET, true);
	expect_bytes(TARGET, 0x11, "a page of the host");
}

/* A device finds what the host finds in a guest's page: noise. */
TEST(dma_reads_noise, &pages)
{
	__u8 host[SNPT_PAGE_SIZE], read[SNPT_PAGE_SIZE];

	page_fill(SOURCE, 0x33);
	rmp_assign(SOURCE, MODULE_ASID, gpa_of(SOURCE), false);
	page_read(SOURCE, host);
	page_dma(SOURCE, false);
	page_dma(COPY, true);
	page_read(COPY, read);
	assert_memory_equal(read, host, SNPT_DMA_SIZE);
}

/* The processor may not set the accessed bit there. */
TEST(page_table, &pages)
{
	/* So far from all else that it has a table of its own */
	char *map = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(madvise(map, 8 << 20, MADV_NOHUGEPAGE), 0);
	map[4 << 20] = 1;
	assert_int_equal(read_through_assigned_table(map + (4 << 20)), -EFAULT);
	assert_int_equal(map[4 << 20], 1);
	munmap(map, 8 << 20);
}

EMULATED_MAIN("rmp")

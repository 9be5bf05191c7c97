// SPDX-License-Identifier: GPL-2.0-only
/*
 * MRTD, recomputed. The TDX module's specification has it thus: each TDH.MEM.PAGE.ADD adds 128
 * bytes, "MEM.PAGE.ADD" at offset 0 and the address at 16; each TDH.MR.EXTEND adds 128, with
 * "MR.EXTEND" and the address, and the 256 bytes that it measures.
 */
#include <openssl/evp.h>

#include "td_machine.h"
#include "unit.h"

#define PAGES 3

struct record {
	unsigned char bytes[16 * 1024];
	size_t size;
};

static void append(struct record *record, const void *data, size_t size)
{
	assert_true(record->size + size <= sizeof(record->bytes));
	memcpy(record->bytes + record->size, data, size);
	record->size += size;
}

static void append_header(struct record *record, const char *name, unsigned long gpa)
{
	unsigned char header[128] = "";
	int i;

	memcpy(header, name, strlen(name));
	for (i = 0; i < 8; i++)
		header[16 + i] = gpa >> i * 8;
	append(record, header, sizeof(header));
}

static void expect_mrtd(struct tdxm *m, const struct record *record)
{
	unsigned char wanted[EVP_MAX_MD_SIZE];
	unsigned int size;

	assert_int_equal(EVP_Digest(record->bytes, record->size, wanted, &size, EVP_sha384(),
				    NULL), 1);
	assert_int_equal(size, TDXM_DIGEST_SIZE);
	assert_memory_equal(tdxm_td(m, TDR)->mrtd, wanted, size);
}

/* What LAUNCHING has done already */
static void append_first_page(struct record *record)
{
	unsigned char zeros[TDXM_EXTEND_SIZE] = "";

	append_header(record, "MEM.PAGE.ADD", LAUNCHED_GPA);
	append_header(record, "MR.EXTEND", LAUNCHED_GPA);
	append(record, zeros, sizeof(zeros));
}

static void fill(struct tdxm *m, u64 pfn, int seed)
{
	unsigned char *memory = tdxm_address(m, pfn);
	unsigned int i;

	for (i = 0; i < TDXM_PAGE_SIZE; i++)
		memory[i] = i * 7 + i / TDXM_EXTEND_SIZE + seed;
}

/* Adds a page and measures the whole of it. In place if @source is @pfn */
static void add_and_measure(struct tdxm *m, struct record *record, u64 gpa, u64 pfn, u64 source)
{
	unsigned char content[TDXM_PAGE_SIZE];
	unsigned int at;

	memcpy(content, tdxm_address(m, source), sizeof(content));
	td_do(tdxm_mem_page_add(m, TDR, gpa, pfn, source));
	append_header(record, "MEM.PAGE.ADD", gpa);
	for (at = 0; at < sizeof(content); at += TDXM_EXTEND_SIZE) {
		td_do(tdxm_mr_extend(m, TDR, gpa + at));
		append_header(record, "MR.EXTEND", gpa + at);
		append(record, content + at, TDXM_EXTEND_SIZE);
	}
}

TEST(pages_with_content, &td_machine)
{
	struct record record = { .size = 0 };
	struct tdxm *m = *state;
	int i;

	td_reach(m, LAUNCHING);
	append_first_page(&record);
	for (i = 0; i < 2; i++) {
		fill(m, SPARE + 8, i);
		add_and_measure(m, &record, GPA + i * TDXM_PAGE_SIZE, SPARE + i, SPARE + 8);
	}
	td_do(tdxm_mr_finalize(m, TDR));
	expect_mrtd(m, &record);
	td_expect_kept(m);
}

TEST(in_place, &td_machine)
{
	struct record record = { .size = 0 };
	struct tdxm *m = *state;

	td_reach(m, LAUNCHING);
	append_first_page(&record);
	fill(m, SPARE, 3);
	add_and_measure(m, &record, GPA, SPARE, SPARE);
	td_do(tdxm_mr_finalize(m, TDR));
	expect_mrtd(m, &record);
	td_expect_kept(m);
}

/* Only the addresses of such pages count. */
TEST(without_content, &td_machine)
{
	struct record record = { .size = 0 };
	struct tdxm *m = *state;
	int i;

	td_reach(m, LAUNCHING);
	append_first_page(&record);
	for (i = 0; i < PAGES; i++) {
		fill(m, SPARE + 8, i);
		td_do(tdxm_mem_page_add(m, TDR, GPA + i * TDXM_PAGE_SIZE, SPARE + i, SPARE + 8));
		append_header(&record, "MEM.PAGE.ADD", GPA + i * TDXM_PAGE_SIZE);
	}
	td_do(tdxm_mr_finalize(m, TDR));
	expect_mrtd(m, &record);
	td_expect_kept(m);
}

TEST(what_the_host_changed_is_told_of, &td_machine)
{
	struct tdxm *m = *state;

	td_reach(m, LAUNCHING);
	td_do(tdxm_mem_page_add(m, TDR, GPA, SPARE, SPARE + 8));
	memset(tdxm_address(m, SPARE), 0, 8);
	td_do(tdxm_mr_extend(m, TDR, GPA));
	td_expect_broken(m, TDXM_HOST_WROTE);
}

TEST_MAIN("tdx/measurement")

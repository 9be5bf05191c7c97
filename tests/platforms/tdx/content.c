// SPDX-License-Identifier: GPL-2.0-only
#include "content.h"
#include "model.h"
#include "td.h"

#define WORDS (TDXM_PAGE_SIZE / sizeof(u64))

/* The finalizer of SplitMix64: each bit of @x changes half of the result's. */
static u64 mix(u64 x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

static u64 stream(struct tdxm *m, u64 pfn, size_t word)
{
	return mix(mix(m->frames[pfn].td->secret) ^ (pfn << 9 | word));
}

static u64 sum_of(struct tdxm *m, u64 pfn)
{
	const u64 *memory = tdxm_address(m, pfn);
	u64 sum = 0;
	size_t i;

	for (i = 0; i < WORDS; i++)
		sum = mix(sum ^ memory[i]) + i;
	return sum;
}

void tdxm_content_sum(struct tdxm *m, u64 pfn)
{
	m->frames[pfn].sum = sum_of(m, pfn);
}

bool tdxm_content_check(struct tdxm *m, u64 pfn)
{
	if (m->frames[pfn].sum == sum_of(m, pfn))
		return true;
	tdxm_broken(m, TDXM_HOST_WROTE, pfn << TDXM_PAGE_SHIFT);
	return false;
}

void tdxm_content_zero(struct tdxm *m, u64 pfn)
{
	u64 *memory = tdxm_address(m, pfn);
	size_t i;

	for (i = 0; i < WORDS; i++)
		memory[i] = stream(m, pfn, i);
	tdxm_content_sum(m, pfn);
}

void tdxm_content_seal(struct tdxm *m, u64 pfn, const void *source)
{
	u64 *memory = tdxm_address(m, pfn);
	const u64 *plain = source;
	size_t i;

	for (i = 0; i < WORDS; i++)
		memory[i] = plain[i] ^ stream(m, pfn, i);
	tdxm_content_sum(m, pfn);
}

void tdxm_content_read(struct tdxm *m, u64 pfn, size_t offset, void *to, size_t size)
{
	const u64 *memory = tdxm_address(m, pfn);
	u64 *plain = to;
	size_t i, first = offset / sizeof(u64);

	tdxm_content_check(m, pfn);
	for (i = 0; i < size / sizeof(u64); i++)
		plain[i] = memory[first + i] ^ stream(m, pfn, first + i);
}

void tdxm_content_write(struct tdxm *m, u64 pfn, size_t offset, u64 value)
{
	u64 *memory = tdxm_address(m, pfn);
	size_t word = offset / sizeof(u64);

	tdxm_content_check(m, pfn);
	memory[word] = value ^ stream(m, pfn, word);
	tdxm_content_sum(m, pfn);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model's encryption: each guest has a key, and the host finds garbage. A
 * sum tells if a page was written without the guest's knowledge.
 */

#include <linux/mm.h>

#include "platform.h"

#define WORDS	(PAGE_SIZE / sizeof(u64))

static u64 mix(u64 x)
{
	x ^= x >> 31;
	x *= 0x7fb5d329728ea185ULL;
	x ^= x >> 27;
	x *= 0x81dadef4bc2dd44dULL;
	return x ^ x >> 33;
}

/* Word i of a guest's page is stored with these bits inverted. */
u64 kpp_cipher_word(u64 key, unsigned long i)
{
	return mix(key * WORDS + i + 1);
}

void kpp_cipher_page(void *page, u64 key)
{
	u64 *words = page;
	unsigned long i;

	for (i = 0; i < WORDS; i++)
		words[i] ^= kpp_cipher_word(key, i);
}

/* A word's part of the sum, so that a write needn't add up the whole page */
u64 kpp_cipher_sum_word(u64 word, unsigned long i)
{
	return mix(word + mix(i + 1));
}

u64 kpp_cipher_sum(const void *page)
{
	const u64 *words = page;
	unsigned long i;
	u64 sum = 0;

	for (i = 0; i < WORDS; i++)
		sum += kpp_cipher_sum_word(words[i], i);
	return sum;
}

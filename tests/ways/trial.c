// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "huge.h"
#include "lists.h"
#include "ordinary.h"
#include "trial.h"

size_t words_in(const void *buffer, size_t size, __u64 word)
{
	const __u64 *words = buffer;
	size_t found = 0;

	for (size_t i = 0; i < size / sizeof(word); i++)
		found += words[i] == word ? sizeof(word) : 0;
	return found;
}

void fill_words(void *page, __u64 word)
{
	__u64 *words = page;

	for (size_t i = 0; i < PAGE / sizeof(word); i++)
		words[i] = word;
}

void tell(const char *kind, const char *who, const char *way,
	  const char *format, ...)
{
	char got[128];
	va_list args;

	va_start(args, format);
	vsnprintf(got, sizeof(got), format, args);
	va_end(args);
	print_message("# way | %-6s | %-9s | %-34s | %s\n", kind, who, way, got);
}

int file_of_kind(const char *kind, __u64 size)
{
	if (!strcmp(kind, "huge"))
		return huge_create(size, KVM_PRIVATE_FLAG_MMAP);
	return file_create(size, strcmp(kind, "plain") ? KVM_PRIVATE_FLAG_MMAP : 0);
}

static const char *described(int result)
{
	if (!result)
		return "other memory";
	return result > 0 ? sigabbrev_np(result) : strerrorname_np(-result);
}

static void try_way(const struct way *way, const struct secret *secret,
		    const char *who)
{
	const bool mapped = secret->target.protection != PROT_NONE;
	unsigned char page[WAY_PAGE];
	size_t got;
	int result;

	memset(page, FORGED_BYTE, sizeof(page));
	result = way->attempt(&secret->target, page);
	got = way->kind == WAY_READS ? words_in(page, sizeof(page), secret->word) : 0;
	tell(secret->kind, who, way->name, "%zu bytes, %s%s", got,
	     result > 0 ? "SIG" : "", described(result));
	if (got || (mapped && !result))
		fail_msg("%s gets at a private page", way->name);
}

static const struct way_list ways_of_holder = { "holder", ways_in, 0 };

static void try_list(const struct way_list *list, size_t nr,
		     const struct secret *secret)
{
	for (size_t i = 0; i < nr; i++) {
		const struct way *way = &list->ways[i];
		const char *problem = ordinary_problem(way);

		if (problem)
			fail_msg("%s doesn't even work on ordinary memory: %s",
				 way->name, problem);
		try_way(way, secret, list->who);
	}
}

void try_all_ways(const struct secret *secret)
{
	static const struct way_list *const others[] = {
		&ways_by_kernel, &ways_of_neighbour, &ways_by_core_dump,
	};

	try_list(&ways_of_holder, nr_ways_in, secret);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		try_list(others[i], others[i]->nr, secret);
}

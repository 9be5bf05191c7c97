// SPDX-License-Identifier: GPL-2.0-only
#include "host_memory.h"

#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE_SIZE	4096
#define CHUNK_PAGES	256
#define CHUNK_SIZE	(CHUNK_PAGES * PAGE_SIZE)

#define MAX_SEGMENTS	64
#define WORD		sizeof(__u64)
#define PAGE_WORDS	(PAGE_SIZE / WORD)
#define MAX_TEXT_WORDS	16
#define PROBE_WORDS	16

/* From here on /proc/kcore has the kernel's image, and its modules. */
#define KERNEL_IMAGE	0xffffffff80000000ULL
#define NO_ADDRESS	(~0ULL)

/* The text as often as that, one behind the other */
#define COPIES		2

struct text {
	__u64 words[MAX_TEXT_WORDS];
	size_t nr_words;
};

static struct text split(const char *string)
{
	struct text text = { .nr_words = strlen(string) / WORD };

	if (!text.nr_words || text.nr_words > MAX_TEXT_WORDS || strlen(string) % WORD)
		errx(1, "such a text can't be looked for");
	memcpy(text.words, string, strlen(string));
	return text;
}

/* Does the text go on there for so many copies, which may begin within it? */
static bool goes_on(const __u64 *at, const struct text *text, size_t begin)
{
	for (size_t i = 0; i < COPIES * text->nr_words; i++)
		if (at[i] != text->words[(begin + i) % text->nr_words])
			return false;
	return true;
}

/* Only some words are looked at: a page that is full of the text has it there, too. */
static bool page_has(const __u64 *page, const struct text *text)
{
	size_t last = PAGE_WORDS - COPIES * text->nr_words;

	for (size_t at = 0; at <= last; at += PROBE_WORDS)
		for (size_t i = 0; i < text->nr_words; i++)
			if (page[at] == text->words[i] && goes_on(page + at, text, i))
				return true;
	return false;
}

static void search_segment(int kcore, const Elf64_Phdr *segment, const struct text *text,
			   struct host_search *search)
{
	static __u64 chunk[CHUNK_SIZE / WORD];
	__u64 done = 0;

	while (done < segment->p_filesz) {
		__u64 left = segment->p_filesz - done;
		ssize_t size = pread(kcore, chunk, left < CHUNK_SIZE ? left : CHUNK_SIZE,
				     segment->p_offset + done);

		if (size < PAGE_SIZE)
			err(1, "can't read /proc/kcore at %#llx",
			    (unsigned long long)segment->p_vaddr + done);
		for (ssize_t at = 0; at + PAGE_SIZE <= size; at += PAGE_SIZE)
			search->pages += page_has(chunk + at / WORD, text);
		done += size;
		search->bytes += size;
	}
	/* No copy is to be left that a later search would find. */
	explicit_bzero(chunk, sizeof(chunk));
}

struct host_search host_memory_search(const char *string)
{
	const struct text text = split(string);
	struct host_search search = { 0 };
	Elf64_Phdr segments[MAX_SEGMENTS];
	Elf64_Ehdr header;
	size_t size;
	int kcore;

	kcore = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	if (kcore < 0)
		err(1, "can't open /proc/kcore");
	if (pread(kcore, &header, sizeof(header), 0) != sizeof(header) ||
	    header.e_phnum > MAX_SEGMENTS)
		errx(1, "can't make sense of /proc/kcore");
	size = header.e_phnum * sizeof(segments[0]);
	if (pread(kcore, segments, size, header.e_phoff) != (ssize_t)size)
		errx(1, "can't read the segments of /proc/kcore");

	/* The others are mappings of the same memory elsewhere. */
	for (int i = 0; i < header.e_phnum; i++)
		if (segments[i].p_type == PT_LOAD && segments[i].p_paddr != NO_ADDRESS &&
		    segments[i].p_vaddr < KERNEL_IMAGE)
			search_segment(kcore, &segments[i], &text, &search);
	close(kcore);
	if (!search.bytes)
		errx(1, "/proc/kcore has no memory");
	return search;
}

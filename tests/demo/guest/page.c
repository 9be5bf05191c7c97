// SPDX-License-Identifier: GPL-2.0-only
/* A page of the witness's memory */
#include "page.h"

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "../witness.h"

#define PAGEMAP_PRESENT	0x8000000000000000ULL
#define PAGEMAP_PFN	0x007fffffffffffffULL

unsigned long long page_address(const unsigned char *page)
{
	off_t entry = (uintptr_t)page / PAGE_SIZE * sizeof(uint64_t);
	unsigned long long value;
	int fd;

	fd = open("/proc/self/pagemap", O_RDONLY);
	if (fd < 0 || pread(fd, &value, sizeof(value), entry) != sizeof(value))
		err(1, "can't read /proc/self/pagemap");
	close(fd);

	if (!(value & PAGEMAP_PRESENT) || !(value & PAGEMAP_PFN))
		errx(1, "the kernel doesn't tell where the page is");
	return (value & PAGEMAP_PFN) * PAGE_SIZE;
}

static unsigned char pattern(const char *text, size_t offset)
{
	return text[offset % strlen(text)];
}

void page_fill(unsigned char *page, const char *text)
{
	for (size_t i = 0; i < PAGE_SIZE; i++)
		page[i] = pattern(text, i);
}

const char *page_look(const unsigned char *page, const char *text)
{
	size_t unchanged = 0;
	size_t zero = 0;

	for (size_t i = 0; i < PAGE_SIZE; i++) {
		unchanged += page[i] == pattern(text, i);
		zero += page[i] == 0;
	}
	if (unchanged == PAGE_SIZE)
		return WITNESS_UNCHANGED;
	if (zero == PAGE_SIZE)
		return WITNESS_ZERO;
	return WITNESS_DAMAGED;
}

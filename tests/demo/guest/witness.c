// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's side of the demo: fills a page of its memory, tells the host
 * where it is and, each time the host sends a line, what is in it by then. The
 * host must not be able to know that otherwise, so only the guest can say.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../witness.h"

#define PAGE_SIZE	4096UL

#define PAGEMAP_PRESENT	0x8000000000000000ULL
#define PAGEMAP_PFN	0x007fffffffffffffULL

static unsigned char *page;

static unsigned long long physical_address(void)
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

static unsigned char pattern(size_t offset)
{
	const char *text = WITNESS_TEXT;

	return text[offset % strlen(text)];
}

static const char *look(void)
{
	size_t unchanged = 0;
	size_t zero = 0;

	for (size_t i = 0; i < PAGE_SIZE; i++) {
		unchanged += page[i] == pattern(i);
		zero += page[i] == 0;
	}
	if (unchanged == PAGE_SIZE)
		return WITNESS_UNCHANGED;
	if (zero == PAGE_SIZE)
		return WITNESS_ZERO;
	return WITNESS_DAMAGED;
}

int main(void)
{
	unsigned long long address;
	char line[80];

	page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || mlock(page, PAGE_SIZE))
		err(1, "no page");
	for (size_t i = 0; i < PAGE_SIZE; i++)
		page[i] = pattern(i);

	address = physical_address();

	if (!fgets(line, sizeof(line), stdin) || strcmp(line, WITNESS_START))
		errx(1, "the host doesn't start the conversation");
	printf(WITNESS_READY "\n", WITNESS_TEXT, address);
	fflush(stdout);

	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, WITNESS_QUIT))
			return 0;
		/* The answer is worth nothing for a page that has moved. */
		if (physical_address() != address)
			puts(WITNESS_MOVED);
		else
			puts(look());
		fflush(stdout);
	}
	errx(1, "the host has gone");
}

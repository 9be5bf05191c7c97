// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <sys/mman.h>

#include "device.h"
#include "memory.h"
#include "unit.h"

const struct bad_pointer bad_pointers[] = {
	{ "NULL", NULL },
	{ "a pointer into the first page", (void *)8 },
	{ "the last page of user addresses", (void *)0x7ffffffff000 },
	{ "a non-canonical address", (void *)0x8000000000000000 },
	{ "the direct map", (void *)0xffff888000001000 },
	{ "the kernel's text", (void *)0xffffffff81000000 },
	{ "the last page of all", (void *)0xfffffffffffff000 },
	{ "the last byte of all", (void *)-1 },
	{ NULL, NULL },
};

void *guarded_map(size_t size)
{
	size_t whole = (size + PAGE - 1) & -PAGE;
	char *start = mmap(NULL, whole + PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	assert_ptr_not_equal(start, MAP_FAILED);
	/* Kept reserved, so that no later mapping lands there. */
	assert_return_code(mprotect(start + whole, PAGE, PROT_NONE), errno);
	return start;
}

void guarded_unmap(void *start, size_t size)
{
	size_t whole = (size + PAGE - 1) & -PAGE;

	munmap(start, whole + PAGE);
}

void *guarded_tail(void *start, size_t size)
{
	return (char *)start + PAGE - size;
}

void make_read_only(void *start)
{
	assert_return_code(mprotect(start, PAGE, PROT_READ), errno);
}

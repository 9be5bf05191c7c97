// SPDX-License-Identifier: GPL-2.0-only
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "known_page.h"
#include "trial.h"

int known_page_create(void **state)
{
	static struct known_page page;

	page.kind = *state;
	page.fd = file_of_kind(page.kind, KNOWN_SIZE);
	page.map = file_map(page.fd, KNOWN_SIZE);
	page.address = page.map + KNOWN_OFFSET;
	expect_ok(file_make_shared(page.fd, KNOWN_OFFSET, PAGE, 0), "sharing");
	fill_words(page.address, KNOWN_WORD);
	page.pfn = pfn_at(page.address);
	expect_ok(file_make_private(page.fd, KNOWN_OFFSET, PAGE, CONVERT_PRESERVE),
		  "to private");
	*state = &page;
	return 0;
}

int known_page_destroy(void **state)
{
	const struct known_page *page = *state;

	expect_ok(file_make_shared(page->fd, KNOWN_OFFSET, PAGE, CONVERT_PRESERVE),
		  "sharing");
	assert_int_equal(words_in(page->address, PAGE, KNOWN_WORD), PAGE);
	munmap(page->map, KNOWN_SIZE);
	return close(page->fd);
}

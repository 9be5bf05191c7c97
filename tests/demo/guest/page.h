/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_DEMO_GUEST_PAGE_H
#define TESTS_DEMO_GUEST_PAGE_H

#define PAGE_SIZE	4096UL

/* Where in the guest's memory a page of this program is. */
unsigned long long page_address(const unsigned char *page);

/* Fills it with @text, over and over. */
void page_fill(unsigned char *page, const char *text);

/* The page's content, in words of witness.h, after it was filled with @text */
const char *page_look(const unsigned char *page, const char *text);

#endif /* TESTS_DEMO_GUEST_PAGE_H */

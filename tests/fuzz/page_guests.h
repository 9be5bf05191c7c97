/* SPDX-License-Identifier: GPL-2.0-only */
/* The fuzzer's guests, in the place of those of tests/kvm */
#ifndef TESTS_FUZZ_PAGE_GUESTS_H
#define TESTS_FUZZ_PAGE_GUESTS_H

#include "../kvm/guests.h"

/* The words 0, 1, 256 and 511 of the page at RDI, in RAX, RBX, RCX and RDX */
extern const char guest_read[];
/* word at RDI = RSI */
extern const char guest_write[];
/* All of the page at RDI: the first word = RSI, the last = RCX, the rest = RDX */
extern const char guest_write_all[];

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guests of the benchmarks, run like those of tests/kvm: routines that end
 * with HLT, arguments in RDI, RSI, RDX and RCX, result in RAX. They access
 * memory by string instructions, whose every iteration counts as one
 * instruction.
 */
#ifndef TESTS_BENCH_GUESTS_H
#define TESTS_BENCH_GUESTS_H

extern const char guests_begin[];
extern const char guests_end[];

/* The first RCX words of RSI pages from RDI on = RDX + address of their page */
extern const char guest_write[];
/* RAX = number of pages that don't begin with the words of guest_write */
extern const char guest_read[];
/* Copies RCX words from RSI to RDI. */
extern const char guest_copy[];

#endif /* TESTS_BENCH_GUESTS_H */

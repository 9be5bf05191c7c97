/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Included before set_memory_region_test.c of newer kernels, to make a variant
 * of it without its one part that never ends on 6.12: the call of that part,
 * which has no arguments, becomes one of an empty function; the definition,
 * whose argument is void, gets another name.
 */
#ifndef NO_VECTORING_H
#define NO_VECTORING_H

#ifndef __ASSEMBLER__

#define test_mmio_during_vectoring(arg) test_mmio_during_vectoring_##arg(arg)

static inline void test_mmio_during_vectoring_(void)
{
}

#endif

#endif

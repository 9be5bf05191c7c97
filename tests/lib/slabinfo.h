/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_SLABINFO_H
#define TESTS_LIB_SLABINFO_H

/*
 * Objects of a slab cache that are in use, exact to within SLABINFO_NOISE: a
 * CPU keeps some free ones that count as used.
 */
unsigned long slab_objects(const char *cache);

#define SLABINFO_NOISE 128

/* Waits until at most that many are in use. */
void wait_for_slab_objects(const char *cache, unsigned long at_most);

#endif /* TESTS_LIB_SLABINFO_H */

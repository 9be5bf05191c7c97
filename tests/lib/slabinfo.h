/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_SLABINFO_H
#define TESTS_LIB_SLABINFO_H

/*
 * Objects of a slab cache that are in use. A CPU keeps some that are free and
 * counts them as used: exact to within SLABINFO_NOISE.
 */
unsigned long slab_objects(const char *cache);

#define SLABINFO_NOISE 128

/* Waits until there are at most that many. */
void wait_for_slab_objects(const char *cache, unsigned long at_most);

#endif /* TESTS_LIB_SLABINFO_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_SLABINFO_H
#define TESTS_LIB_SLABINFO_H

/*
 * Objects of a slab cache that are in use, exact to within SLABINFO_NOISE: a
 * CPU keeps some free ones that count as used.
 */
unsigned long slab_objects(const char *cache);

#define SLABINFO_NOISE 128

/*
 * With sheaves (Linux 7.2) each CPU and node keeps hundreds of free objects that
 * count as used until the cache is told to shrink, which this does. Those that
 * were freed by kfree_rcu() are charged until then or until their sheaf is full.
 */
void slab_give_back(const char *cache);

/* Waits until at most that many are in use. */
void wait_for_slab_objects(const char *cache, unsigned long at_most);

#endif /* TESTS_LIB_SLABINFO_H */

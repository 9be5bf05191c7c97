/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_ORDERS_H
#define TESTS_LIB_ORDERS_H

#include <stdbool.h>

/*
 * All orders of @nr different numbers, one after the other, from ascending to
 * descending. False after the last, which leaves the first.
 */
bool next_order(unsigned int *order, unsigned int nr);

#endif /* TESTS_LIB_ORDERS_H */

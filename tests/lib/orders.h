/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_ORDERS_H
#define TESTS_LIB_ORDERS_H

#include <stdbool.h>

/*
 * Goes through all orders of @nr different numbers, from ascending to
 * descending. False after the last, and then the numbers are in the first
 * order.
 */
bool next_order(unsigned int *order, unsigned int nr);

#endif /* TESTS_LIB_ORDERS_H */

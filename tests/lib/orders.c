// SPDX-License-Identifier: GPL-2.0-only
#include "orders.h"

static void swap(unsigned int *one, unsigned int *other)
{
	const unsigned int kept = *one;

	*one = *other;
	*other = kept;
}

static void reverse(unsigned int *first, unsigned int *end)
{
	while (first < end)
		swap(first++, --end);
}

bool next_order(unsigned int *order, unsigned int nr)
{
	unsigned int *const end = order + nr;
	unsigned int *falling = end - 1, *larger = end - 1;

	while (falling > order && falling[-1] > *falling)
		falling--;
	reverse(falling, end);
	if (falling == order)
		return false;

	for (larger = falling; *larger < falling[-1]; larger++)
		;
	swap(falling - 1, larger);
	return true;
}

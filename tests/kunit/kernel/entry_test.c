// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entries of the store, and the numbers of a unit. No page is touched, so that any pfn
 * will do.
 */

#include <kunit/test.h>
#include <linux/module.h>

#include "memory/unit.h"

static const unsigned int entry_orders[] = {
	0, KVM_PRIVATE_ORDER_BATCH, KVM_PRIVATE_ORDER_HUGE, KVM_PRIVATE_ORDER_GIGANTIC,
};

#define NR_KINDS	(4 * ARRAY_SIZE(entry_orders))

/* One of the NR_KINDS combinations of an order, unsplit or not, and poisoned or not */
static struct kvm_private_unit entry_unit(unsigned int kind, unsigned long pfn, pgoff_t index)
{
	return (struct kvm_private_unit){
		.head = pfn_to_page(pfn),
		.index = index,
		.order = entry_orders[kind / 4],
		.unsplit = kind & 1,
		.poisoned = kind & 2,
	};
}

static void entry_expect_unit(struct kunit *test, const struct kvm_private_unit *unit,
			      pgoff_t index)
{
	void *entry = kvm_private_entry(unit);
	struct kvm_private_unit found = kvm_private_entry_unit(entry, index);

	KUNIT_EXPECT_EQ(test, kvm_private_entry_order(entry), unit->order);
	KUNIT_EXPECT_EQ(test, page_to_pfn(found.head), page_to_pfn(unit->head));
	KUNIT_EXPECT_EQ(test, found.index, unit->index);
	KUNIT_EXPECT_EQ(test, found.order, unit->order);
	KUNIT_EXPECT_EQ(test, found.unsplit, unit->unsplit);
	KUNIT_EXPECT_EQ(test, found.poisoned, unit->poisoned);
	KUNIT_EXPECT_FALSE(test, found.claims);
}

/* Every page offset of a unit finds it. */
static void entry_has_its_unit(struct kunit *test)
{
	unsigned int kind, i, j;

	for (kind = 0; kind < NR_KINDS; kind++) {
		unsigned long nr = 1UL << entry_orders[kind / 4];
		const unsigned long pfns[] = {
			0, nr, 3 * nr, (1UL << (MAX_PHYSMEM_BITS - PAGE_SHIFT)) - nr,
		};
		const pgoff_t indices[] = {
			0, nr, 5 * nr, round_down(LLONG_MAX >> PAGE_SHIFT, nr),
		};

		for (i = 0; i < ARRAY_SIZE(pfns); i++) {
			for (j = 0; j < ARRAY_SIZE(indices); j++) {
				struct kvm_private_unit unit =
					entry_unit(kind, pfns[i], indices[j]);

				entry_expect_unit(test, &unit, indices[j]);
				entry_expect_unit(test, &unit, indices[j] + nr / 2);
				entry_expect_unit(test, &unit, indices[j] + nr - 1);
			}
		}
	}
}

/* The XArray takes other entries for nodes, or for ones of its own. */
static void entry_is_a_value(struct kunit *test)
{
	unsigned int kind;

	for (kind = 0; kind < NR_KINDS; kind++) {
		struct kvm_private_unit unit = entry_unit(kind, 0, 0);

		KUNIT_EXPECT_TRUE(test, xa_is_value(kvm_private_entry(&unit)));
	}
}

static void entry_differs_by_kind(struct kunit *test)
{
	unsigned int kind, other;

	for (kind = 0; kind < NR_KINDS; kind++) {
		struct kvm_private_unit unit = entry_unit(kind, 0, 0);

		for (other = 0; other < kind; other++) {
			struct kvm_private_unit another = entry_unit(other, 0, 0);

			KUNIT_EXPECT_PTR_NE(test, kvm_private_entry(&unit),
					    kvm_private_entry(&another));
		}
	}
}

static void unit_has_its_pages(struct kunit *test)
{
	unsigned int kind;

	for (kind = 0; kind < NR_KINDS; kind++) {
		unsigned long nr = 1UL << entry_orders[kind / 4];
		struct kvm_private_unit unit = entry_unit(kind, 8 * nr, 2 * nr);

		KUNIT_EXPECT_EQ(test, kvm_private_unit_nr(&unit), nr);
		KUNIT_EXPECT_EQ(test, kvm_private_unit_end(&unit), 3 * nr);
		KUNIT_EXPECT_PTR_EQ(test, kvm_private_unit_page(&unit, 2 * nr), unit.head);
		KUNIT_EXPECT_EQ(test, page_to_pfn(kvm_private_unit_page(&unit, 3 * nr - 1)),
				9 * nr - 1);
	}
}

/* Two for the first page of each block that may go back in one piece */
static void unit_references(struct kunit *test)
{
	const unsigned long block = 1UL << KVM_PRIVATE_ORDER_HUGE;
	unsigned int kind;
	pgoff_t index;

	for (kind = 0; kind < NR_KINDS; kind++) {
		unsigned long nr = 1UL << entry_orders[kind / 4];
		struct kvm_private_unit unit = entry_unit(kind, 0, nr);

		for (index = nr; index < 2 * nr; index++) {
			bool is_first = (index - nr) % block == 0;

			KUNIT_ASSERT_EQ(test, kvm_private_unit_refs(&unit, index),
					unit.unsplit && is_first ? 2 : 1);
		}
	}
}

static void unit_blocks(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(entry_orders); i++) {
		struct kvm_private_unit unit = entry_unit(4 * i, 0, 0);

		KUNIT_EXPECT_EQ(test, kvm_private_block_order(&unit),
				min(entry_orders[i], (unsigned int)KVM_PRIVATE_ORDER_HUGE));
		KUNIT_EXPECT_EQ(test, kvm_private_unit_is_huge(&unit), i >= 2);
		KUNIT_EXPECT_EQ(test, kvm_private_unit_is_gigantic(&unit), i == 3);
		KUNIT_EXPECT_EQ(test, kvm_private_order_below(entry_orders[i]),
				i == 3 ? KVM_PRIVATE_ORDER_HUGE : 0);
	}
}

static struct kunit_case entry_cases[] = {
	KUNIT_CASE(entry_has_its_unit),
	KUNIT_CASE(entry_is_a_value),
	KUNIT_CASE(entry_differs_by_kind),
	KUNIT_CASE(unit_has_its_pages),
	KUNIT_CASE(unit_references),
	KUNIT_CASE(unit_blocks),
	{}
};

static struct kunit_suite entries = {
	.name = "kvm_private_entry",
	.test_cases = entry_cases,
};

kunit_test_suite(entries);

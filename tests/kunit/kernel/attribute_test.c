// SPDX-License-Identifier: GPL-2.0-only
/* The ranges of attributes, compared with a bit for each page. */

#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/module.h>
#include <linux/prandom.h>

#include "attribute.c"

#define NR_PAGES	1024
#define NR_CHANGES	2000

/* Offset of the last page that a file can have */
#define LAST_PAGE	((pgoff_t)(LLONG_MAX >> PAGE_SHIFT) - 1)

/**
 * struct attribute_model - a file, and the attributes that its pages should have
 * @f: no more of it is initialised than attribute.c looks at
 * @private: a bit for each page
 */
struct attribute_model {
	struct kvm_private_file *f;
	DECLARE_BITMAP(private, NR_PAGES);
};

static int attribute_model_init(struct kunit *test, u64 flags)
{
	struct attribute_model *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, model);
	model->f = kunit_kzalloc(test, sizeof(*model->f), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model->f);

	model->f->flags = flags;
	init_rwsem(&model->f->invalidate_lock);
	kvm_private_attribute_init(model->f);
	if (kvm_private_initially_private(model->f))
		bitmap_fill(model->private, NR_PAGES);
	test->priv = model;
	return 0;
}

static int attribute_init_private(struct kunit *test)
{
	return attribute_model_init(test, 0);
}

static int attribute_init_shared(struct kunit *test)
{
	return attribute_model_init(test, KVM_PRIVATE_FLAG_INIT_SHARED);
}

static void attribute_exit(struct kunit *test)
{
	struct attribute_model *model = test->priv;

	if (!model)
		return;
	kvm_private_attribute_destroy(model->f);
	KUNIT_EXPECT_TRUE(test, mtree_empty(&model->f->converted));
}

static void attribute_set(struct kunit *test, pgoff_t start, pgoff_t end, bool private)
{
	struct attribute_model *model = test->priv;
	int ret;

	down_write(&model->f->invalidate_lock);
	ret = kvm_private_attribute_set(model->f, start, end, private);
	up_write(&model->f->invalidate_lock);
	KUNIT_ASSERT_EQ(test, ret, 0);

	if (end > NR_PAGES)
		return;
	if (private)
		bitmap_set(model->private, start, end - start);
	else
		bitmap_clear(model->private, start, end - start);
}

/* Page offset after the last that has the same attribute as the one at @index */
static pgoff_t attribute_end(struct attribute_model *model, pgoff_t index)
{
	return test_bit(index, model->private) ?
	       find_next_zero_bit(model->private, NR_PAGES, index) :
	       find_next_bit(model->private, NR_PAGES, index);
}

static void attribute_expect_each(struct kunit *test)
{
	struct attribute_model *model = test->priv;
	unsigned long shared = NR_PAGES - bitmap_weight(model->private, NR_PAGES);
	pgoff_t index;

	for (index = 0; index < NR_PAGES; index++)
		KUNIT_ASSERT_EQ_MSG(test, kvm_private_attribute_is_private(model->f, index),
				    test_bit(index, model->private), "page %lu", index);
	KUNIT_ASSERT_EQ(test, kvm_private_attribute_nr_shared(model->f, NR_PAGES), shared);
}

/* The tree has one entry for each range, which no other touches. */
static void attribute_expect_ranges(struct kunit *test)
{
	struct attribute_model *model = test->priv;
	bool initial = kvm_private_initially_private(model->f);
	unsigned long nr = 0, wanted = 0, index = 0;
	pgoff_t start, end;
	void *entry;

	for (start = 0; start < NR_PAGES; start = end) {
		end = attribute_end(model, start);
		wanted += test_bit(start, model->private) != initial;
	}
	mt_for_each(&model->f->converted, entry, index, ULONG_MAX)
		nr++;
	KUNIT_ASSERT_EQ(test, nr, wanted);
}

static void attribute_expect_found(struct kunit *test, pgoff_t from, pgoff_t to, bool private)
{
	struct attribute_model *model = test->priv;
	pgoff_t start = from, end = to;
	pgoff_t first = from;
	bool found;

	if (test_bit(first, model->private) != private)
		first = attribute_end(model, first);
	found = kvm_private_attribute_find(model->f, private, &start, &end);
	KUNIT_ASSERT_EQ_MSG(test, found, first < to, "from %lu to %lu", from, to);
	if (!found)
		return;
	KUNIT_ASSERT_EQ_MSG(test, start, first, "from %lu to %lu", from, to);
	KUNIT_ASSERT_EQ_MSG(test, end, min(to, attribute_end(model, first)),
			    "from %lu to %lu", from, to);
}

static void attribute_expect_clipped(struct kunit *test, pgoff_t from, pgoff_t to, pgoff_t index)
{
	struct attribute_model *model = test->priv;
	bool private = test_bit(index, model->private);
	pgoff_t start = from, end = to;
	pgoff_t first = index;

	while (first > from && test_bit(first - 1, model->private) == private)
		first--;
	kvm_private_attribute_clip(model->f, index, &start, &end);
	KUNIT_ASSERT_EQ_MSG(test, start, first, "from %lu to %lu at %lu", from, to, index);
	KUNIT_ASSERT_EQ_MSG(test, end, min(to, attribute_end(model, index)),
			    "from %lu to %lu at %lu", from, to, index);
}

static void attribute_expect_all(struct kunit *test)
{
	attribute_expect_each(test);
	attribute_expect_ranges(test);
	attribute_expect_found(test, 0, NR_PAGES, true);
	attribute_expect_found(test, 0, NR_PAGES, false);
}

static void attribute_of_a_new_file(struct kunit *test)
{
	struct attribute_model *model = test->priv;

	attribute_expect_all(test);
	KUNIT_EXPECT_TRUE(test, mtree_empty(&model->f->converted));
}

static void attribute_is_set_twice(struct kunit *test)
{
	attribute_set(test, 7, 9, true);
	attribute_expect_all(test);
	attribute_set(test, 7, 9, true);
	attribute_expect_all(test);
	attribute_set(test, 7, 9, false);
	attribute_expect_all(test);
	attribute_set(test, 7, 9, false);
	attribute_expect_all(test);
}

static void attribute_ranges_join(struct kunit *test)
{
	struct attribute_model *model = test->priv;
	bool private = !kvm_private_initially_private(model->f);

	attribute_set(test, 2, 4, private);
	attribute_set(test, 6, 8, private);
	attribute_expect_all(test);
	attribute_set(test, 4, 6, private);
	attribute_expect_all(test);
	attribute_set(test, 8, 9, private);
	attribute_set(test, 1, 2, private);
	attribute_expect_all(test);
	attribute_set(test, 0, NR_PAGES, private);
	attribute_expect_all(test);
}

static void attribute_ranges_split(struct kunit *test)
{
	struct attribute_model *model = test->priv;
	bool private = kvm_private_initially_private(model->f);

	attribute_set(test, 0, NR_PAGES, !private);
	attribute_set(test, 100, 200, private);
	attribute_expect_all(test);
	attribute_set(test, 0, 1, private);
	attribute_set(test, NR_PAGES - 1, NR_PAGES, private);
	attribute_expect_all(test);
	attribute_set(test, 0, NR_PAGES, private);
	attribute_expect_all(test);
	KUNIT_EXPECT_TRUE(test, mtree_empty(&model->f->converted));
}

/* More ranges than one store into the tree may replace */
static void attribute_of_many_ranges(struct kunit *test)
{
	struct attribute_model *model = test->priv;
	bool private = !kvm_private_initially_private(model->f);
	unsigned int round;
	pgoff_t index;

	for (round = 0; round < 2; round++) {
		for (index = 1; index < NR_PAGES; index += 2)
			attribute_set(test, index, index + 1, private);
		attribute_expect_all(test);
		attribute_set(test, 1, NR_PAGES - 2, round ? private : !private);
		attribute_expect_all(test);
		attribute_set(test, 0, NR_PAGES, !private);
		attribute_expect_all(test);
	}
	/* attribute_exit() looks at a tree that still has many. */
	for (index = 1; index < NR_PAGES; index += 2)
		attribute_set(test, index, index + 1, private);
}

static void attribute_of_the_last_page(struct kunit *test)
{
	struct attribute_model *model = test->priv;
	bool private = !kvm_private_initially_private(model->f);
	pgoff_t start = 0, end = LAST_PAGE + 1;

	attribute_set(test, LAST_PAGE, LAST_PAGE + 1, private);
	KUNIT_EXPECT_EQ(test, kvm_private_attribute_is_private(model->f, LAST_PAGE), private);
	KUNIT_EXPECT_EQ(test, kvm_private_attribute_is_private(model->f, LAST_PAGE - 1), !private);
	KUNIT_EXPECT_TRUE(test, kvm_private_attribute_find(model->f, private, &start, &end));
	KUNIT_EXPECT_EQ(test, start, LAST_PAGE);
	KUNIT_EXPECT_EQ(test, end, LAST_PAGE + 1);
	attribute_set(test, 0, LAST_PAGE + 1, private);
	KUNIT_EXPECT_EQ(test, kvm_private_attribute_nr_shared(model->f, LAST_PAGE + 1),
			private ? 0 : LAST_PAGE + 1);
	end = LAST_PAGE + 1;
	start = 0;
	KUNIT_EXPECT_FALSE(test, kvm_private_attribute_find(model->f, !private, &start, &end));
}

static void attribute_at_random(struct kunit *test)
{
	struct rnd_state random;
	unsigned int i;

	prandom_seed_state(&random, 7);
	for (i = 0; i < NR_CHANGES; i++) {
		pgoff_t from = prandom_u32_state(&random) % NR_PAGES;
		/* Short ranges as often as long ones */
		pgoff_t most = min_t(pgoff_t, NR_PAGES - from,
				     1UL << prandom_u32_state(&random) % 11);
		pgoff_t to = from + 1 + prandom_u32_state(&random) % most;
		pgoff_t index = from + prandom_u32_state(&random) % (to - from);

		attribute_expect_clipped(test, from, to, index);
		attribute_expect_found(test, from, to, i % 2);
		attribute_set(test, from, to, prandom_u32_state(&random) % 2);
		attribute_expect_ranges(test);
		attribute_expect_clipped(test, from, to, index);
		if (i % 16 == 0)
			attribute_expect_all(test);
	}
}

static void attribute_room_is_made(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kvm_private_attribute_make_room(), 0);
}

/* KUnit keeps the results in them, so that each suite has its own. */
#define ATTRIBUTE_CASES {			\
	KUNIT_CASE(attribute_of_a_new_file),	\
	KUNIT_CASE(attribute_is_set_twice),	\
	KUNIT_CASE(attribute_ranges_join),	\
	KUNIT_CASE(attribute_ranges_split),	\
	KUNIT_CASE(attribute_of_many_ranges),	\
	KUNIT_CASE(attribute_of_the_last_page),	\
	KUNIT_CASE(attribute_at_random),	\
	KUNIT_CASE(attribute_room_is_made),	\
	{}					\
}

static struct kunit_case attribute_private_cases[] = ATTRIBUTE_CASES;
static struct kunit_case attribute_shared_cases[] = ATTRIBUTE_CASES;

static struct kunit_suite attribute_of_private_files = {
	.name = "kvm_private_attribute_from_private",
	.init = attribute_init_private,
	.exit = attribute_exit,
	.test_cases = attribute_private_cases,
};

static struct kunit_suite attribute_of_shared_files = {
	.name = "kvm_private_attribute_from_shared",
	.init = attribute_init_shared,
	.exit = attribute_exit,
	.test_cases = attribute_shared_cases,
};

kunit_test_suites(&attribute_of_private_files, &attribute_of_shared_files);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KUnit tests of kvm_private");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each rule fires when it is broken: first by reports of events that didn't
 * happen, then by a consumer that misbehaves on the module's real paths. The
 * fixture fails a test whose armed rules aren't broken, or in which others are.
 */
#include "platform.h"

TEST(assigned_twice, &platform)
{
	struct platform *p = *state;
	struct kpp_call assign = {
		.type = KPP_CALL_ASSIGN, .pfn = spare(p), .size = 2,
		.guest_id = 1,
	};

	arm(p, BIT(KPP_ASSIGNED_TWICE));
	call(p, assign);
	assert_int_equal(counts(p).provoked[KPP_ASSIGNED_TWICE], 0);
	assign.guest_id = 2;
	call(p, assign);
	assert_int_equal(counts(p).provoked[KPP_ASSIGNED_TWICE], 1);
	/* The rule holds for the same guest, too. */
	call(p, assign);
	assert_int_equal(counts(p).provoked[KPP_ASSIGNED_TWICE], 2);
	assign.type = KPP_CALL_RECLAIM;
	assign.size = 4;
	call(p, assign);
}

/* The four spare pages are one allocation. */
TEST(wrong_order, &platform)
{
	struct platform *p = *state;
	static const struct {
		unsigned int offset;
		unsigned int order;
	} wrong[] = { { 0, 0 }, { 0, 1 }, { 0, 3 }, { 1, 0 }, { 2, 1 },
		      { 1, 2 } };

	arm(p, BIT(KPP_ASSIGNED_ORDER));
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		call(p, (struct kpp_call){
			.type = KPP_CALL_ASSIGN, .guest_id = 1,
			.pfn = spare(p) + wrong[i].offset,
			.size = wrong[i].order,
		});
		assert_int_equal(counts(p).provoked[KPP_ASSIGNED_ORDER], i + 1);
		call(p, (struct kpp_call){
			.type = KPP_CALL_RECLAIM, .pfn = spare(p), .size = 4,
		});
	}
	assert_int_equal(assigned(p), 0);
}

static void assign_spare(struct platform *p)
{
	call(p, (struct kpp_call){
		.type = KPP_CALL_ASSIGN, .pfn = spare(p), .size = 2,
		.guest_id = 1,
	});
}

TEST(reclaimed_in_part, &platform)
{
	struct platform *p = *state;
	struct kpp_call reclaim = { .type = KPP_CALL_RECLAIM };

	arm(p, BIT(KPP_RECLAIMED_PART));
	assign_spare(p);
	for (unsigned int i = 0; i < 4; i++) {
		reclaim.pfn = spare(p) + i;
		reclaim.size = 1;
		call(p, reclaim);
	}
	reclaim.pfn = spare(p);
	reclaim.size = 8;
	call(p, reclaim);
	assert_int_equal(counts(p).provoked[KPP_RECLAIMED_PART], 5);
	assert_int_equal(assigned(p), 4);
	reclaim.size = 4;
	call(p, reclaim);
	assert_int_equal(assigned(p), 0);
}

TEST(reclaimed_unassigned, &platform)
{
	struct platform *p = *state;
	const struct kpp_call reclaim = {
		.type = KPP_CALL_RECLAIM, .pfn = spare(p), .size = 4,
	};

	arm(p, BIT(KPP_RECLAIMED_UNASSIGNED));
	call(p, reclaim);
	assign_spare(p);
	call(p, reclaim);
	assert_int_equal(counts(p).provoked[KPP_RECLAIMED_UNASSIGNED], 1);
	call(p, reclaim);
	assert_int_equal(counts(p).provoked[KPP_RECLAIMED_UNASSIGNED], 2);
}

/* A page in the middle counts as the first does. */
TEST(freed_and_shared, &platform)
{
	struct platform *p = *state;
	struct kpp_call lost = { .pfn = spare(p) + 3, .size = 1 };

	arm(p, BIT(KPP_FREED_ASSIGNED) | BIT(KPP_SHARED_ASSIGNED));
	lost.type = KPP_CALL_SHARED;
	call(p, lost);
	lost.type = KPP_CALL_FREED;
	call(p, lost);
	assert_int_equal(counts(p).provoked[KPP_SHARED_ASSIGNED], 0);
	assert_int_equal(counts(p).provoked[KPP_FREED_ASSIGNED], 0);
	assign_spare(p);
	lost.type = KPP_CALL_SHARED;
	call(p, lost);
	lost.type = KPP_CALL_FREED;
	call(p, lost);
	assert_int_equal(assigned(p), 3);
	lost.pfn = spare(p);
	lost.size = 4;
	call(p, lost);
	assert_int_equal(counts(p).provoked[KPP_FREED_ASSIGNED], 4);
}

TEST(host_access, &platform)
{
	struct platform *p = *state;
	struct kpp_call access = {
		.type = KPP_CALL_HOST_ACCESS, .pfn = spare(p), .size = 4,
	};

	arm(p, BIT(KPP_HOST_ACCESS));
	call(p, access);
	assert_int_equal(counts(p).provoked[KPP_HOST_ACCESS], 0);
	assign_spare(p);
	call(p, access);
	assert_int_equal(counts(p).provoked[KPP_HOST_ACCESS], 4);
	/* The guest of these pages doesn't trust the host. */
	access.guest_id = true;
	call(p, access);
	assert_int_equal(counts(p).provoked[KPP_HOST_ACCESS], 8);
	call(p, (struct kpp_call){
		.type = KPP_CALL_RECLAIM, .pfn = spare(p), .size = 4,
	});
}

TEST(never_reclaimed, &platform)
{
	struct platform *p = *state;

	arm(p, BIT(KPP_NEVER_RECLAIMED));
	assign_spare(p);
	call(p, (struct kpp_call){ .type = KPP_CALL_SETTLE });
}

TEST(owner_gone, &platform)
{
	struct platform *p = *state;

	arm(p, BIT(KPP_OWNER_GONE));
	assign_spare(p);
	call(p, (struct kpp_call){
		.type = KPP_CALL_RECLAIM_OP, .pfn = spare(p), .size = 4,
	});
}

TEST(invalidations, &platform)
{
	struct platform *p = *state;
	struct kpp_call begin = {
		.type = KPP_CALL_BEGIN, .start = 10, .end = 20,
	};
	struct kpp_call end = begin;

	end.type = KPP_CALL_END;
	bind(p, 0, KPP_CONFIDENTIAL, 1, 8, 32);
	arm(p, BIT(KPP_END_WITHOUT_BEGIN) | BIT(KPP_BEGIN_OVERLAPS) |
	       BIT(KPP_OUTSIDE_BINDING) | BIT(KPP_BEGIN_WITHOUT_END));
	call(p, end);
	assert_int_equal(counts(p).provoked[KPP_END_WITHOUT_BEGIN], 1);
	call(p, begin);
	end.end = 19;
	call(p, end);
	assert_int_equal(counts(p).provoked[KPP_END_WITHOUT_BEGIN], 2);
	begin.start = 19;
	begin.end = 21;
	call(p, begin);
	assert_int_equal(counts(p).provoked[KPP_BEGIN_OVERLAPS], 1);
	end.end = 20;
	call(p, end);
	end.start = 19;
	end.end = 21;
	call(p, end);
	assert_int_equal(counts(p).provoked[KPP_END_WITHOUT_BEGIN], 2);

	begin.start = 7;
	begin.end = 9;
	call(p, begin);
	begin.start = 31;
	begin.end = 33;
	call(p, begin);
	begin.start = 12;
	begin.end = 12;
	call(p, begin);
	assert_int_equal(counts(p).provoked[KPP_OUTSIDE_BINDING], 3);
	assert_int_equal(counts(p).invalidations, 3);
	call(p, (struct kpp_call){ .type = KPP_CALL_SETTLE });
	assert_int_equal(counts(p).invalidations, 0);
	assert_int_equal(counts(p).provoked[KPP_BEGIN_WITHOUT_END], 1);
}

TEST(unbound_inside, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	arm(p, BIT(KPP_UNBOUND_INSIDE));
	call(p, (struct kpp_call){ .type = KPP_CALL_BEGIN, .end = 5 });
	unbind(p, 0);
	assert_int_equal(counts(p).provoked[KPP_UNBOUND_INSIDE], 1);
	assert_int_equal(counts(p).invalidations, 0);
}

/* From here on the rules are broken on the module's own paths. */

/*
 * A report that names the page's place lets the model see that it is shared
 * there.
 */
TEST(assigned_shared, &platform)
{
	struct platform *p = *state;
	const struct kpp_call assign = {
		.type = KPP_CALL_ASSIGN_AT, .pfn = spare(p), .size = 2,
		.guest_id = 1, .start = 4,
	};

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES / 2);
	call(p, assign);
	call(p, (struct kpp_call){
		.type = KPP_CALL_RECLAIM, .pfn = spare(p), .size = 4,
	});
	make_shared(p, 4, 5);
	arm(p, BIT(KPP_ASSIGNED_SHARED));
	call(p, assign);
	call(p, (struct kpp_call){
		.type = KPP_CALL_RECLAIM, .pfn = spare(p), .size = 4,
	});
}

TEST(prepare_assigns_twice, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	misbehave(p, KPP_ASSIGN_AGAIN);
	arm(p, BIT(KPP_ASSIGNED_TWICE));
	guest_write(p, 0, 3, 1);
}

TEST(prepare_lies_about_order, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	misbehave(p, KPP_LIE_ORDER);
	arm(p, BIT(KPP_ASSIGNED_ORDER));
	guest_write(p, 0, 3, 1);
}

TEST(prepare_does_nothing, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	misbehave(p, KPP_SKIP_ASSIGN);
	/*
	 * Broken when the page is handed out, mapped and accessed, and when it
	 * is reclaimed in the end
	 */
	arm(p, BIT(KPP_GUEST_UNASSIGNED) | BIT(KPP_RECLAIMED_UNASSIGNED));
	guest_write(p, 0, 3, 1);
	assert_int_equal(counts(p).provoked[KPP_GUEST_UNASSIGNED], 3);
	punch(p, 3, 4);
	assert_int_equal(counts(p).provoked[KPP_RECLAIMED_UNASSIGNED], 1);
}

TEST(reclaim_does_nothing, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	guest_write(p, 0, 3, 1);
	guest_write(p, 0, 4, 1);
	misbehave(p, KPP_SKIP_RECLAIM);
	arm(p, BIT(KPP_FREED_ASSIGNED) | BIT(KPP_SHARED_ASSIGNED) |
	       BIT(KPP_HOST_ACCESS));
	/* The module also clears the page, unless the allocator does. */
	punch(p, 3, 4);
	assert_int_equal(counts(p).provoked[KPP_FREED_ASSIGNED], 1);
	make_shared(p, 4, 5);
	assert_int_equal(counts(p).provoked[KPP_SHARED_ASSIGNED], 1);
	host_read(p, 4);
}

/* The host has a page mapped that is then assigned to a guest again. */
TEST(host_uses, &platform)
{
	struct platform *p = *state;
	__u64 pfn;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	pfn = guest_write(p, 0, 4, 1);
	make_shared(p, 4, 5);
	host_read(p, 4);
	arm(p, BIT(KPP_HOST_USES));
	call(p, (struct kpp_call){
		.type = KPP_CALL_ASSIGN, .pfn = pfn, .guest_id = 1,
	});
	assert_int_equal(counts(p).provoked[KPP_HOST_USES], 1);
	call(p, (struct kpp_call){
		.type = KPP_CALL_RECLAIM, .pfn = pfn, .size = 1,
	});
	assert_int_equal(counts(p).provoked[KPP_HOST_USES], 2);
}

TEST(begin_keeps_mappings, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	guest_write(p, 0, 3, 1);
	misbehave(p, KPP_KEEP_MAPPINGS);
	arm(p, BIT(KPP_RECLAIMED_MAPPED) | BIT(KPP_SURVIVED) |
	       BIT(KPP_GUEST_UNASSIGNED));
	punch(p, 3, 4);
	assert_int_equal(counts(p).provoked[KPP_RECLAIMED_MAPPED], 1);
	assert_int_equal(counts(p).provoked[KPP_SURVIVED], 1);
	/* The page has even left the file. */
	guest_read(p, 0, 3);
}

/* The guest uses a page that it looked up between begin and end. */
TEST(mapped_inside, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	guest_write(p, 0, 3, 1);
	misbehave(p, KPP_MAP_INSIDE);
	arm(p, BIT(KPP_RECLAIMED_MAPPED) | BIT(KPP_SURVIVED));
	punch(p, 3, 4);
	assert_int_equal(counts(p).provoked[KPP_SURVIVED], 1);
	assert_int_equal(counts(p).provoked[KPP_RECLAIMED_MAPPED], 1);
	misbehave(p, 0);
	punch(p, 3, 4);
}

TEST(content_changed, &platform)
{
	struct platform *p = *state;
	__u64 pfn;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	pfn = guest_write(p, 0, 3, 1);
	arm(p, BIT(KPP_CONTENT_CHANGED));
	raw_write(p, pfn, 5);
	punch(p, 3, 4);
}

TEST_MAIN("platform: each rule fires", .teardown = platform_group_teardown)

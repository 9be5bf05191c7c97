// SPDX-License-Identifier: GPL-2.0-only
/*
 * The firmware's commands in states of pages and guests in which KVM doesn't issue them.
 * Status 3 elsewhere than on the emulated platform.
 */
#include "emulated_only.h"
#include "launch.h"
#include "snp_module.h"
#include "test_port.h"
#include "unit.h"

#define INVALID_GUEST_STATE	0x02
#define POLICY_FAILURE		0x07
#define INACTIVE		0x08
#define ASID_OWNED		0x0c
#define INVALID_ASID		0x0d
#define DF_FLUSH_REQUIRED	0x0f
#define INVALID_GUEST		0x10
#define ACTIVE			0x12
#define INVALID_PARAM		0x16
#define INVALID_PAGE_SIZE	0x19
#define INVALID_PAGE_STATE	0x1a
#define INVALID_PAGE_OWNER	0x1c

/* Guests' pages are before them. */
#define CONTEXT			LARGE_PAGES
#define OTHER_CONTEXT		(LARGE_PAGES + 1)
#define RESPONSE		(LARGE_PAGES + 2)
#define HOSTS_PAGE		(LARGE_PAGES + 3)

#define OTHER_ASID		(MODULE_ASID - 1)
#define SEV_ASID		(MODULE_ASID + 1)

#define LARGE_GPA		0x40000000ULL

static void create_context(__u32 page)
{
	rmp_donate(page);
	assert_int_equal(firmware_page(SNP_GCTX_CREATE, page, 0), 0);
}

static int setup(void **state)
{
	(void)state;
	module_open();
	create_context(CONTEXT);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	/* A test may have done either. */
	firmware_page(SNP_DECOMMISSION, CONTEXT, 0);
	firmware_page(SNP_DECOMMISSION, OTHER_CONTEXT, 0);
	assert_int_equal(firmware_plain(SNP_DF_FLUSH), 0);
	module_close();
	return 0;
}

static const struct fixture guest = { .setup = setup, .teardown = teardown };

static __u32 start_with(__u32 context, __u64 policy)
{
	const struct {
		__u64 context, policy, agent;
		__u32 flags, tsc;
		__u64 workarounds[2];
	} buffer = { .context = page_address(context), .policy = policy };

	return firmware(SNP_LAUNCH_START, &buffer, sizeof(buffer));
}

static __u32 start(__u32 context)
{
	return start_with(context, SNP_POLICY);
}

static __u32 activate(__u32 context, __u32 asid)
{
	const struct {
		__u64 context;
		__u32 asid;
	} buffer = { page_address(context), asid };

	return firmware(SNP_ACTIVATE, &buffer, sizeof(buffer));
}

struct update {
	__u64 context;
	__u32 flags;
	__u32 reserved;
	__u64 address;
	__u8 rights[4];
	__u32 reserved_2;
};

#define UPDATE_TYPE(type)	((type) << 1)
#define UPDATE_LARGE		1

static __u32 update_with(__u32 page, __u32 flags, __u8 rights)
{
	const struct update buffer = {
		.context = page_address(CONTEXT), .flags = flags,
		.address = page_address(page), .rights = { 0, rights },
	};

	return firmware(SNP_LAUNCH_UPDATE, &buffer, sizeof(buffer));
}

static __u32 update(__u32 page)
{
	return update_with(page, UPDATE_TYPE(SNP_PAGE_ZERO), 0);
}

static __u32 finish(__u32 context)
{
	const __u64 buffer[8] = { page_address(context) };

	return firmware(SNP_LAUNCH_FINISH, buffer, sizeof(buffer));
}

static __u32 request(__u32 context, __u32 response)
{
	const __u64 buffer[] = {
		page_address(context), page_address(HOSTS_PAGE), page_address(response),
	};

	return firmware(SNP_GUEST_REQUEST, buffer, sizeof(buffer));
}

static void start_and_activate(void)
{
	assert_int_equal(start(CONTEXT), 0);
	assert_int_equal(activate(CONTEXT, MODULE_ASID), 0);
}

TEST(context, &guest)
{
	assert_int_equal(firmware_page(SNP_GCTX_CREATE, HOSTS_PAGE, 0), INVALID_PAGE_STATE);
	assert_int_equal(firmware_page(SNP_GCTX_CREATE, CONTEXT, 0), INVALID_PAGE_STATE);
	assert_int_equal(firmware_page(SNP_PAGE_RECLAIM, CONTEXT, 0), INVALID_PAGE_STATE);
	assert_int_equal(start(HOSTS_PAGE), INVALID_GUEST);
	assert_int_equal(activate(HOSTS_PAGE, MODULE_ASID), INVALID_GUEST);
	assert_int_equal(finish(HOSTS_PAGE), INVALID_GUEST);
	assert_int_equal(request(HOSTS_PAGE, RESPONSE), INVALID_GUEST);
	assert_int_equal(firmware_page(SNP_DECOMMISSION, HOSTS_PAGE, 0), INVALID_GUEST);

	assert_int_equal(firmware_page(SNP_DECOMMISSION, CONTEXT, 0), 0);
	assert_int_equal(firmware_page(SNP_DECOMMISSION, CONTEXT, 0), INVALID_GUEST);
	assert_int_equal(firmware_page(SNP_PAGE_RECLAIM, CONTEXT, 0), 0);
}

TEST(launch_in_wrong_order, &guest)
{
	rmp_assign(0, MODULE_ASID, LARGE_GPA, true);
	assert_int_equal(update(0), INVALID_GUEST_STATE);
	assert_int_equal(activate(CONTEXT, MODULE_ASID), INVALID_GUEST_STATE);
	assert_int_equal(finish(CONTEXT), INVALID_GUEST_STATE);
	assert_int_equal(start_with(CONTEXT, 0), POLICY_FAILURE);
	assert_int_equal(start(CONTEXT), 0);
	assert_int_equal(start(CONTEXT), INVALID_GUEST_STATE);
	assert_int_equal(update(0), INACTIVE);
	assert_int_equal(activate(CONTEXT, 0), INVALID_ASID);
	assert_int_equal(activate(CONTEXT, SEV_ASID), INVALID_ASID);
	assert_int_equal(activate(CONTEXT, MODULE_ASID), 0);
	assert_int_equal(activate(CONTEXT, MODULE_ASID), ACTIVE);
	assert_int_equal(finish(CONTEXT), 0);
	assert_int_equal(finish(CONTEXT), INVALID_GUEST_STATE);
	assert_int_equal(update(0), INVALID_GUEST_STATE);
}

TEST(asid_in_use, &guest)
{
	start_and_activate();
	create_context(OTHER_CONTEXT);
	assert_int_equal(start(OTHER_CONTEXT), 0);
	assert_int_equal(activate(OTHER_CONTEXT, MODULE_ASID), ASID_OWNED);
	assert_int_equal(firmware_page(SNP_DECOMMISSION, CONTEXT, 0), 0);
	assert_int_equal(activate(OTHER_CONTEXT, MODULE_ASID), DF_FLUSH_REQUIRED);
	assert_int_equal(firmware_plain(SNP_DF_FLUSH), 0);
	assert_int_equal(activate(OTHER_CONTEXT, MODULE_ASID), 0);
}

TEST(launch_of_wrong_pages, &guest)
{
	start_and_activate();
	assert_int_equal(update(0), INVALID_PAGE_STATE);
	rmp_assign(0, MODULE_ASID, LARGE_GPA, false);
	assert_int_equal(update(0), INVALID_PAGE_STATE);
	rmp_assign(0, OTHER_ASID, LARGE_GPA, true);
	assert_int_equal(update(0), INVALID_PAGE_OWNER);
	rmp_donate(1);
	assert_int_not_equal(update(1), 0);
	rmp_assign(2, MODULE_ASID, LARGE_GPA, true);
	assert_int_equal(update_with(2, UPDATE_TYPE(0), 0), INVALID_PARAM);
	assert_int_equal(update_with(2, UPDATE_TYPE(7), 0), INVALID_PARAM);
	assert_int_equal(update_with(2, UPDATE_TYPE(SNP_PAGE_ZERO) | UPDATE_LARGE, 0),
			 INVALID_PAGE_SIZE);
	assert_int_equal(update(2), 0);
}

/* RMPUPDATE leaves a page validated if it changes nothing else than "immutable". */
TEST(validation_is_kept, &guest)
{
	start_and_activate();
	rmp_assign(0, MODULE_ASID, LARGE_GPA, true);
	assert_int_equal(update(0), 0);
	rmp_assign(0, MODULE_ASID, LARGE_GPA, true);
	assert_int_equal(update(0), INVALID_PAGE_STATE);
	assert_int_equal(firmware_page(SNP_PAGE_RECLAIM, 0, 0), 0);
	rmp_assign(0, MODULE_ASID, LARGE_GPA, true);
	assert_int_equal(update(0), INVALID_PAGE_STATE);
	assert_int_equal(firmware_page(SNP_PAGE_RECLAIM, 0, 0), 0);
	/* At another address it has to be launched anew. */
	rmp_assign(0, MODULE_ASID, LARGE_GPA + SNPT_PAGE_SIZE, true);
	assert_int_equal(update(0), 0);
}

static void launch_all(void)
{
	for (__u32 page = 0; page < LARGE_PAGES; page++) {
		__u64 gpa = LARGE_GPA + (__u64)page * SNPT_PAGE_SIZE;

		rmp_assign(page, MODULE_ASID, gpa, true);
		assert_int_equal(update(page), 0);
		rmp_assign(page, MODULE_ASID, gpa, true);
	}
}

/* The page anew, immutable, at its place */
static void take_anew(__u32 page)
{
	assert_int_equal(firmware_page(SNP_PAGE_RECLAIM, page, 0), 0);
	rmp_release(page);
	rmp_assign(page, MODULE_ASID, LARGE_GPA + (__u64)page * SNPT_PAGE_SIZE, true);
}

TEST(unsmash_of_validated, &guest)
{
	const __u32 odd = 9;

	start_and_activate();
	launch_all();
	take_anew(odd);
	assert_int_equal(firmware_page(SNP_PAGE_UNSMASH, 0, 0), INVALID_PAGE_STATE);
	/* Validated as the others, but VMPL 1 may read it. */
	assert_int_equal(update_with(odd, UPDATE_TYPE(SNP_PAGE_ZERO), 1), 0);
	rmp_assign(odd, MODULE_ASID, LARGE_GPA + odd * SNPT_PAGE_SIZE, true);
	assert_int_equal(firmware_page(SNP_PAGE_UNSMASH, 0, 0), INVALID_PAGE_STATE);
	take_anew(odd);
	assert_int_equal(update(odd), 0);
	rmp_assign(odd, MODULE_ASID, LARGE_GPA + odd * SNPT_PAGE_SIZE, true);
	assert_int_equal(firmware_page(SNP_PAGE_UNSMASH, 0, 0), 0);
	assert_true(rmp_is_large(0));
}

TEST(request_pages, &guest)
{
	start_and_activate();
	assert_int_equal(request(CONTEXT, RESPONSE), INVALID_PAGE_STATE);
	assert_int_equal(request(CONTEXT, CONTEXT), INVALID_PAGE_STATE);
	rmp_donate(RESPONSE);
	assert_int_equal(request(CONTEXT, RESPONSE), INVALID_GUEST_STATE);
	assert_int_equal(finish(CONTEXT), 0);
	/* The page that has the request is all zeros. */
	assert_int_equal(request(CONTEXT, RESPONSE), INVALID_PARAM);
}

EMULATED_MAIN("commands")

// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest starts its second processor from a VMSA in memory of its own, and the host takes that
 * page, or others around it. Linux 7.3 has the processor leave the guest first and look the page
 * up again. 6.12 lets it go on: the host can't get such a page back there, and says so in the
 * kernel log.
 */
#include <errno.h>
#include <string.h>

#include "agent_machine.h"
#include "convert.h"
#include "emulated_only.h"
#include "launch.h"
#include "probes.h"
#include "vmsa.h"

/* The guest's first 2 MiB of the region are private, the others are shared. */
#define VMSA_AT		(REGION_GPA + 3 * PAGE)
#define SPARE_VMSA_AT	(REGION_GPA + 7 * PAGE)
#define GHCB_AT		(REGION_GPA + HUGE_PAGE)

/* The processor that is started; the other one takes orders. */
#define STARTED		1
#define ROUNDS		10

#define VMPL_1		1

#define GHCB_REGISTER	0x012ULL
#define GHCB_REGISTERED	0x013ULL

#define GHCB_RAX	0x1f8
#define GHCB_EXIT_CODE	0x390
#define GHCB_INFO_1	0x398
#define GHCB_INFO_2	0x3a0
/* A bit for each 8 bytes of the page */
#define GHCB_VALID	0x3f0
#define GHCB_VERSION	0xffa

#define EXIT_AP_CREATION	0x80000013ULL
#define AP_CREATE		1ULL
#define SNP_ACTIVE		1ULL

static bool kvm_reloads(void)
{
	return probes_have("kvm_amd:sev_gmem_invalidate_range");
}

static void ghcb_put(char *ghcb, unsigned int offset, __u64 value)
{
	const unsigned int bit = offset / sizeof(value);

	memcpy(ghcb + offset, &value, sizeof(value));
	ghcb[GHCB_VALID + bit / 8] |= 1 << bit % 8;
}

/* The page is shared, so that the host can write the guest's request for it. */
static void ask_for_processor(struct machine *m, __u64 vmsa)
{
	const struct order ring = { ORDER_VMGEXIT, GHCB_AT, 0, 0 };
	char *ghcb = region_host(&m->region, GHCB_AT);
	const __u16 version = 2;
	__u64 refusal[2];

	memset(ghcb, 0, PAGE);
	ghcb_put(ghcb, GHCB_EXIT_CODE, EXIT_AP_CREATION);
	ghcb_put(ghcb, GHCB_INFO_1, (__u64)STARTED << 32 | AP_CREATE);
	ghcb_put(ghcb, GHCB_INFO_2, vmsa);
	ghcb_put(ghcb, GHCB_RAX, SNP_ACTIVE);
	memcpy(ghcb + GHCB_VERSION, &version, sizeof(version));
	agent_obey(&m->agent, &ring);
	memcpy(refusal, ghcb + GHCB_INFO_1, sizeof(refusal));
	if (refusal[0] || refusal[1])
		fail_msg("KVM doesn't start the processor: %#llx %#llx", refusal[0], refusal[1]);
}

static void start_processor(struct machine *m, __u64 vmsa)
{
	const struct order make_vmsa = {
		ORDER_RMPADJUST, vmsa, 0, RMPADJUST_VMSA | VMPL_1,
	};

	assert_int_equal(agent_obey(&m->agent, &make_vmsa), 0);
	ask_for_processor(m, vmsa);
}

/* Such a page has the state in which KVM launches the processor. */
static void launch_vmsa(struct machine *m, __u64 gpa)
{
	snp_launch_update(m->agent.vm, gpa, PAGE,
			  m->agent.native ? region_host(&m->region, gpa) : NULL);
}

static void make_private(struct machine *m)
{
	if (m->agent.native)
		region_make_private(&m->agent, &m->region, REGION_GPA, HUGE_PAGE);
	else
		expect_ok(file_make_private(m->region.file, 0, HUGE_PAGE, CONVERT_PRESERVE),
			  "to private, to be launched");
}

static void register_ghcb(struct machine *m)
{
	const struct order ask = { ORDER_VMGEXIT, GHCB_REGISTER | GHCB_AT, 0, 0 };

	assert_int_equal(agent_obey(&m->agent, &ask), GHCB_REGISTERED | GHCB_AT);
}

/* In memory that no test takes */
static void run_beside(struct machine *m)
{
	const struct order scribble = {
		ORDER_SCRIBBLE, SHARED_VA + MAILBOXES_GPA + STARTED * PAGE + PAGE / 2,
		sizeof(__u64), GUEST_WORDS,
	};

	agent_begin(&m->agent, STARTED, &scribble, NULL);
	agent_wait_rounds(&m->agent, STARTED, ROUNDS);
}

static int setup(void **state)
{
	struct machine *m = machine_new(state, 2);

	vmsa_make(region_host(&m->region, VMSA_AT), m->agent.cpus[STARTED].fd);
	vmsa_make(region_host(&m->region, SPARE_VMSA_AT), m->agent.cpus[STARTED].fd);
	make_private(m);
	launch_vmsa(m, VMSA_AT);
	launch_vmsa(m, SPARE_VMSA_AT);
	agent_go(&m->agent);
	register_ghcb(m);
	start_processor(m, VMSA_AT);
	run_beside(m);
	return 0;
}

static const struct fixture native = MACHINE_FIXTURE("native", setup, backing_native);
static const struct fixture base = MACHINE_FIXTURE("base pages", setup, backing_base);
static const struct fixture huge = MACHINE_FIXTURE("huge pages", setup, backing_huge);

#define RELOADING_FIXTURE(fixture_name, backing) {	\
	.name = fixture_name,				\
	.setup = setup,					\
	.teardown = machine_teardown,			\
	.state = (void *)&(backing),			\
	.wanted = kvm_reloads,				\
}

static const struct fixture reloading_native = RELOADING_FIXTURE("native", backing_native);
static const struct fixture reloading_base = RELOADING_FIXTURE("base pages", backing_base);
static const struct fixture reloading_huge = RELOADING_FIXTURE("huge pages", backing_huge);

static void expect_running(struct machine *m)
{
	agent_wait_rounds(&m->agent, STARTED, ROUNDS);
	assert_int_equal(agent_stop(&m->agent, STARTED), 0);
}

/* KVM has no page for it, or the processor finds no VMSA in the page. */
static void expect_ended(struct machine *m)
{
	int result = vcpu_join(&m->agent.cpus[STARTED]);

	if (result != KVM_EXIT_FAIL_ENTRY && result != KVM_EXIT_INTERNAL_ERROR)
		fail_msg("The processor has lost its VMSA, and KVM_RUN gives %d", result);
}

TEST(neighbours_taken, &native, &base, &huge)
{
	struct machine *m = *state;

	region_punch(&m->region, VMSA_AT - PAGE, PAGE);
	region_make_shared(&m->agent, &m->region, VMSA_AT + PAGE, PAGE);
	region_fill(&m->region, VMSA_AT + PAGE, PAGE, HOST_WORDS);
	region_make_private(&m->agent, &m->region, VMSA_AT + PAGE, PAGE);
	expect_running(m);
}

/* KVM has a reference of the VMSA's page for as long as it looks it up again. */
static void expect_not_collapsed(struct machine *m)
{
	struct kvm_private_collapse collapse = { .size = HUGE_PAGE };
	int error = file_collapse(m->region.file, &collapse) ? errno : 0;

	if (error != EBUSY && error != EAGAIN)
		fail_msg("Collapsing pages with VMSAs among them gives error %d", error);
}

/* All pages of the 2 MiB are alike but for the two that have VMSAs, which one entry can't have. */
TEST(collapse_around, &huge)
{
	struct machine *m = *state;

	for (__u64 gpa = REGION_GPA; gpa < REGION_GPA + HUGE_PAGE; gpa += PAGE)
		if (gpa != VMSA_AT && gpa != SPARE_VMSA_AT)
			assert_int_equal(agent_validate_small(&m->agent, gpa, PAGE, true), 0);
	for (int i = 0; i < ROUNDS; i++) {
		expect_not_collapsed(m);
		agent_wait_rounds(&m->agent, STARTED, 1);
	}
	expect_running(m);
}

TEST(punched, &reloading_native, &reloading_base, &reloading_huge)
{
	struct machine *m = *state;

	region_punch(&m->region, VMSA_AT, PAGE);
	expect_ended(m);
}

TEST(shared, &reloading_native, &reloading_base, &reloading_huge)
{
	struct machine *m = *state;

	region_make_shared(&m->agent, &m->region, VMSA_AT, PAGE);
	region_fill(&m->region, VMSA_AT, PAGE, HOST_WORDS);
	expect_ended(m);
}

TEST(started_again, &reloading_native, &reloading_base, &reloading_huge)
{
	struct machine *m = *state;

	region_punch(&m->region, VMSA_AT, PAGE);
	expect_ended(m);
	start_processor(m, SPARE_VMSA_AT);
	run_beside(m);
	expect_running(m);
}

/* The page has no slot when the host takes it: no invalidation tells KVM. */
TEST(slot_deleted, &reloading_native, &reloading_base, &reloading_huge)
{
	struct machine *m = *state;

	region_delete(&m->agent, 1, &m->region);
	region_punch(&m->region, VMSA_AT, PAGE);
	expect_ended(m);
}

EMULATED_MAIN("reloads")

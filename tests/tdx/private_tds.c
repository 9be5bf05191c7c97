// SPDX-License-Identifier: GPL-2.0-only
/* TDs with memory of private files: features that guest_memfd lacks, and each order of ending */
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "convert.h"
#include "huge.h"
#include "mrtd.h"
#include "steps.h"

#define OTHER 0x8877665544332211ULL
/* In the file */
#define FREE_OFFSET (TD_FREE_GPA - TD_GPA)

static struct guest_td *make(int file, char *shared)
{
	struct guest_td *td = guest_td_new();

	expect_ok(guest_td_try_init(td), "KVM_TDX_INIT_VM");
	expect_ok(guest_td_try_vcpu(td), "KVM_TDX_INIT_VCPU");
	guest_td_add_slot_of(td, file, shared);
	return td;
}

static int setup(void **state)
{
	*state = make(file_create(TD_SIZE, 0), NULL);
	return 0;
}

/* All memory of the TD is in the file, which says what is private. */
static int setup_mapped(void **state)
{
	int file = file_create(TD_SIZE, KVM_PRIVATE_FLAG_MMAP);

	*state = make(file, file_map(file, TD_SIZE));
	return 0;
}

static int setup_huge(void **state)
{
	*state = make(huge_create(TD_SIZE, 0), NULL);
	return 0;
}

static int teardown(void **state)
{
	return td_native.teardown(state);
}

static const struct fixture
	of_file = { .setup = setup, .teardown = teardown },
	mapped = { .setup = setup_mapped, .teardown = teardown },
	huge = { .setup = setup_huge, .teardown = teardown, .wanted = guest_td_maps_huge };

TEST(launched_in_place, &mapped)
{
	unsigned char digest[TDXM_DIGEST_SIZE], content[PAGE];
	struct guest_td *td = *state;
	struct mrtd mrtd;

	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = i * 13;
	memcpy(content, &(__u64){ VALUE }, sizeof(__u64));
	expect_ok(file_make_shared(td->file, 0, 2 * PAGE, 0), "to shared");
	memcpy(td->shared, content, PAGE);
	expect_ok(file_make_private(td->file, 0, 2 * PAGE, CONVERT_PRESERVE), "to private");
	expect_ok(guest_td_try_add(td, TD_GPA, NULL, 1, true), "in place");
	expect_ok(guest_td_try_finalize(td), "KVM_TDX_FINALIZE_VM");

	mrtd_begin(&mrtd);
	mrtd_measure_page(&mrtd, TD_GPA, content);
	model_mrtd(digest);
	mrtd_expect(&mrtd, digest);
	guest_td_expect_content(td, TD_GPA, VALUE);
	/* From now on content is lost. */
	expect_error(EOPNOTSUPP, file_make_shared(td->file, FREE_OFFSET, PAGE, CONVERT_PRESERVE),
		     "preserve");
}

TEST(guest_memfd_is_not_launched_in_place, &td_native)
{
	struct guest_td *td = *state;

	expect_error(EINVAL, guest_td_try_add(td, TD_GPA, NULL, 1, true), "in place");
}

/* A conversion by the file leaves the private pages of its range alone. */
TEST(private_pages_stay, &mapped)
{
	struct guest_td *td = *state;

	guest_td_launch(td);
	guest_td_own(td, TD_FREE_GPA, 1);
	guest_td_own(td, TD_FREE_GPA + 2 * PAGE, 1);
	expect_ok(file_make_shared(td->file, FREE_OFFSET + PAGE, PAGE, 0), "to shared");
	expect_ok(file_make_private(td->file, FREE_OFFSET, 3 * PAGE, 0), "to private");
	guest_td_expect_content(td, TD_FREE_GPA, VALUE);
	guest_td_expect_content(td, TD_FREE_GPA + 2 * PAGE, VALUE);
	guest_td_expect_new(td, TD_FREE_GPA + PAGE);
}

TEST(there_and_back, &mapped)
{
	struct guest_td *td = *state;

	guest_td_launch(td);
	guest_td_own(td, TD_FREE_GPA, 1);
	expect_ok(file_make_shared(td->file, FREE_OFFSET, PAGE, CONVERT_ZERO), "to shared");
	expect_entry(TD_FREE_GPA, TDXM_FREE, 1);
	assert_int_equal(*(__u64 *)(td->shared + FREE_OFFSET), 0);
	*(__u64 *)(td->shared + FREE_OFFSET) = OTHER;
	expect_ok(file_make_private(td->file, FREE_OFFSET, PAGE, 0), "to private");
	guest_td_expect_new(td, TD_FREE_GPA);
}

/* The host's tools keep off the guest's pages. */
TEST(the_host_stays_out, &of_file)
{
	char page[PAGE] = "host";
	struct kvm_private_populate populate = {
		.offset = FREE_OFFSET, .size = PAGE, .source = (uintptr_t)page,
	};
	struct guest_td *td = *state;

	guest_td_launch(td);
	guest_td_own(td, TD_FREE_GPA, 1);
	expect_error(EBUSY, file_populate(td->file, &populate), "populate");
	guest_td_expect_content(td, TD_FREE_GPA, VALUE);
}

/* A TD ends when all of these have gone, in any order. */
enum end { VM, VCPU, FILE_GOES, SLOT, NR_ENDS };

static void end(struct guest_td *td, enum end what)
{
	switch (what) {
	case VM:
		close(td->vm);
		break;
	case VCPU:
		munmap(td->run, td->run_size);
		close(td->vcpu);
		break;
	case FILE_GOES:
		close(td->file);
		break;
	default:
		guest_td_delete_slot(td);
	}
}

static void expect_all_back(const struct guest_td *td)
{
	struct tdx_model_counts after = model_counts();

	assert_int_equal(after.given, td->before.given);
	assert_memory_equal(after.broken, td->before.broken, sizeof(after.broken));
}

static void end_in_order(const enum end *order, int nr)
{
	int file = file_create(TD_SIZE, 0), last = dup(file);
	struct guest_td *td = make(file, NULL);

	guest_td_launch(td);
	guest_td_own(td, TD_FREE_GPA, 1);
	for (int i = 0; i < nr; i++)
		end(td, order[i]);
	expect_all_back(td);
	/* The file outlives its guest, and its pages are the host's. */
	assert_int_equal(file_allocated(last), 2 * PAGE);
	expect_ok(file_punch(last, 0, TD_SIZE), "punch");
	assert_int_equal(file_allocated(last), 0);
	close(last);
	munmap(td->shared, TD_SIZE);
	free(td);
}

TEST(all_orders_of_ending)
{
	static const enum end orders[][4] = {
		{ VM, VCPU, FILE_GOES }, { VM, FILE_GOES, VCPU }, { VCPU, VM, FILE_GOES },
		{ VCPU, FILE_GOES, VM }, { FILE_GOES, VM, VCPU }, { FILE_GOES, VCPU, VM },
	};

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		end_in_order(orders[i], 3);
	end_in_order((enum end[]){ SLOT, FILE_GOES, VCPU, VM }, 4);
	end_in_order((enum end[]){ FILE_GOES, SLOT, VM, VCPU }, 4);
}

TEST(the_process_dies)
{
	int file = file_create(TD_SIZE, 0), status;
	struct tdx_model_counts before = model_counts();
	pid_t pid = fork();

	if (!pid) {
		struct guest_td *td = make(file, NULL);

		guest_td_launch(td);
		guest_td_own(td, TD_FREE_GPA, 1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(model_counts().given, before.given);
	assert_int_equal(file_allocated(file), 2 * PAGE);
	close(file);
}

/* A second TD has the pages of the first. */
TEST(one_file_for_two)
{
	int file = file_create(TD_SIZE, 0);

	for (int i = 0; i < 2; i++) {
		struct guest_td *td = make(dup(file), NULL);

		guest_td_launch(td);
		guest_td_expect_new(td, TD_FREE_GPA);
		guest_td_own(td, TD_FREE_GPA + PAGE, 1);
		teardown((void **)&td);
	}
	assert_int_equal(file_allocated(file), 3 * PAGE);
	close(file);
}

TEST(two_mib_by_a_fault, &huge)
{
	struct guest_td *td = *state;

	guest_td_launch(td);
	guest_td_own(td, TD_FREE_GPA, 2);
	expect_entry(TD_FREE_GPA, TDXM_PRESENT, 2);
	guest_td_expect_content(td, TD_FREE_GPA, VALUE);
	expect_ok(file_punch(td->file, FREE_OFFSET, HUGE_PAGE), "punch");
	expect_entry(TD_FREE_GPA, TDXM_FREE, 2);
	guest_td_own(td, TD_FREE_GPA, 2);
}

TEST(two_mib_by_a_prefault, &huge)
{
	struct guest_td *td = *state;
	struct tdx_model_counts before;

	guest_td_launch(td);
	before = model_counts();
	expect_ok(guest_td_prefault(td, TD_FREE_GPA, HUGE_PAGE), "KVM_PRE_FAULT_MEMORY");
	assert_int_equal(model_counts().calls[TDXM_MEM_PAGE_AUG] -
			 before.calls[TDXM_MEM_PAGE_AUG], 1);
	expect_entry(TD_FREE_GPA, TDXM_PENDING, 2);
	expect_ok(guest_td_prefault(td, TD_FREE_GPA, HUGE_PAGE), "again");
}

/* The neighbours keep what is in them. */
static void expect_cut(struct guest_td *td, int (*cut)(struct guest_td *td))
{
	__u64 last = TD_FREE_GPA + HUGE_PAGE - PAGE;

	guest_td_launch(td);
	guest_td_own(td, TD_FREE_GPA, 2);
	model_step(TDXM_STEP_WRITE, last, 0, OTHER);
	model_step(TDXM_STEP_WRITE, TD_FREE_GPA + 2 * PAGE, 0, OTHER);
	guest_td_play(td);
	expect_ok(cut(td), "cut");
	expect_entry(TD_FREE_GPA, TDXM_PRESENT, 1);
	expect_entry(TD_FREE_GPA + PAGE, TDXM_FREE, 1);
	guest_td_expect_content(td, TD_FREE_GPA, VALUE);
	guest_td_expect_content(td, TD_FREE_GPA + 2 * PAGE, OTHER);
	guest_td_expect_content(td, last, OTHER);
}

static int punch_second(struct guest_td *td)
{
	return file_punch(td->file, FREE_OFFSET + PAGE, PAGE);
}

static int share_second(struct guest_td *td)
{
	return guest_td_try_attributes(td, TD_FREE_GPA + PAGE, PAGE, false);
}

TEST(a_part_is_punched, &huge)
{
	struct guest_td *td = *state;

	expect_cut(td, punch_second);
	/* The table stays. */
	guest_td_expect_new(td, TD_FREE_GPA + PAGE);
	expect_entry(TD_FREE_GPA + PAGE, TDXM_PRESENT, 1);
}

TEST(a_part_is_shared, &huge)
{
	struct guest_td *td = *state;

	expect_cut(td, share_second);
	expect_ok(guest_td_try_attributes(td, TD_FREE_GPA + PAGE, PAGE, true), "back");
	guest_td_expect_new(td, TD_FREE_GPA + PAGE);
}

/* The guest accepts a small page of a huge one that is pending. */
TEST(a_part_is_accepted, &huge)
{
	struct guest_td *td = *state;

	guest_td_launch(td);
	guest_td_own(td, TD_FREE_GPA + 3 * PAGE, 1);
	expect_entry(TD_FREE_GPA + 3 * PAGE, TDXM_PRESENT, 1);
	expect_entry(TD_FREE_GPA, TDXM_PENDING, 1);
	guest_td_own(td, TD_FREE_GPA, 1);
	expect_ok(guest_td_prefault(td, TD_FREE_GPA, HUGE_PAGE), "KVM_PRE_FAULT_MEMORY");
	guest_td_expect_content(td, TD_FREE_GPA, VALUE);
}

TEST(a_part_by_a_busy_module, &huge)
{
	struct guest_td *td = *state;

	model_refuse(TDXM_MEM_PAGE_DEMOTE, TDXM_OPERAND_BUSY, 0, 1);
	expect_cut(td, punch_second);
}

TEST(two_mib_go_with_the_slot, &huge)
{
	struct guest_td *td = *state;

	guest_td_launch(td);
	guest_td_own(td, TD_FREE_GPA, 2);
	guest_td_delete_slot(td);
	expect_entry(TD_FREE_GPA, TDXM_FREE, 2);
}

TEST(two_mib_go_with_the_vm, &huge)
{
	struct guest_td *td = *state;

	guest_td_launch(td);
	guest_td_own(td, TD_FREE_GPA, 2);
}

TEST_MAIN("tdx/private_tds")

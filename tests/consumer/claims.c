// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that one task works on without a lock of the file. Other tasks wait for these
 * pages, and only for them; and the task may wait for a lock whose holder needs the
 * file.
 */
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"
#include "consumer.h"
#include "convert.h"
#include "workers.h"

#define WORD 0xc1a1000000000000ULL
#define FILLED 20
#define NO_PAGE (~0ULL)

static void set(struct consumer *c, __u64 block_fill, __u64 block_firmware)
{
	const struct kpt_control control = {
		.block_slot = -1, .block_fill = block_fill,
		.block_firmware = block_firmware,
	};

	expect_ok(ioctl(c->device, KPT_CONTROL, &control), "KPT_CONTROL");
}

static long fill_with(struct consumer *c, __u64 index, __u64 nr, __u32 flags)
{
	struct kpt_populate args = {
		.index = index, .nr = nr, .word = WORD, .fail_index = NO_PAGE,
		.flags = flags,
	};

	expect_ok(ioctl(c->device, KPT_POPULATE, &args), "KPT_POPULATE");
	return args.result;
}

static long fill(struct consumer *c, __u64 index)
{
	return fill_with(c, index, 1, 0);
}

static long fill_again(struct consumer *c, __u64 index)
{
	return fill(c, index) == 1 ? 0 : -1;
}

static long fill_by_firmware(struct consumer *c, __u64 index)
{
	return fill_with(c, index, 1, KPT_FILL_FIRMWARE);
}

static long look_up(struct consumer *c, __u64 index)
{
	return try_get_pfn(c, 0, index);
}

static long read_page(struct consumer *c, __u64 index)
{
	__u64 word;

	return read_word(c, 0, index, &word) ?: word == WORD + index ? 0 : 1;
}

static long punch_page(struct consumer *c, __u64 index)
{
	return file_punch(c->file, index * PAGE, PAGE);
}

static long share_page(struct consumer *c, __u64 index)
{
	return file_make_shared(c->file, index * PAGE, PAGE, 0);
}

static long populate_page(struct consumer *c, __u64 index)
{
	struct kvm_private_populate populate = {
		.offset = index * PAGE, .size = PAGE,
	};

	return file_populate(c->file, &populate);
}

/*
 * Returns when the callback works on page FILLED; the callback then keeps the page for
 * longer.
 */
static void start_fill(struct consumer *c, struct call *filling,
		       long (*how)(struct consumer *c, __u64 arg))
{
	set(c, FILLED + 1, 0);
	call_start(filling, c, how, FILLED);
	expect_ok(ioctl(c->device, KPT_WAIT_BLOCKED), "waiting for the callback");
}

/*
 * A lookup, a change or a second fill of a page ends when the page has been filled, and
 * no sooner.
 */
static void others_wait(struct consumer *c,
			long (*other)(struct consumer *c, __u64 arg),
			const char *what)
{
	struct call filling, call;

	start_fill(c, &filling, fill);
	call_start(&call, c, other, FILLED);
	expect_waiting(&call, what);
	set(c, 0, 0);
	expect_result(&call, 0, what);
	expect_result(&filling, 1, "filling");
}

/* After a failed test calls may be waiting, with the device open. */
static int let_go(void **state)
{
	set(*state, 0, 0);
	usleep(100000);
	return consumer_teardown(state);
}

static const struct fixture waiting = { .setup = consumer_setup, .teardown = let_go };
static const struct fixture waiting_huge = { .setup = consumer_setup_huge, .teardown = let_go };

TEST(wait_to_look_up, &waiting)
{
	struct consumer *c = *state;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	others_wait(c, look_up, "a lookup");
	others_wait(c, read_page, "reading for the guest");
	unbind(c, 0);
	bind_guest(c, 0, 1, 0, FILE_PAGES);
	others_wait(c, look_up, "a lookup of a guest with firmware");
	assert_int_equal(count_events(c, KPT_PREPARED), 0);
}

TEST(wait_to_change, &waiting)
{
	struct consumer *c = *state;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	others_wait(c, punch_page, "a hole");
	assert_int_equal(allocated(c), 0);
	others_wait(c, share_page, "a conversion");
	assert_int_equal(file_shared(c->file), PAGE);
	expect_ok(file_make_private(c->file, 0, FILE_PAGES * PAGE, 0), "back");
	others_wait(c, populate_page, "POPULATE");
	others_wait(c, fill_again, "another callback");
}

TEST(other_pages, &waiting)
{
	struct consumer *c = *state;
	struct call filling;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	start_fill(c, &filling, fill);
	assert_int_equal(look_up(c, FILLED - 1), 0);
	assert_int_equal(look_up(c, FILLED + 1), 0);
	assert_int_equal(populate_page(c, FILLED + 2), 0);
	assert_int_equal(punch_page(c, FILLED - 1), 0);
	assert_int_equal(share_page(c, FILLED + 1), 0);
	assert_int_equal(fill(c, FILLED + 3), 1);
	allocate(c, 0, FILE_PAGES);
	set(c, 0, 0);
	expect_result(&filling, 1, "filling");
}

/* The callback's lookup finds its own page without waiting or preparing it. */
TEST(callback_looks_up, &waiting)
{
	static const enum kpt_ops ops[] = { KPT_OPS_PLAIN, KPT_OPS_PREPARE };
	struct consumer *c = *state;

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		bind(c, 0, ops[i], 0, FILE_PAGES);
		assert_int_equal(fill_with(c, 4, 4, KPT_FILL_LOOKS_UP), 4);
		assert_int_equal(count_events(c, KPT_PREPARED), 0);
		for (__u64 index = 4; index < 8; index++)
			assert_int_equal(look_up(c, index), 0);
		assert_int_equal(count_events(c, KPT_PREPARED), 0);
		punch(c, 0, FILE_PAGES);
		unbind(c, 0);
	}
}

/* Shared pages aren't claimed, even if the callback would come to them. */
TEST(shared_behind, &waiting)
{
	struct consumer *c = *state;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	assert_int_equal(share_page(c, 10), 0);
	assert_int_equal(fill_with(c, 8, 4, 0), 2);
	assert_int_equal(fill_with(c, 10, 1, 0), -EINVAL);
	assert_int_equal(allocated(c), 2);
}

static char *map;

static long call_firmware(struct consumer *c, __u64 index)
{
	struct kpt_firmware firmware = {
		.address = (uintptr_t)map + index * PAGE, .word = WORD,
	};

	return ioctl(c->device, KPT_FIRMWARE, &firmware);
}

/*
 * One task has the firmware's lock and is about to write to a shared page, on which it
 * faults. The callback waits for that lock, and other tasks want to change the file.
 */
TEST(firmware, &waiting)
{
	struct consumer *c = *state;
	struct kpt_bind bind = {
		.ops = KPT_OPS_PREPARE, .end = FILE_PAGES, .guest_id = 1,
		.flags = KPT_BIND_FIRMWARE,
	};
	struct call firmware, filling, hole, conversion;

	consumer_close_file(c);
	c->file = file_create(FILE_PAGES * PAGE, KVM_PRIVATE_FLAG_MMAP);
	bind.fd = c->file;
	expect_ok(try_bind(c, &bind), "binding");
	assert_int_equal(share_page(c, 0), 0);
	map = file_map(c->file, FILE_PAGES * PAGE);

	set(c, 0, 1);
	call_start(&firmware, c, call_firmware, 0);
	expect_ok(ioctl(c->device, KPT_WAIT_BLOCKED), "waiting for the firmware");
	call_start(&filling, c, fill_by_firmware, FILLED);
	expect_waiting(&filling, "the callback");
	call_start(&hole, c, punch_page, FILLED);
	call_start(&conversion, c, share_page, FILLED);
	expect_waiting(&hole, "a hole");
	expect_waiting(&conversion, "a conversion");

	set(c, 0, 0);
	expect_result(&firmware, 0, "the firmware's call");
	expect_result(&filling, 1, "filling");
	expect_result(&hole, 0, "the hole");
	expect_result(&conversion, 0, "the conversion");
	assert_int_equal(*(volatile __u64 *)map, WORD);
	munmap(map, FILE_PAGES * PAGE);
}

static void punch_and_die(struct consumer *c)
{
	punch_page(c, FILLED);
	_exit(1);
}

/* A task that waits for a claim can be killed. */
TEST(killed_waiting, &waiting)
{
	struct consumer *c = *state;
	struct call filling;
	int status;
	pid_t pid;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	start_fill(c, &filling, fill);
	pid = expect_ok(fork(), "fork");
	if (!pid)
		punch_and_die(c);
	usleep(100000);
	expect_ok(kill(pid, SIGKILL), "kill");
	expect_ok(waitpid(pid, &status, 0), "waitpid");
	assert_true(WIFSIGNALED(status));
	set(c, 0, 0);
	expect_result(&filling, 1, "filling");
	assert_int_equal(read_page(c, FILLED), 0);
}

static struct consumer *racing;

static void collapse_apart(struct worker *worker)
{
	struct kvm_private_collapse collapse = { .size = HUGE_PAGE };

	worker_note(worker, "punch",
		    file_punch(racing->file, HUGE_PAGE - PAGE, PAGE), NULL);
	worker_note(worker, "collapse", file_collapse(racing->file, &collapse),
		    NULL);
}

/* Only this worker writes to the page. */
static void count_up(struct worker *worker)
{
	__u64 *expected = worker->arg, word;

	worker_note(worker, "read", read_word(racing, 0, worker->seed, &word), NULL);
	if (word != *expected)
		worker_failed(worker, "a word is not what was written last");
	++*expected;
	worker_note(worker, "write",
		    write_word(racing, 0, worker->seed, *expected), NULL);
}

/* A write while a huge page is made is in the huge page, or comes after it. */
TEST(written_while_copied, &waiting_huge)
{
	struct worker workers[3] = { { .one_call = collapse_apart } };
	__u64 words[ARRAY_SIZE(workers)] = { 0 };
	struct consumer *c = *state;

	racing = c;
	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	allocate(c, 0, HUGE_FILE_PAGES);
	for (unsigned int i = 1; i < ARRAY_SIZE(workers); i++)
		workers[i] = (struct worker){
			.one_call = count_up, .arg = &words[i], .seed = i * 100,
		};
	workers_run(workers, ARRAY_SIZE(workers), 4);
	for (unsigned int i = 0; i < ARRAY_SIZE(workers); i++)
		assert_true(workers[i].calls > 4);
}

/* Ciphertext can't be copied from one page of the machine to another. */
TEST(encrypted_stays, &waiting_huge)
{
	struct kvm_private_collapse collapse = { .size = HUGE_PAGE };
	struct consumer *c = *state;
	struct kpt_bind bind = {
		.ops = KPT_OPS_ENCRYPTS, .fd = c->file, .start = 5, .end = 6,
		.flags = KPT_BIND_NO_ATTRIBUTES,
	};

	expect_ok(try_bind(c, &bind), "binding");
	allocate(c, 0, HUGE_PAGES);
	punch(c, 100, 101);
	expect_error(EBUSY, file_collapse(c->file, &collapse), "collapse");
	expect_backing(c->file, 0, HUGE_PAGES - 1, "not collapsed, nor filled");
	expect_error(EOPNOTSUPP, file_make_shared(c->file, 0, HUGE_PAGE,
						  CONVERT_PRESERVE), "preserve");
	expect_ok(file_make_shared(c->file, 0, HUGE_PAGE, 0), "without a promise");
	unbind(c, 0);
	collapse = (struct kvm_private_collapse){ .size = HUGE_PAGE };
	expect_ok(file_collapse(c->file, &collapse), "collapse without the guest");
	expect_backing(c->file, 1, 0, "collapsed");
}

TEST_MAIN("kernel interface: claims",
	  .setup = consumer_group_setup, .teardown = consumer_group_teardown)

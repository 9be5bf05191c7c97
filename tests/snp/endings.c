// SPDX-License-Identifier: GPL-2.0-only
/* Guests that end, in each order of their parts, killed, and followed by others */
#include <cpuid.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent_machine.h"
#include "child.h"
#include "convert.h"
#include "emulated_only.h"
#include "launch.h"
#include "orders.h"
#include "test_port.h"

static int region_file(const struct backing *backing)
{
	const __u64 flags = KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED;

	return backing->shift == HUGE_SHIFT ? huge_create(REGION_SIZE, flags) :
					      file_create(REGION_SIZE, flags);
}

/* A guest with a file that was there before, and without content in it */
static void start_on(struct machine *m, const struct backing *backing, int file)
{
	memset(m, 0, sizeof(*m));
	m->region = (struct region){
		.backing = backing, .file_size = REGION_SIZE, .gpa = REGION_GPA,
		.size = REGION_SIZE,
	};
	agent_start(&m->agent, backing->native, 1);
	region_create_on(&m->region, file, 0);
	region_add(&m->agent, 1, &m->region);
}

static void end_and_keep_file(struct machine *m)
{
	agent_end(&m->agent);
	region_unmap(&m->region);
}

enum part {
	PROCESSORS,
	VM,
	MAPPING,
	REGION_FILE,
	PARTS,
};

static void end_part(struct machine *m, enum part part)
{
	switch (part) {
	case PROCESSORS:
		agent_close_processors(&m->agent);
		break;
	case VM:
		agent_close_vm(&m->agent);
		break;
	case MAPPING:
		region_unmap(&m->region);
		break;
	case REGION_FILE:
		close(m->region.file);
		break;
	case PARTS:
		break;
	}
}

static void end_in_each_order(const struct backing *backing)
{
	unsigned int order[PARTS] = { PROCESSORS, VM, MAPPING, REGION_FILE };
	struct machine m;

	do {
		machine_start(&m, backing, 1);
		machine_fill(&m);
		for (int i = 0; i < PARTS; i++)
			end_part(&m, order[i]);
		if (event_count(GUEST_PAGES))
			fail_msg("%u pages belong to a guest after order %u, %u, %u, %u",
				 event_count(GUEST_PAGES), order[0], order[1], order[2],
				 order[3]);
	} while (next_order(order, PARTS));
}

TEST(each_order_native)
{
	end_in_each_order(&backing_native);
}

TEST(each_order_base)
{
	end_in_each_order(&backing_base);
}

TEST(each_order_huge)
{
	end_in_each_order(&backing_huge);
}

static unsigned int nr_asids(void)
{
	unsigned int eax, ebx, ecx, edx = 0;

	assert_true(__get_cpuid(0x8000001f, &eax, &ebx, &ecx, &edx));
	return edx - 1;
}

/*
 * Each file has the pages of an earlier guest with this guest's ASID: KVM uses all ASIDs before
 * it uses one again.
 */
static void reuse_asids(const struct backing *backing)
{
	const unsigned int nr = nr_asids();
	int files[nr];
	struct machine m;

	for (unsigned int i = 0; i < nr; i++)
		files[i] = region_file(backing);
	for (unsigned int i = 0; i < 2 * nr; i++) {
		start_on(&m, backing, files[i % nr]);
		region_make_private(&m.agent, &m.region, REGION_GPA, REGION_SIZE);
		agent_go(&m.agent);
		agent_expect_invalid(&m.agent, REGION_GPA, "of an earlier guest");
		agent_expect_invalid(&m.agent, REGION_GPA + REGION_SIZE - PAGE,
				     "of an earlier guest");
		agent_validate(&m.agent, REGION_GPA, REGION_SIZE);
		agent_fill(&m.agent, REGION_GPA, PAGE, REGION_WORDS);
		agent_expect(&m.agent, REGION_GPA, PAGE, REGION_WORDS, "filled");
		end_and_keep_file(&m);
	}
	assert_true(event_count(GUEST_PAGES) == nr * REGION_SIZE / PAGE);
	for (unsigned int i = 0; i < nr; i++)
		close(files[i]);
	assert_int_equal(event_count(GUEST_PAGES), 0);
}

TEST(asids_again_base)
{
	reuse_asids(&backing_base);
}

TEST(asids_again_huge)
{
	reuse_asids(&backing_huge);
}

/* As many guests as there are ASIDs, each with a part of one huge page */
static void share_a_file(const struct backing *backing)
{
	const unsigned int nr = nr_asids();
	const __u64 part = HUGE_PAGE / nr & -PAGE;
	int file = region_file(backing);
	struct machine m[nr];

	for (unsigned int i = 0; i < nr; i++) {
		m[i].region = (struct region){
			.backing = backing, .file_size = REGION_SIZE, .offset = i * part,
			.gpa = REGION_GPA + i * part, .size = part,
		};
		agent_start(&m[i].agent, false, 1);
		region_create_on(&m[i].region, file, i * part);
		region_add(&m[i].agent, 1, &m[i].region);
		region_make_private(&m[i].agent, &m[i].region, m[i].region.gpa, part);
		agent_go(&m[i].agent);
		agent_validate(&m[i].agent, m[i].region.gpa, part);
		agent_fill(&m[i].agent, m[i].region.gpa, part, REGION_WORDS + i);
	}
	for (unsigned int i = 0; i < nr; i++)
		agent_expect(&m[i].agent, m[i].region.gpa, part, REGION_WORDS + i,
			     "beside other guests");
	/* The neighbours on both sides of each second guest stay. */
	for (unsigned int i = 0; i < nr; i += 2) {
		agent_end(&m[i].agent);
		region_make_shared(&m[i].agent, &m[i].region, m[i].region.gpa, part);
		region_fill(&m[i].region, m[i].region.gpa, part, HOST_WORDS);
	}
	for (unsigned int i = 1; i < nr; i += 2)
		agent_expect(&m[i].agent, m[i].region.gpa, part, REGION_WORDS + i,
			     "when its neighbours have gone");
	for (unsigned int i = 0; i < nr; i++) {
		if (i % 2)
			agent_end(&m[i].agent);
		else
			region_expect(&m[i].region, m[i].region.gpa, part, HOST_WORDS,
				      "beside guests");
		region_unmap(&m[i].region);
	}
	close(file);
	assert_int_equal(event_count(GUEST_PAGES), 0);
}

TEST(many_at_once_base)
{
	share_a_file(&backing_base);
}

TEST(many_at_once_huge)
{
	share_a_file(&backing_huge);
}

struct shared_file {
	const struct backing *backing;
	int file;
	struct meeting meeting;
};

/* The kill comes while it launches or while its guest runs. */
static void launch_until_killed(void *arg)
{
	const struct shared_file *shared = arg;
	const struct order forever = {
		ORDER_PATROL, REGION_GPA, REGION_SIZE, REGION_WORDS,
	};
	struct machine m;

	start_on(&m, shared->backing, shared->file);
	expect_ok(file_make_private(shared->file, 0, REGION_SIZE, CONVERT_PRESERVE),
		  "to private");
	meet_parent((struct meeting *)&shared->meeting);
	snp_launch_update(m.agent.vm, REGION_GPA, REGION_SIZE, NULL);
	agent_go(&m.agent);
	agent_try(&m.agent, &forever);
	fail_msg("A patrol ended");
}

static void kill_after(struct shared_file *shared, unsigned int microseconds)
{
	int status;
	pid_t child;

	meeting_open(&shared->meeting);
	child = child_start(launch_until_killed, shared);
	meet_child(&shared->meeting);
	usleep(microseconds);
	kill(child, SIGKILL);
	expect_ok(waitpid(child, &status, 0), "waitpid");
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	meeting_close(&shared->meeting);
}

/* The file is good for the next guest, and at last for the host. */
static void kill_and_go_on(const struct backing *backing)
{
	struct shared_file shared = { .backing = backing, .file = region_file(backing) };
	struct machine m;

	for (unsigned int i = 0; i < 16; i++)
		kill_after(&shared, i * i * 1000);
	start_on(&m, backing, shared.file);
	machine_fill(&m);
	machine_expect_filled(&m, "after killed ones");
	machine_end(&m);
}

TEST(killed_base)
{
	kill_and_go_on(&backing_base);
}

TEST(killed_huge)
{
	kill_and_go_on(&backing_huge);
}

/* The child has the VM and its files for longer than the parent. */
static void outlive(void *arg)
{
	meet_parent(arg);
	meet_parent(arg);
}

static void fork_and_end(const struct backing *backing)
{
	struct meeting meeting;
	struct machine m;
	pid_t child;

	machine_start(&m, backing, 1);
	machine_fill(&m);
	meeting_open(&meeting);
	child = child_start(outlive, &meeting);
	meet_child(&meeting);
	agent_end(&m.agent);
	region_destroy(&m.region);
	assert_true(event_count(GUEST_PAGES) > REGION_SIZE / PAGE);
	meet_child(&meeting);
	child_wait(child);
	meeting_close(&meeting);
	assert_int_equal(event_count(GUEST_PAGES), 0);
}

TEST(fork_native)
{
	fork_and_end(&backing_native);
}

TEST(fork_base)
{
	fork_and_end(&backing_base);
}

TEST(fork_huge)
{
	fork_and_end(&backing_huge);
}

EMULATED_MAIN("endings")

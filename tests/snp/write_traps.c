// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM can't read the registers of a guest, nor may it intercept writes to them: it learns of
 * new contents of CR0, CR4, CR8 and EFER from exits after each write.
 */
#include <stdio.h>
#include <string.h>

#include "agent_machine.h"
#include "emulated_only.h"
#include "probes.h"

#define CR0_TS		8
#define CR4_DE		8
#define CR8_PRIORITY	5
#define EFER_SCE	1
/* KVM leaves it out of the EFER that it keeps. */
#define EFER_SVME	0x1000ULL

/* KVM's handlers, and the functions that they tell what the guest wrote */
static const char *const probes[] = {
	"p:snp_test/trap kvm_amd:cr_trap",
	"p:snp_test/trap kvm_amd:efer_trap",
	"p:snp_test/cr0 kvm:kvm_post_set_cr0 value=%dx old=%si",
	"p:snp_test/cr4 kvm:kvm_post_set_cr4 value=%dx old=%si",
	"p:snp_test/cr8 kvm:kvm_set_cr8 value=%si",
	"p:snp_test/efer kvm_amd:svm_set_efer value=%si",
};

struct write {
	__u64 control;
	__u64 bits;
	const char *told;
};

/* Each register gets back its old content. */
static const struct write writes[] = {
	{ CONTROL_CR0, CR0_TS, "cr0" },
	{ CONTROL_CLTS, CR0_TS, "cr0" },
	{ CONTROL_LMSW, CR0_TS, "cr0" },
	{ CONTROL_CR0, CR0_TS, "cr0" },
	{ CONTROL_CR4, CR4_DE, "cr4" },
	{ CONTROL_CR4, CR4_DE, "cr4" },
	{ CONTROL_CR8, CR8_PRIORITY, "cr8" },
	{ CONTROL_CR8, CR8_PRIORITY, "cr8" },
	{ CONTROL_EFER, EFER_SCE, "efer" },
	{ CONTROL_EFER, EFER_SCE, "efer" },
};

struct told {
	char name[16];
	__u64 value;
	/* Of CR0 and CR4: the content that KVM has known until now */
	__u64 old;
};

static struct told told[ARRAY_SIZE(writes)];
static size_t traps;
/* The last line was that of a handler. */
static bool in_trap;

static int setup(void **state)
{
	(void)state;
	memset(told, 0, sizeof(told));
	traps = 0;
	in_trap = false;
	probes_start(probes, ARRAY_SIZE(probes));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	probes_stop();
	return 0;
}

static const struct fixture probed = { .setup = setup, .teardown = teardown };

/* KVM calls the same functions for other reasons, too: those calls don't follow a handler's. */
static void read_line(const char *line)
{
	const char *event = strchr(line, ':');
	struct told *next = &told[traps];
	char name[16];

	if (line[0] == '#' || !event || sscanf(event, ": %15[a-z0-9]:", name) != 1)
		return;
	if (strcmp(name, "trap") == 0) {
		in_trap = true;
		return;
	}
	if (!in_trap)
		return;
	in_trap = false;
	if (traps == ARRAY_SIZE(writes))
		fail_msg("KVM is told more often than the guest writes: %s", line);
	memcpy(next->name, name, sizeof(name));
	if (sscanf(strstr(line, "value="), "value=%llx old=%llx", &next->value, &next->old) < 1)
		fail_msg("A line of the trace isn't understood: %s", line);
	traps++;
}

static __u64 write_control(struct agent *agent, const struct write *write)
{
	const struct order order = { ORDER_CONTROL, write->control, 0, write->bits };

	return agent_obey(agent, &order);
}

static void expect_told(size_t i, __u64 written)
{
	if (strcmp(told[i].name, writes[i].told))
		fail_msg("Write %zu of %s is told as one of '%s'", i, writes[i].told, told[i].name);
	if (strcmp(told[i].name, "efer") == 0)
		written &= ~EFER_SVME;
	if (told[i].value != written)
		fail_msg("The guest has written %#llx to %s, KVM is told %#llx", written,
			 writes[i].told, told[i].value);
}

/* Only calls for CR0 and CR4 have both contents. */
static void expect_known(size_t i)
{
	if (!told[i].old || strcmp(told[i].name, told[i - 1].name))
		return;
	if (told[i].old != told[i - 1].value)
		fail_msg("Before write %zu KVM takes %s to be %#llx, not %#llx", i, told[i].name,
			 told[i].old, told[i - 1].value);
}

TEST(told, &probed)
{
	__u64 written[ARRAY_SIZE(writes)];
	struct machine m;

	machine_start(&m, &backing_base, 1);
	machine_fill(&m);
	for (size_t i = 0; i < ARRAY_SIZE(writes); i++)
		written[i] = write_control(&m.agent, &writes[i]);
	machine_end(&m);

	/* The guest itself sees what it wrote. */
	for (size_t i = 0; i < ARRAY_SIZE(writes); i += 2)
		assert_int_equal(written[i] ^ written[i + 1], writes[i].bits);

	probes_read(read_line);
	assert_int_equal(traps, ARRAY_SIZE(writes));
	for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
		expect_told(i, written[i]);
		if (i)
			expect_known(i);
	}
}

EMULATED_MAIN("write_traps")

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debian's own Linux boots as an SEV-SNP guest from a private file. The working directory
 * holds what boots.c says. The machine is the emulated platform.
 */
#include <signal.h>
#include <stdio.h>

#include "../demo/witness.h"
#include "device.h"
#include "expected_digest.h"
#include "guest_process.h"
#include "guest_report.h"
#include "host_memory.h"
#include "sev.h"
#include "unit.h"

#define COMMAND_LINE	"console=ttyS0 loglevel=3 reboot=t panic=-1"
#define WITH_SHELL	COMMAND_LINE " shell"

static struct guest_process guest;

static void start(const char *command_line, const char *cpus, const char *option)
{
	guest_start(&guest, (const char *[]){
		"--snp", "--kernel", "vmlinuz", "--initrd", "initrd",
		"--append", command_line, "--cpus", cpus, option, NULL });
	/* The guest's processor tells it that. */
	guest_hear(&guest, "Memory Encryption Features active: AMD SEV SEV-ES SEV-SNP");
	guest_hear(&guest, "The guest is up");
}

static void expect_cpus(const char *cpus)
{
	char answer[32];

	guest_type(&guest, "echo cpus=$(nproc)\n");
	snprintf(answer, sizeof(answer), "cpus=%s", cpus);
	guest_hear(&guest, answer);
}

/* The console's log level hides warnings. */
static void expect_no_warning(void)
{
	guest_type(&guest, "echo warnings=$(dmesg | grep -c 'cut here')\n");
	guest_hear(&guest, "warnings=0");
}

/* Much of the guest's memory is in use at once, and keeps its content. */
static void fill_and_compare(void)
{
	guest_type(&guest,
		   "head -c 4194304 /dev/urandom >/0; "
		   "for i in $(seq 8); do cp /0 /$i; done; "
		   "for i in $(seq 8); do cmp /0 /$i && echo same; done >/n; "
		   "echo copies=$(wc -l </n)\n");
	guest_hear(&guest, "copies=8");
}

static void power_off(void)
{
	guest_type(&guest, "reboot -f\n");
	assert_int_equal(guest_wait(&guest), 0);
}

TEST(boots_from_base_pages)
{
	start(WITH_SHELL, "1", NULL);
	expect_cpus("1");
	expect_no_warning();
	fill_and_compare();
	power_off();
}

TEST(boots_from_huge_pages)
{
	start(WITH_SHELL, "1", "--huge");
	fill_and_compare();
	power_off();
}

/*
 * A page of the guest's is full of a text, of which its console tells one copy. The host
 * looks for such a page in all of its memory, and finds it as soon as the guest shares a page
 * with that text in it.
 */
TEST(host_memory_holds_no_secret)
{
	struct host_search search;

	start(COMMAND_LINE, "1", "--huge");
	guest_type(&guest, WITNESS_START);
	guest_hear(&guest, "I filled a page with");
	search = host_memory_search(WITNESS_TEXT);
	assert_true(search.bytes > 1024 * MIB);
	assert_int_equal(search.pages, 0);

	guest_type(&guest, WITNESS_SHARE);
	guest_hear(&guest, "I share a page with the host");
	guest_type(&guest, WITNESS_TELL);
	guest_hear(&guest, WITNESS_TOLD);
	search = host_memory_search(WITNESS_TEXT);
	assert_true(search.pages >= 1);

	guest_type(&guest, WITNESS_TAKE_BACK);
	guest_hear(&guest, "I took it back");
	guest_type(&guest, WITNESS_QUIT);
	assert_int_equal(guest_wait(&guest), 0);
}

/* The VMM's, unless it is told otherwise */
#define MEMORY_SIZE	(256 * MIB)

static void expect_digest(const struct report *report, const char *command_line, bool right)
{
	const struct vmm_config config = {
		.kernel = "vmlinuz", .initrd = "initrd",
		.command_line = command_line, .memory_size = MEMORY_SIZE, .nr_cpus = 1,
	};
	__u8 digest[SNP_DIGEST_SIZE];

	expected_digest(&config, digest);
	if (right)
		assert_memory_equal(report->measurement, digest, sizeof(digest));
	else
		assert_memory_not_equal(report->measurement, digest, sizeof(digest));
}

/*
 * The guest's owner sends a nonce, and sees by the report that this very Linux with this very
 * initrd and command line has got it, and that no hypervisor has changed any of them.
 */
TEST(firmware_reports_what_was_launched)
{
	static const char nonce[64] = "a-number-that-was-never-used-before";
	struct report report;

	start(WITH_SHELL, "1", "--huge");
	guest_report(&guest, nonce, &report);
	power_off();

	assert_true(report_is_signed(&report));
	assert_memory_equal(report.data, nonce, sizeof(nonce));
	assert_int_equal(report.version, 2);
	assert_int_equal(report.policy, SNP_POLICY);
	assert_int_equal(report.vmpl, 0);
	expect_digest(&report, WITH_SHELL, true);
	expect_digest(&report, WITH_SHELL " ", false);
}

/* The guest makes the second one's first registers itself (AP creation). */
TEST(boots_with_two_cpus)
{
	start(WITH_SHELL, "2", "--huge");
	expect_cpus("2");
	power_off();
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return tests_run("boots_snp", NULL);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debian's own Linux boots as an SEV-SNP guest from a private file. The working directory
 * holds what boots.c says. The machine is the emulated platform.
 */
#include <signal.h>
#include <stdio.h>

#include "guest_process.h"
#include "unit.h"

#define COMMAND_LINE "console=ttyS0 loglevel=3 reboot=t panic=-1 shell"

static struct guest_process guest;

static void start(const char *cpus, const char *option)
{
	guest_start(&guest, (const char *[]){
		"--snp", "--kernel", "vmlinuz", "--initrd", "initrd",
		"--append", COMMAND_LINE, "--cpus", cpus, option, NULL });
	guest_hear(&guest, "The guest is up");
}

/* The guest's own processor and firmware tell it, not its command line. */
static void expect_snp(void)
{
	guest_type(&guest, "dmesg | grep -o 'Features active.*'\n");
	guest_hear(&guest, "Features active: AMD SEV SEV-ES SEV-SNP");
}

static void expect_cpus(const char *cpus)
{
	char answer[32];

	guest_type(&guest, "echo cpus=$(nproc)\n");
	snprintf(answer, sizeof(answer), "cpus=%s", cpus);
	guest_hear(&guest, answer);
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
	start("1", NULL);
	expect_snp();
	expect_cpus("1");
	fill_and_compare();
	power_off();
}

TEST(boots_from_huge_pages)
{
	start("1", "--huge");
	expect_snp();
	fill_and_compare();
	power_off();
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return tests_run("boots_snp", NULL);
}

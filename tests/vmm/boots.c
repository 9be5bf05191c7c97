// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux boots from private memory, works there, and leaves nothing behind. The
 * working directory holds vmm, a kernel and the demo's initrd as ./vmlinuz and
 * ./initrd.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guest_process.h"
#include "unit.h"

#define COMMAND_LINE \
	"console=ttyS0 loglevel=3 acpi=off reboot=t panic=-1 shell"

static struct guest_process guest;

static void start(const char *memory, const char *cpus)
{
	guest_start(&guest, (const char *[]){
		"--kernel", "vmlinuz", "--initrd", "initrd",
		"--append", COMMAND_LINE,
		"--memory", memory, "--cpus", cpus, NULL });
}

/* What is typed is echoed, so no answer may look like its question. */
static void power_off(void)
{
	guest_type(&guest, "reboot -f\n");
	assert_int_equal(guest_wait(&guest), 0);
}

static void boots(const char *memory, const char *cpus)
{
	char answer[32];

	start(memory, cpus);
	guest_hear(&guest, "The guest is up");
	guest_type(&guest, "echo cpus=$(nproc)\n");
	snprintf(answer, sizeof(answer), "cpus=%s", cpus);
	guest_hear(&guest, answer);
	power_off();
}

static void boots_with_one_cpu(void **state)
{
	(void)state;
	boots("kvm_private", "1");
}

static void boots_with_two_cpus(void **state)
{
	(void)state;
	boots("kvm_private", "2");
}

/* The same VMM, so that a failure above is known to be the memory's. */
static void boots_from_plain_memory(void **state)
{
	(void)state;
	boots("plain", "1");
}

/* Much of the guest's memory is in use at once, and keeps its content. */
static void memory_keeps_its_content(void **state)
{
	(void)state;
	start("kvm_private", "1");
	guest_hear(&guest, "The guest is up");
	guest_type(&guest,
		   "head -c 8388608 /dev/urandom >/0; "
		   "for i in $(seq 10); do cp /0 /$i; done; "
		   "for i in $(seq 10); do cmp /0 /$i && echo same; done >/n; "
		   "echo copies=$(wc -l </n)\n");
	guest_hear(&guest, "copies=10");
	power_off();
}

static long holders(void)
{
	FILE *file = fopen("/sys/module/kvm_private/refcnt", "re");
	long number;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld", &number), 1);
	fclose(file);
	return number;
}

/* Its memory goes with it, though KVM may take a moment over that. */
static void a_killed_vmm_leaves_nothing(void **state)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	long before = holders();

	(void)state;
	start("kvm_private", "2");
	guest_hear(&guest, "The guest is up");
	assert_true(holders() > before);

	kill(guest.pid, SIGKILL);
	assert_int_equal(guest_wait(&guest), 128 + SIGKILL);
	for (int i = 0; i < 1000 && holders() != before; i++)
		nanosleep(&pause, NULL);
	assert_int_equal(holders(), before);
}

static void refuses(const char *message, const char *const *arguments)
{
	guest_start(&guest, arguments);
	assert_int_not_equal(guest_wait(&guest), 0);
	if (!strstr(guest.text, message))
		fail_msg("it didn't say \"%s\" but: %s", message, guest.text);
}

static void says_what_is_wrong(void **state)
{
	(void)state;
	refuses("usage:", (const char *[]){ NULL });
	refuses("usage:", (const char *[]){
		"--kernel", "vmlinuz", "--nonsense", NULL });
	refuses("can't open nowhere", (const char *[]){
		"--kernel", "nowhere", NULL });
	refuses("is not a 64-bit bzImage", (const char *[]){
		"--kernel", "vmm", NULL });
	refuses("needs at least", (const char *[]){
		"--kernel", "vmlinuz", "--mem", "16", NULL });
	refuses("can't open nowhere", (const char *[]){
		"--kernel", "vmlinuz", "--initrd", "nowhere", NULL });
	refuses("at most", (const char *[]){
		"--kernel", "vmlinuz", "--mem", "4096", NULL });
	refuses("CPUs are possible", (const char *[]){
		"--kernel", "vmlinuz", "--cpus", "65", NULL });
	refuses("is not a positive number", (const char *[]){
		"--kernel", "vmlinuz", "--cpus", "-1", NULL });
	refuses("neither kvm_private nor plain", (const char *[]){
		"--kernel", "vmlinuz", "--memory", "other", NULL });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boots_from_plain_memory),
		cmocka_unit_test(boots_with_one_cpu),
		cmocka_unit_test(boots_with_two_cpus),
		cmocka_unit_test(memory_keeps_its_content),
		cmocka_unit_test(a_killed_vmm_leaves_nothing),
		cmocka_unit_test(says_what_is_wrong),
	};

	/* A VMM that has gone is noticed by what it says, not by a signal. */
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("boots", tests, NULL, NULL);
}

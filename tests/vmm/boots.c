// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux boots from private memory, works there, and leaves no memory behind.
 * The working directory holds vmm, a kernel and the demo's initrd as ./vmlinuz
 * and ./initrd.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/capability.h>

#include "child.h"
#include "device.h"
#include "guest_process.h"
#include "poll_until.h"
#include "rights.h"
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

/* The terminal echoes all input, so no answer may look like its question. */
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

/*
 * The same VMM with ordinary memory, so that a failure above is known to be the
 * private memory's
 */
TEST(boots_from_plain_memory)
{
	boots("plain", "1");
}

TEST(boots_with_one_cpu)
{
	boots("kvm_private", "1");
}

TEST(boots_with_two_cpus)
{
	boots("kvm_private", "2");
}

/* Loaded into shared memory, which then became private in place */
TEST(boots_in_place)
{
	boots("in-place", "1");
}

/* Much of the guest's memory is in use at once, and keeps its content. */
static void fill_and_compare(void)
{
	guest_type(&guest,
		   "head -c 8388608 /dev/urandom >/0; "
		   "for i in $(seq 10); do cp /0 /$i; done; "
		   "for i in $(seq 10); do cmp /0 /$i && echo same; done >/n; "
		   "echo copies=$(wc -l </n)\n");
	guest_hear(&guest, "copies=10");
}

TEST(memory_keeps_its_content)
{
	start("kvm_private", "1");
	guest_hear(&guest, "The guest is up");
	fill_and_compare();
	power_off();
}

/* Bytes that are shared in the VMM's private file, of which it has one */
static unsigned long long shared_bytes(void)
{
	unsigned long long bytes = 0;
	unsigned int files = 0;
	struct dirent *entry;
	char path[64];
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", guest.pid);
	directory = opendir(path);
	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		char line[256];
		FILE *file;

		snprintf(line, sizeof(line), "%s/%.16s", path, entry->d_name);
		file = fopen(line, "re");
		while (file && fgets(line, sizeof(line), file))
			files += sscanf(line, "shared: %llu", &bytes) == 1;
		if (file)
			fclose(file);
	}
	closedir(directory);
	assert_int_equal(files, 1);
	return bytes;
}

/*
 * Two programs at once share a page, take it back and keep a secret there, many
 * times, while other programs work with private memory. A third is killed while
 * its page is shared.
 */
TEST(pages_are_shared_and_taken_back)
{
	struct poll poll;

	start("in-place", "2");
	guest_hear(&guest, "The guest is up");
	assert_int_equal(shared_bytes(), 0);

	guest_type(&guest,
		   "asks() { for i in $(seq 50); do echo share; "
		   "echo take back; echo look; done; echo quit; }\n"
		   "rounds() { asks | witness | grep -c 'as I left it'; }\n"
		   "rounds >/a & rounds >/b & wait\n");
	guest_type(&guest, "echo rounds=$(cat /a)+$(cat /b)\n");
	guest_hear(&guest, "rounds=50+50");
	assert_int_equal(shared_bytes(), 0);

	guest_type(&guest, "{ echo share; sleep 1000; } | witness &\n");
	guest_hear(&guest, "I share a page with the host");
	assert_int_equal(shared_bytes(), 4096);
	fill_and_compare();
	guest_type(&guest, "killall -9 witness\n");
	poll = poll_start();
	while (shared_bytes() && poll_again(&poll))
		;
	assert_int_equal(shared_bytes(), 0);
	power_off();
}

/*
 * When memory has run out, KVM exits as for a page with the wrong attribute. The VMM
 * mustn't convert the page over and over.
 */
static void starve(void *unused)
{
	(void)unused;
	limit_locked_memory(48 * MIB);
	expect_ok(prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK), "PR_CAPBSET_DROP");
	start("in-place", "1");
	assert_int_equal(guest_wait(&guest), 1);
	if (!strstr(guest.text, "has no memory at guest physical"))
		fail_msg("the VMM said: %s", guest.text);
}

TEST(gives_up_when_there_is_no_memory)
{
	child_run(starve, NULL);
}

static long references(void)
{
	FILE *file = fopen("/sys/module/kvm_private/refcnt", "re");
	long number;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld", &number), 1);
	fclose(file);
	return number;
}

/* The VMM's memory goes with it, though KVM may take a moment over that. */
TEST(a_killed_vmm_leaves_nothing)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	long before = references();

	start("kvm_private", "2");
	guest_hear(&guest, "The guest is up");
	assert_true(references() > before);

	kill(guest.pid, SIGKILL);
	assert_int_equal(guest_wait(&guest), 128 + SIGKILL);
	for (int i = 0; i < 1000 && references() != before; i++)
		nanosleep(&pause, NULL);
	assert_int_equal(references(), before);
}

static void refuses(const char *message, const char *const *arguments)
{
	guest_start(&guest, arguments);
	assert_int_not_equal(guest_wait(&guest), 0);
	if (!strstr(guest.text, message))
		fail_msg("it didn't say \"%s\" but: %s", message, guest.text);
}

TEST(says_what_is_wrong)
{
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
	refuses("none of kvm_private, in-place and plain", (const char *[]){
		"--kernel", "vmlinuz", "--memory", "other", NULL });
}

int main(void)
{
	/*
	 * A write to a VMM that has gone raises no signal; the missing output
	 * shows it.
	 */
	signal(SIGPIPE, SIG_IGN);
	return tests_run("boots", NULL);
}

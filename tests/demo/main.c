// SPDX-License-Identifier: GPL-2.0-only
/*
 * The demo: a guest boots from private memory, and what that means is shown
 * while it runs. Every claim is checked; the first that isn't true ends it.
 */
#include <err.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"
#include "console.h"
#include "mptable.h"
#include "narrator.h"
#include "options.h"
#include "private_file.h"
#include "stats.h"
#include "terminal.h"
#include "vmm.h"
#include "witness.h"

#define PAGE_SIZE	4096

static double mib(__u64 bytes)
{
	return bytes / 1048576.0;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void tell_beginning(const struct vmm *vmm)
{
	struct utsname host;

	uname(&host);
	narrate("The host runs Linux %s with kvm_private and the patched KVM.",
		host.release);
	narrate("A guest gets %.0f MiB of memory, all from one file of /dev/kvm_private.",
		mib(vmm->memory.size));
	narrate("Its kernel and first programs were copied in: %.1f MiB exist so far.",
		mib(private_file_allocated(vmm->memory.file)));
}

/* Both counters are KVM's own; the file's are the module's. */
static void tell_faults(const struct vmm *vmm, __u64 placed)
{
	__u64 faults = 0, mapped, allocated;

	for (unsigned int i = 0; i < vmm->nr_cpus; i++)
		faults += stats_get(vmm->vcpus[i].fd, "pf_fixed");
	mapped = stats_get(vmm->vm, "pages_4k");
	allocated = private_file_allocated(vmm->memory.file);

	if (allocated <= placed)
		fail("the guest made no page of the file appear");
	if (!faults || !mapped)
		fail("KVM took no page from the file");
	if (stats_get(vmm->vm, "pages_2m") || stats_get(vmm->vm, "pages_1g"))
		fail("KVM mapped huge pages, which the file doesn't have");
	if (mapped > allocated / PAGE_SIZE)
		fail("KVM has mapped %llu pages, more than the %llu in the file",
		     mapped, allocated / PAGE_SIZE);

	narrate("By now %.1f of %.0f MiB exist, all of it private (from its fdinfo).",
		mib(allocated), mib(vmm->memory.size));
	narrate("KVM resolved %llu page faults of the guest (pf_fixed), each with a page",
		faults);
	narrate_detail("that it got from the file (get_pfn); %llu of those pages didn't",
		       (allocated - placed) / PAGE_SIZE);
	narrate_detail("exist before. The guest has %llu pages mapped now (pages_4k).",
		       mapped);
}

static void tell_attack(const struct vmm *vmm, __u64 gpa)
{
	const struct way_target target = {
		.fd = vmm->memory.file,
		.offset = gpa,
		.address = (unsigned char *)vmm->memory.address + gpa,
		.protection = PROT_NONE,
	};

	if (!private_file_has(target.fd, gpa))
		fail("there is no page at %#llx", gpa);
	attack(&target);
}

static void ask(struct vmm *vmm, struct console *console, const char *expected)
{
	console_expect(console, expected);
	serial_input(&vmm->ports.console, WITNESS_LOOK, strlen(WITNESS_LOOK));
	console_wait(console);
}

static void tell_punch(struct vmm *vmm, struct console *console, __u64 gpa)
{
	int file = vmm->memory.file;

	narrate("Now it frees that one page (punches a hole), while the guest runs.");
	private_file_punch(file, gpa);
	if (private_file_has(file, gpa))
		fail("the page is still in the file");
	narrate_detail("The file has it no more. The guest looks:");
	ask(vmm, console, WITNESS_ZERO);
	if (!private_file_has(file, gpa))
		fail("the guest read a page that isn't in the file");
}

static __u64 witnessed_address(const char *line, const struct vmm *vmm)
{
	const char *text = strstr(line, WITNESS_ADDRESS);
	unsigned long long gpa;

	if (!text)
		fail("the guest didn't say where its page is");
	gpa = strtoull(text + strlen(WITNESS_ADDRESS), NULL, 16);
	if (gpa % PAGE_SIZE || gpa >= vmm->memory.size)
		fail("the guest says that its page is at %#llx, where it has no memory",
		     gpa);
	return gpa;
}

struct listener {
	struct vmm *vmm;
	struct console *console;
};

/* A guest that crashes says nothing more: nobody is to wait for it then. */
static void *close_at_end(void *argument)
{
	struct listener *listener = argument;

	vmm_wait(listener->vmm);
	console_close(listener->console);
	return NULL;
}

static void tell_with_witness(struct vmm *vmm, struct console *console)
{
	struct listener listener = { .vmm = vmm, .console = console };
	pthread_t thread;
	__u64 placed = private_file_allocated(vmm->memory.file);
	double start = seconds();
	__u64 gpa;

	if (pthread_create(&thread, NULL, close_at_end, &listener))
		errx(1, "can't start a thread");
	console_expect(console, WITNESS_UP);
	narrate("The guest boots. This is its console:");
	vmm_start(vmm);
	console_wait(console);
	narrate("That took %.1f s.", seconds() - start);

	console_expect(console, WITNESS_ADDRESS);
	serial_input(&vmm->ports.console, WITNESS_START, strlen(WITNESS_START));
	gpa = witnessed_address(console_wait(console), vmm);

	tell_faults(vmm, placed);
	narrate("The program that made that memory and runs the guest tries to get at the");
	narrate_detail("guest's page, in ways that all work on ordinary memory (checked, too):");
	tell_attack(vmm, gpa);
	narrate("Nothing of the page got out. Did anything get in? The guest looks:");
	ask(vmm, console, WITNESS_UNCHANGED);

	tell_punch(vmm, console, gpa);

	serial_input(&vmm->ports.console, WITNESS_QUIT, strlen(WITNESS_QUIT));
	pthread_join(thread, NULL);
	narrate("The guest has powered off. All of this was checked while it happened.");
}

static void tell_without_witness(struct vmm *vmm)
{
	__u64 placed = private_file_allocated(vmm->memory.file);

	narrate("The guest is yours, so what needs its help in this story is left out.");
	narrate_detail("This is its console, until it powers off:");
	terminal_connect(&vmm->ports.console);
	vmm_start(vmm);
	vmm_wait(vmm);

	narrate("The guest has powered off; its memory is still there.");
	tell_faults(vmm, placed);
	narrate("The program that made that memory tries to get at a page that it filled");
	narrate_detail("itself (the guest's list of CPUs), in ways that work on ordinary memory:");
	tell_attack(vmm, MPTABLE_GPA);
	narrate("Nothing of it got out. All of this was checked while it happened.");
}

int main(int argc, char **argv)
{
	struct options options = options_parse(argc, argv);
	struct console console;
	struct vmm vmm;

	console_init(&console);
	options.config.output = console_output;
	options.config.context = &console;
	if (options.foreign)
		options.config.output = terminal_output;

	vmm_create(&vmm, &options.config);
	tell_beginning(&vmm);
	if (options.foreign)
		tell_without_witness(&vmm);
	else
		tell_with_witness(&vmm, &console);
	return 0;
}

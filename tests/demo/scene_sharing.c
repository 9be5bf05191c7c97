// SPDX-License-Identifier: GPL-2.0-only
/*
 * The second scene: a guest is launched in place and then shares one page with
 * its host, talks to it there and takes the page back.
 */
#include <stdio.h>
#include <string.h>

#include "attack.h"
#include "guest.h"
#include "narrator.h"
#include "private_file.h"
#include "reach.h"
#include "scenes.h"
#include "witness.h"

#define PAGE_SIZE	4096

static void must_be_shared(const struct guest *guest, __u64 bytes)
{
	__u64 shared = private_file_shared(guest->vmm.memory.file);

	if (shared != bytes)
		fail("%llu bytes of the file are shared, not %llu", shared,
		     bytes);
}

/* Only pages that the guest asks for are converted: it asked once more. */
static void must_have_asked(const struct guest *guest, unsigned long times)
{
	if (guest->vmm.hypercalls != times)
		fail("the guest made %lu hypercalls, not %lu",
		     guest->vmm.hypercalls, times);
}

static void tell_launch(const struct guest *guest)
{
	const struct guest_memory *memory = &guest->vmm.memory;

	must_be_shared(guest, 0);
	narrate("Another guest, and a file that can be mapped (KVM_PRIVATE_FLAG_MMAP). All of");
	narrate_detail("it was shared at first: kernel and programs were copied in by a memcpy.");
	narrate("Then one call made all %.0f MiB private, in place, with the %.1f MiB in it.",
		in_mib(memory->size),
		in_mib(private_file_allocated(memory->file)));
	if (reach_count(memory))
		fail("some of the memory can still be read");
	narrate_detail("The mapping is still there. Not one of its %llu pages can be touched.",
		       memory->size / PAGE_SIZE);
}

static void tell_talk(struct guest *guest, __u64 gpa)
{
	char *page = (char *)guest->vmm.memory.address + gpa;
	char text[sizeof(WITNESS_GREETING)];
	char heard[sizeof(WITNESS_HEARD) + sizeof(WITNESS_ANSWER)];

	memcpy(text, page + WITNESS_GREETING_AT, sizeof(text));
	if (memcmp(text, WITNESS_GREETING, sizeof(text)))
		fail("the guest's greeting isn't in the page");
	narrate("The host reads in its mapping: \"%s\"", text);

	memcpy(page + WITNESS_ANSWER_AT, WITNESS_ANSWER,
	       sizeof(WITNESS_ANSWER));
	narrate("It writes an answer beside it. The guest reads:");
	snprintf(heard, sizeof(heard), WITNESS_HEARD, WITNESS_ANSWER);
	guest_ask(guest, WITNESS_LISTEN, heard);
}

static void tell_limits(const struct guest *guest, __u64 gpa)
{
	const struct guest_memory *memory = &guest->vmm.memory;
	__u64 readable = reach_count(memory);

	if (readable != 1)
		fail("%llu pages of the guest can be read, not 1", readable);
	reach_must_not(memory, gpa - PAGE_SIZE);
	reach_must_not(memory, gpa + PAGE_SIZE);
	narrate("Is it all that the host can read? It tries each page: 1 can be read, %llu",
		memory->size / PAGE_SIZE - readable);
	narrate_detail("can't. A touch of the page before it, or after it, raises SIGBUS.");
}

static void tell_pinned(struct guest *guest, __u64 gpa)
{
	struct reach_pinned pinned = reach_pin(&guest->vmm.memory, gpa);

	narrate("The guest wants its page back, but the host has it in a pipe (vmsplice):");
	guest_ask(guest, WITNESS_TAKE_BACK, WITNESS_PINNED);
	must_be_shared(guest, PAGE_SIZE);
	reach_let_go(&pinned);
	narrate_detail("So the page stayed shared. The host empties the pipe. Once more:");
}

void scene_sharing(const struct vmm_config *config)
{
	struct vmm_config mine = *config;
	struct guest guest;
	__u64 secret, gpa;

	mine.memory_kind = MEMORY_IN_PLACE;
	guest_create(&guest, &mine);
	tell_launch(&guest);
	guest_boot(&guest);

	secret = guest_ask_address(&guest, WITNESS_START, WITNESS_ADDRESS);
	narrate("The host maps that page and tries to get at it, in the same ways as before:");
	attack(&guest.vmm.memory, secret);
	narrate_detail("The guest looks:");
	guest_ask(&guest, WITNESS_LOOK, WITNESS_UNCHANGED);

	must_have_asked(&guest, 0);
	must_be_shared(&guest, 0);
	narrate("Now the guest shares another page, by a hypercall (KVM_HC_MAP_GPA_RANGE):");
	gpa = guest_ask_address(&guest, WITNESS_SHARE, WITNESS_ADDRESS);
	must_have_asked(&guest, 1);
	must_be_shared(&guest, PAGE_SIZE);

	tell_talk(&guest, gpa);
	tell_limits(&guest, gpa);
	tell_pinned(&guest, gpa);
	if (guest_ask_address(&guest, WITNESS_TAKE_BACK, WITNESS_ADDRESS) != gpa)
		fail("that isn't the page that it shared");
	must_have_asked(&guest, 3);
	must_be_shared(&guest, 0);

	narrate("The host still has its mapping of it:");
	reach_must_not(&guest.vmm.memory, gpa);
	attack_again(&guest.vmm.memory, gpa);
	if (reach_count(&guest.vmm.memory))
		fail("some of the memory can be read");
	narrate_detail("No page of the guest can be read. The guest looks:");
	guest_ask(&guest, WITNESS_LOOK, WITNESS_UNCHANGED);

	guest_quit(&guest);
	narrate("The guest has powered off. All of this was checked, too.");
}

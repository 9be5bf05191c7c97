// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first scene: a guest boots from a file that can't be mapped, and its host
 * tries to get in.
 */
#include "attack.h"
#include "faults.h"
#include "guest.h"
#include "narrator.h"
#include "private_file.h"
#include "scenes.h"
#include "witness.h"

static void tell_punch(struct guest *guest, __u64 gpa)
{
	int file = guest->vmm.memory.file;

	narrate("Now it frees that one page (punches a hole), while the guest runs.");
	private_file_punch(file, gpa);
	if (private_file_has(file, gpa))
		fail("the page is still in the file");
	narrate_detail("The file has it no more. The guest looks:");
	guest_ask(guest, WITNESS_LOOK, WITNESS_ZERO);
	if (!private_file_has(file, gpa))
		fail("the guest read a page that isn't in the file");
}

void scene_sealed(const struct vmm_config *config)
{
	struct vmm_config mine = *config;
	struct faults faults;
	struct guest guest;
	__u64 gpa;

	mine.memory_kind = MEMORY_PRIVATE;
	guest_create(&guest, &mine);
	faults_watch(&faults, &guest.vmm);
	narrate("A guest gets %.0f MiB of memory, all from one file of /dev/kvm_private.",
		in_mib(guest.vmm.memory.size));
	narrate("Its kernel and first programs were copied in: %.1f MiB exist so far.",
		in_mib(faults.placed));

	guest_boot(&guest);
	gpa = guest_ask_address(&guest, WITNESS_START, WITNESS_ADDRESS);

	faults_tell(&faults, &guest.vmm);
	narrate("The program that made that memory and runs the guest tries to get at the");
	narrate_detail("guest's page, in ways that all work on ordinary memory (checked, too):");
	attack(&guest.vmm.memory, gpa);
	narrate("Nothing of the page got out. Did anything get in? The guest looks:");
	guest_ask(&guest, WITNESS_LOOK, WITNESS_UNCHANGED);

	tell_punch(&guest, gpa);

	guest_quit(&guest);
	narrate("The guest has powered off. All of this was checked while it happened.");
}

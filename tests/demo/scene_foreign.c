// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes the place of the scenes for a guest of the user's own: only checks that
 * need no help from the guest.
 */
#include "attack.h"
#include "faults.h"
#include "mptable.h"
#include "narrator.h"
#include "private_file.h"
#include "scenes.h"
#include "terminal.h"

void scene_foreign(const struct vmm_config *config)
{
	struct vmm_config mine = *config;
	struct faults faults;
	struct vmm vmm;

	mine.memory_kind = MEMORY_PRIVATE;
	mine.output = terminal_output;
	vmm_create(&vmm, &mine);
	faults_watch(&faults, &vmm);
	narrate("A guest gets %.0f MiB of memory, all from one file of /dev/kvm_private.",
		in_mib(vmm.memory.size));
	narrate("Its kernel and first programs were copied in: %.1f MiB exist so far.",
		in_mib(faults.placed));

	narrate("The guest is yours, so what needs its help in this story is left out.");
	narrate_detail("This is its console, until it powers off:");
	terminal_connect(&vmm.ports.console);
	vmm_start(&vmm);
	vmm_wait(&vmm);

	narrate("The guest has powered off; its memory is still there.");
	faults_tell(&faults, &vmm);
	narrate("The program that made that memory tries to get at a page that it filled");
	narrate_detail("itself (the guest's list of CPUs), in ways that work on ordinary memory:");
	attack(&vmm.memory, MPTABLE_GPA);
	narrate("Nothing of it got out. All of this was checked while it happened.");
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The demo: guests boot from private memory, and the scenes show what that
 * means while they run. Every claim is checked; the first false one ends the
 * demo.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "narrator.h"
#include "options.h"
#include "scenes.h"

/* A process for each scene, which ends with its guest */
static void play(void (*scene)(const struct vmm_config *config),
		 const struct vmm_config *config)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		err(1, "fork");
	if (!child) {
		scene(config);
		exit(0);
	}

	if (waitpid(child, &status, 0) != child)
		err(1, "waitpid");
	if (WIFSIGNALED(status))
		fail("the program that runs the guest died: %s",
		     strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		exit(WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	struct options options = options_parse(argc, argv);
	struct utsname host;

	uname(&host);
	narrate("The host runs Linux %s with kvm_private and the patched KVM.",
		host.release);

	if (options.foreign) {
		play(scene_foreign, &options.config);
		return 0;
	}

	if (options.snp) {
		play(scene_encrypted, &options.config);
		return 0;
	}

	play(scene_sealed, &options.config);
	narrate_title("Some memory a guest wants to share: what it sends, and what it receives.");
	if (options.no_driver)
		narrate("The kernel is yours, and our driver is for another: this is left out.");
	else
		play(scene_sharing, &options.config);
	return 0;
}

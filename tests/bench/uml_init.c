// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first program of a kernel that runs as a process, for tests/bench/run-cycles:
 *
 *   uml_init MODULE... run PROGRAM [ARG...] end ...
 *
 * Loads the modules, runs the program, says "done" if all went well, and powers the
 * machine off. After "end" the kernel puts what it knows nothing of.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int load(const char *module)
{
	int fd = open(module, O_RDONLY | O_CLOEXEC);
	int ret = syscall(SYS_finit_module, fd, "", 0);

	if (ret)
		warn("%s", module);
	close(fd);
	return ret;
}

static int run(char **command)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		execv(command[0], command);
		warn("%s", command[0]);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return status;
}

int main(int argc, char **argv)
{
	int ret = mount("dev", "/dev", "devtmpfs", 0, NULL);
	char **command;
	int i;

	if (ret)
		warn("/dev");
	for (i = 1; i < argc - 1 && strcmp(argv[i], "run"); i++)
		ret |= load(argv[i]);
	command = argv + i + 1;
	for (; i < argc && strcmp(argv[i], "end"); i++)
		;
	argv[i] = NULL;
	if (!ret && *command && !run(command))
		puts("done");
	fflush(stdout);
	/* All output has to be written before the machine goes. */
	sleep(1);
	return reboot(RB_POWER_OFF);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "child.h"
#include "domain.h"
#include "text_file.h"
#include "unit.h"

#define SELINUX "/sys/fs/selinux"
/* Larger than any errno: the call was not made */
#define NO_DOMAIN 200

void policy_load(const char *path)
{
	static bool mounted;
	struct stat stat;
	char *policy;
	int fd;

	if (!mounted)
		expect_ok(mount("selinuxfs", SELINUX, "selinuxfs", 0, NULL),
			  "selinuxfs: is SELinux on?");
	mounted = true;

	fd = expect_ok(open(path, O_RDONLY | O_CLOEXEC), "open %s", path);
	expect_ok(fstat(fd, &stat), "fstat");
	policy = malloc(stat.st_size);
	assert_non_null(policy);
	assert_int_equal(read(fd, policy, stat.st_size), stat.st_size);
	close(fd);

	/* All of it in one call */
	fd = expect_ok(open(SELINUX "/load", O_WRONLY | O_CLOEXEC), "open load");
	assert_int_equal(write(fd, policy, stat.st_size), stat.st_size);
	close(fd);
	free(policy);
	text_file_write(SELINUX "/enforce", "1");
}

static int try_enter(const char *file, const char *domain)
{
	char context[CONTEXT_SIZE];

	snprintf(context, sizeof(context), "system_u:system_r:%s:s0", domain);
	return text_file_try_write(file, context);
}

void domain_enter(const char *domain)
{
	expect_ok(try_enter("/proc/self/attr/current", domain), "enter %s", domain);
}

void domain_enter_on_exec(const char *domain)
{
	expect_ok(try_enter("/proc/self/attr/exec", domain), "set %s", domain);
}

int domain_try(const char *domain, long (*call)(int fd), int fd)
{
	pid_t pid;
	int status;

	fflush(NULL);
	pid = expect_ok(fork(), "fork");
	if (!pid) {
		if (try_enter("/proc/self/attr/current", domain))
			_exit(NO_DOMAIN);
		_exit(call(fd) < 0 ? errno : 0);
	}
	expect_ok(TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)), "waitpid");
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_DOMAIN) {
		print_error("no way into %s\n", domain);
		fail();
	}
	return WEXITSTATUS(status);
}

void expect_label(int fd, const char *label)
{
	char context[CONTEXT_SIZE] = "";

	expect_ok(fgetxattr(fd, "security.selinux", context, sizeof(context) - 1),
		  "label");
	assert_string_equal(context, label);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "filter.h"
#include "unit.h"

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
/* Goes on if equal, skips that many instructions if not */
#define UNLESS(value, skip) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip)
#define VERDICT(verdict) BPF_STMT(BPF_RET | BPF_K, verdict)

struct noted_ioctl noted[8];
volatile unsigned int noted_count;
static int answer;

static void install(struct sock_filter *filter, unsigned short length)
{
	const struct sock_fprog program = { .len = length, .filter = filter };

	expect_ok(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
	expect_ok(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program),
		  "PR_SET_SECCOMP");
}

static void note(int signal, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal;
	(void)info;
	if (noted_count < ARRAY_SIZE(noted)) {
		noted[noted_count].request = registers[REG_RSI];
		noted[noted_count].arg = registers[REG_RDX];
	}
	noted_count++;
	registers[REG_RAX] = answer;
}

void answer_ioctls(int fd, int result)
{
	const struct sigaction action = {
		.sa_sigaction = note,
		.sa_flags = SA_SIGINFO,
	};
	struct sock_filter filter[] = {
		LOAD(nr),
		UNLESS(SYS_ioctl, 3),
		LOAD(args[0]),
		UNLESS(fd, 1),
		VERDICT(SECCOMP_RET_TRAP),
		VERDICT(SECCOMP_RET_ALLOW),
	};

	answer = result;
	noted_count = 0;
	expect_ok(sigaction(SIGSYS, &action, NULL), "sigaction");
	install(filter, ARRAY_SIZE(filter));
}

void forbid(int call, int error)
{
	struct sock_filter filter[] = {
		LOAD(nr),
		UNLESS(call, 1),
		VERDICT(SECCOMP_RET_ERRNO | error),
		VERDICT(SECCOMP_RET_ALLOW),
	};

	install(filter, ARRAY_SIZE(filter));
}

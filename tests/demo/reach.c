// SPDX-License-Identifier: GPL-2.0-only
/* The part of a guest's memory that this program reaches through its mapping */
#include "reach.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "narrator.h"
#include "ways_in.h"

/*
 * A system call returns an error where a pointer would raise a signal, which is
 * slower.
 */
static bool can_read(char *address)
{
	char byte;
	struct iovec local = { .iov_base = &byte, .iov_len = 1 };
	struct iovec remote = { .iov_base = address, .iov_len = 1 };
	ssize_t size = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);

	if (size < 0 && errno != EFAULT)
		err(1, "process_vm_readv");
	return size == 1;
}

__u64 reach_count(const struct guest_memory *memory)
{
	__u64 count = 0;

	for (__u64 gpa = 0; gpa < memory->size; gpa += WAY_PAGE)
		count += can_read((char *)memory->address + gpa);
	return count;
}

void reach_must_not(const struct guest_memory *memory, __u64 gpa)
{
	unsigned char page[WAY_PAGE];
	int result = touch_page(page,
				(unsigned char *)memory->address + gpa);

	if (!result)
		fail("the page at %#llx can be read", gpa);
	if (result != SIGBUS)
		fail("touching the page at %#llx raises %s, not SIGBUS", gpa,
		     strsignal(result));
}

struct reach_pinned reach_pin(const struct guest_memory *memory, __u64 gpa)
{
	struct iovec page = {
		.iov_base = (char *)memory->address + gpa,
		.iov_len = WAY_PAGE,
	};
	struct reach_pinned pinned;

	if (pipe2(pinned.pipe, O_CLOEXEC) ||
	    vmsplice(pinned.pipe[1], &page, 1, 0) != WAY_PAGE)
		err(1, "can't put a shared page into a pipe");
	return pinned;
}

void reach_let_go(struct reach_pinned *pinned)
{
	close(pinned->pipe[0]);
	close(pinned->pipe[1]);
}

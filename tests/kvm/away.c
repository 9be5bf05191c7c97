// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "away.h"
#include "device.h"
#include "unit.h"

void away_start(struct away *away, char *page)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { .start = (uintptr_t)page, .len = PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	away->page = page;
	away->uffd = expect_ok(syscall(SYS_userfaultfd, O_CLOEXEC), "userfaultfd");
	expect_ok(ioctl(away->uffd, UFFDIO_API, &api), "UFFDIO_API");
	expect_ok(ioctl(away->uffd, UFFDIO_REGISTER, &range), "UFFDIO_REGISTER");
}

void away_stop(struct away *away)
{
	close(away->uffd);
}

void away_wait(struct away *away)
{
	struct uffd_msg message;

	assert_int_equal(read(away->uffd, &message, sizeof(message)), sizeof(message));
}

void away_arrive(struct away *away, int value)
{
	char content[PAGE];
	struct uffdio_copy copy = {
		.dst = (uintptr_t)away->page, .src = (uintptr_t)content, .len = PAGE,
	};

	memset(content, value, sizeof(content));
	expect_ok(ioctl(away->uffd, UFFDIO_COPY, &copy), "UFFDIO_COPY");
}

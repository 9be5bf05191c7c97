// SPDX-License-Identifier: GPL-2.0-only
#include "ordinary.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static bool is_full_of(const unsigned char *page, unsigned char byte)
{
	return page[0] == byte && !memcmp(page, page + 1, WAY_PAGE - 1);
}

static bool open_ordinary(struct way_target *target)
{
	target->offset = 0;
	target->protection = PROT_READ | PROT_WRITE;
	target->fd = memfd_create("ordinary", MFD_CLOEXEC);
	if (target->fd < 0 || ftruncate(target->fd, WAY_PAGE))
		return false;
	target->address = mmap(NULL, WAY_PAGE, target->protection, MAP_SHARED,
			       target->fd, 0);
	return target->address != MAP_FAILED;
}

static const char *problem_with(const struct way *way,
				const struct way_target *target)
{
	unsigned char page[WAY_PAGE];
	int result;

	memset(target->address, SECRET_BYTE, WAY_PAGE);
	memset(page, way->kind == WAY_READS ? 0 : FORGED_BYTE, WAY_PAGE);
	result = way->attempt(target, page);
	if (result)
		return result > 0 ? strsignal(result) : strerror(-result);
	if (way->kind == WAY_READS && !is_full_of(page, SECRET_BYTE))
		return "it read something else than what is there";
	if (way->kind == WAY_WRITES && !is_full_of(target->address, FORGED_BYTE))
		return "it left the page as it was";
	return NULL;
}

const char *ordinary_problem(const struct way *way)
{
	struct way_target target;
	const char *problem;

	if (!open_ordinary(&target))
		return "there is no ordinary memory to try it on";
	problem = problem_with(way, &target);
	munmap(target.address, WAY_PAGE);
	close(target.fd);
	return problem;
}

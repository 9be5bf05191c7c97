// SPDX-License-Identifier: GPL-2.0-only
/* Tries all ways in and judges them. */
#include "attack.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "narrator.h"
#include "ordinary.h"
#include "private_file.h"
#include "ways_in.h"

static void must_get_through(const struct way *way)
{
	const char *problem = ordinary_problem(way);

	if (problem)
		fail("%s doesn't even work on ordinary memory: %s", way->name,
		     problem);
}

/*
 * If the file isn't mapped, a way that "works" may only have reached this
 * process's own memory at the slot's address, which reads as zero. The guest's
 * page holds no zero.
 */
static const char *must_not_get_through(const struct way *way,
					const struct way_target *target)
{
	unsigned char page[WAY_PAGE];
	int result;

	memset(page, FORGED_BYTE, sizeof(page));
	result = way->attempt(target, page);
	if (result > 0)
		return result == SIGBUS ? "SIGBUS" : "SIGSEGV";
	if (result)
		return strerrorname_np(-result);
	if (target->protection != PROT_NONE)
		fail("%s worked on the guest's page", way->name);
	if (way->kind == WAY_WRITES)
		return "went nowhere";
	if (page[0] || memcmp(page, page + 1, WAY_PAGE - 1))
		fail("%s got bytes of the guest's page", way->name);
	return "only zeros";
}

static struct way_target target_in(const struct guest_memory *memory, __u64 gpa)
{
	struct way_target target = {
		.fd = memory->file,
		.offset = gpa,
		.address = (unsigned char *)memory->address + gpa,
		.protection = PROT_NONE,
	};

	if (memory->kind == MEMORY_IN_PLACE)
		target.protection = PROT_READ | PROT_WRITE;
	if (!private_file_has(target.fd, gpa))
		fail("there is no page at %#llx", gpa);
	return target;
}

void attack(const struct guest_memory *memory, __u64 gpa)
{
	const struct way_target target = target_in(memory, gpa);
	char line[128] = "";

	for (size_t i = 0; i < nr_ways_in; i++)
		must_get_through(&ways_in[i]);

	for (size_t i = 0; i < nr_ways_in; i++) {
		const char *result = must_not_get_through(&ways_in[i], &target);
		size_t used = strlen(line);

		snprintf(line + used, sizeof(line) - used, "%-22s%-15s",
			 ways_in[i].name, result);
		if (i % 2 && i + 1 < nr_ways_in) {
			narrate_detail("%s", line);
			line[0] = '\0';
		}
	}
	narrate_detail("%s", line);
}

void attack_again(const struct guest_memory *memory, __u64 gpa)
{
	const struct way_target target = target_in(memory, gpa);

	for (size_t i = 0; i < nr_ways_in; i++)
		must_not_get_through(&ways_in[i], &target);
	narrate_detail("%zu ways tried, none gets there.", nr_ways_in);
}

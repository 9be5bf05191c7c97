// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tries all ways in and judges them. That a way is refused proves something
 * only if the same code gets through where nothing forbids it, so each is
 * tried on ordinary memory first.
 */
#include "attack.h"

#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "narrator.h"
#include "private_file.h"
#include "ways_in.h"

#define SECRET	0x5a
#define FORGED	0xc3

static bool is_full_of(const unsigned char *page, unsigned char byte)
{
	for (size_t i = 0; i < WAY_PAGE; i++) {
		if (page[i] != byte)
			return false;
	}
	return true;
}

static struct way_target open_ordinary(void)
{
	struct way_target target = {
		.fd = memfd_create("ordinary", MFD_CLOEXEC),
		.protection = PROT_READ | PROT_WRITE,
	};

	if (target.fd < 0 || ftruncate(target.fd, WAY_PAGE))
		err(1, "can't create ordinary memory");
	target.address = mmap(NULL, WAY_PAGE, target.protection, MAP_SHARED,
			      target.fd, 0);
	if (target.address == MAP_FAILED)
		err(1, "can't map ordinary memory");
	return target;
}

static void close_ordinary(struct way_target *target)
{
	munmap(target->address, WAY_PAGE);
	close(target->fd);
}

static void must_get_through(const struct way *way)
{
	struct way_target target = open_ordinary();
	unsigned char page[WAY_PAGE];
	int result;

	memset(target.address, SECRET, WAY_PAGE);
	memset(page, way->kind == WAY_READS ? 0 : FORGED, WAY_PAGE);

	result = way->attempt(&target, page);
	if (result)
		fail("%s doesn't even work on ordinary memory: %s", way->name,
		     result > 0 ? strsignal(result) : strerror(-result));
	if (way->kind == WAY_READS && !is_full_of(page, SECRET))
		fail("%s read something else than what is there, from ordinary memory",
		     way->name);
	if (way->kind == WAY_WRITES && !is_full_of(target.address, FORGED))
		fail("%s left ordinary memory as it was", way->name);

	close_ordinary(&target);
}

/*
 * Where the file isn't mapped, a way that "works" may only have reached what
 * this process has at the slot's address: nothing, which reads zero. The
 * guest's page holds no zero.
 */
static const char *must_not_get_through(const struct way *way,
					const struct way_target *target)
{
	unsigned char page[WAY_PAGE];
	int result;

	memset(page, FORGED, sizeof(page));
	result = way->attempt(target, page);
	if (result > 0)
		return result == SIGBUS ? "SIGBUS" : "SIGSEGV";
	if (result)
		return strerrorname_np(-result);
	if (target->protection != PROT_NONE)
		fail("%s worked on the guest's page", way->name);
	if (way->kind == WAY_WRITES)
		return "went nowhere";
	if (!is_full_of(page, 0))
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

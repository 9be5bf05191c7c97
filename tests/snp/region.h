/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of an agent beside its own: a slot, and the file that backs it */
#ifndef TESTS_SNP_REGION_H
#define TESTS_SNP_REGION_H

#include "agent.h"

struct backing {
	bool native;
	/* log2 of the page size wanted */
	unsigned int shift;
};

struct region {
	const struct backing *backing;
	int file;
	__u64 file_size;
	/* Where in the file, in the guest and at the host the slot begins */
	__u64 offset;
	__u64 gpa;
	char *host;
	__u64 size;
	/* The slot's host address, if that isn't the mapping: KVM doesn't follow this one then. */
	char *elsewhere;
	/* The whole mapping */
	char *map;
	__u64 map_size;
};

/*
 * The file, all of it shared, and its mapping, or the memory that takes its place with KVM's
 * own guest_memfd. backing, file_size, offset, gpa and size are given, and how far the host's
 * address is behind a multiple of 2 MiB. A native file is created for this agent.
 */
void region_create(struct region *region, struct agent *agent, __u64 host_offset);
/* The same with a file that is there. region_destroy() closes it, region_unmap() doesn't. */
void region_create_on(struct region *region, int file, __u64 host_offset);
void region_destroy(struct region *region);
void region_unmap(struct region *region);

/* Slots begin at 1. */
void region_add(struct agent *agent, unsigned int slot, const struct region *region);
void region_delete(struct agent *agent, unsigned int slot, const struct region *region);

static inline char *region_host(const struct region *region, __u64 gpa)
{
	return region->host + (gpa - region->gpa);
}

/*
 * To shared: a native page is punched as well. To private before the launch: the content of
 * private files is kept.
 */
void region_make_private(struct agent *agent, const struct region *region, __u64 gpa,
			 __u64 size);
void region_make_shared(struct agent *agent, const struct region *region, __u64 gpa,
			__u64 size);
void region_punch(const struct region *region, __u64 gpa, __u64 size);

/* Words as agent_fill() has them */
void region_fill(const struct region *region, __u64 gpa, __u64 size, __u64 words);
void region_expect(const struct region *region, __u64 gpa, __u64 size, __u64 words,
		   const char *when);
/* SIGBUS; native files have separate shared memory */
void region_expect_private(const struct region *region, __u64 gpa, const char *when);
/*
 * The host gets all back: it converts the whole file and writes to each page. No page of it,
 * or of an agent that has ended, may belong to a guest then.
 */
void region_expect_back(const struct region *region, const char *when);

#endif

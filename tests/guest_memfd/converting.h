/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM_SET_MEMORY_ATTRIBUTES2 as Linux 7.4 has it for guest_memfd, in VMs with
 * private memory. Each test runs with a file of KVM_CREATE_GUEST_MEMFD and with one
 * of KVM_PRIVATE_CREATE: without flags they do the same.
 */
#ifndef TESTS_GUEST_MEMFD_CONVERTING_H
#define TESTS_GUEST_MEMFD_CONVERTING_H

#include <stdbool.h>

#include "convert.h"
#include "guest.h"

#define TAG		0x6c00000000000000ULL
#define UNTOUCHED	0x1234567890abcdefULL

struct scene {
	struct guest g;
	/* Is the file of KVM_PRIVATE_CREATE? */
	bool own;
	int pipes[2];
	/* The expected attribute, page by page */
	bool private[FILE_PAGES];
	__u64 word[FILE_PAGES];
};

static inline struct kvm_memory_attributes2
request(unsigned int first, unsigned int count, bool private)
{
	return (struct kvm_memory_attributes2){
		.offset = first * PAGE, .size = count * PAGE,
		.attributes = private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0,
		.error_offset = UNTOUCHED,
	};
}

static inline __u64 gpa_of(unsigned int page)
{
	return DATA_GPA + page * PAGE;
}

static inline char *address_of(struct scene *s, unsigned int page)
{
	return s->g.map + page * PAGE;
}

/* Succeeds, and writes nothing to the struct. */
void convert(struct scene *s, unsigned int first, unsigned int count, bool private);

/* Fails because page @pinned is in use, names it, and changes no attribute. */
void expect_in_use(struct scene *s, unsigned int first, unsigned int count,
		   unsigned int pinned);

/* The first word of a page, or of each, by the host; and by the guest */
void host_writes(struct scene *s, unsigned int page, __u64 value);
void host_writes_all(struct scene *s);
void guest_puts(struct scene *s, unsigned int page, __u64 value);

/* The guest has every page; the host has those that are shared. */
void assert_as_it_should_be(struct scene *s);

/* Puts pages into a pipe; takes the oldest one out of it again. */
void pin(struct scene *s, unsigned int first, unsigned int count);
void let_go(struct scene *s, unsigned int page);

/*
 * A guest and a file of FILE_PAGES, no page allocated, all of them shared; *state is the
 * scene. The first fixture's file is of KVM_CREATE_GUEST_MEMFD, the second's of
 * KVM_PRIVATE_CREATE.
 */
extern const struct fixture scene_provided, scene_own;

#endif

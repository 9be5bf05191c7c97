// SPDX-License-Identifier: GPL-2.0-only
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "kcore.h"
#include "trial.h"

#define CHUNK (256 * KIB)

static void add_part(struct kcore *kcore, const Elf64_Phdr *segment)
{
	/* Of entries that are no memory the address is all ones. */
	if (segment->p_type != PT_LOAD || !~segment->p_paddr)
		return;
	assert_true(kcore->nr < ARRAY_SIZE(kcore->parts));
	kcore->parts[kcore->nr++] = (struct kcore_part) {
		.physical = segment->p_paddr, .virtual = segment->p_vaddr,
		.size = segment->p_memsz, .offset = segment->p_offset,
	};
}

void kcore_open(struct kcore *kcore)
{
	Elf64_Ehdr head;
	Elf64_Phdr segment;

	kcore->nr = 0;
	kcore->fd = expect_ok(open("/proc/kcore", O_RDONLY | O_CLOEXEC),
			      "open /proc/kcore");
	assert_int_equal(pread(kcore->fd, &head, sizeof(head), 0), sizeof(head));
	for (unsigned int i = 0; i < head.e_phnum; i++) {
		assert_int_equal(pread(kcore->fd, &segment, sizeof(segment),
				       head.e_phoff + i * sizeof(segment)),
				 sizeof(segment));
		add_part(kcore, &segment);
	}
	assert_int_not_equal(kcore->nr, 0);
}

void kcore_close(struct kcore *kcore)
{
	close(kcore->fd);
}

static const struct kcore_part *part_of(const struct kcore *kcore, __u64 physical)
{
	for (unsigned int i = 0; i < kcore->nr; i++) {
		const struct kcore_part *part = &kcore->parts[i];

		if (part->physical <= physical &&
		    physical - part->physical < part->size)
			return part;
	}
	fail_msg("no part of kcore has %#llx", physical);
	return NULL;
}

void kcore_read(const struct kcore *kcore, __u64 pfn, void *page)
{
	const __u64 physical = pfn * PAGE;
	const struct kcore_part *part = part_of(kcore, physical);

	assert_int_equal(pread(kcore->fd, page, PAGE,
			       part->offset + physical - part->physical), PAGE);
}

__u64 kcore_address(const struct kcore *kcore, __u64 pfn)
{
	const struct kcore_part *part = part_of(kcore, pfn * PAGE);

	return part->virtual + pfn * PAGE - part->physical;
}

static size_t find_in_part(const struct kcore *kcore,
			   const struct kcore_part *part, __u64 word,
			   __u64 *pfn)
{
	static __u64 chunk[CHUNK / sizeof(__u64)];
	size_t found = 0;

	for (__u64 at = 0; at < part->size; at += CHUNK) {
		const char *start = (const char *)chunk;
		ssize_t got = pread(kcore->fd, chunk, CHUNK, part->offset + at);

		for (ssize_t i = 0; got - i >= (ssize_t)PAGE; i += PAGE) {
			if (words_in(start + i, PAGE, word) < PAGE)
				continue;
			if (!found++)
				*pfn = (part->physical + at + i) / PAGE;
		}
		/* The search would find this buffer, too. */
		memset(chunk, 0, CHUNK);
	}
	return found;
}

size_t kcore_find(const struct kcore *kcore, __u64 word, __u64 *pfn)
{
	size_t found = 0;

	for (unsigned int i = 0; i < kcore->nr; i++) {
		__u64 first = 0;
		size_t here = find_in_part(kcore, &kcore->parts[i], word, &first);

		if (here && !found)
			*pfn = first;
		found += here;
	}
	return found;
}

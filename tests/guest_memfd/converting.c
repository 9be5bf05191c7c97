// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <sys/uio.h>

#include "converting.h"
#include "touch.h"

void convert(struct scene *s, unsigned int first, unsigned int count, bool private)
{
	const struct kvm_memory_attributes2 before = request(first, count, private);
	struct kvm_memory_attributes2 now = before;

	expect_ok(file_convert(s->g.file, &now), "%u pages from %u on to %s", count,
		  first, private ? "private" : "shared");
	assert_memory_equal(&now, &before, sizeof(now));
	for (unsigned int i = first; i < first + count; i++)
		s->private[i] = private;
}

void expect_in_use(struct scene *s, unsigned int first, unsigned int count,
		   unsigned int pinned)
{
	struct kvm_memory_attributes2 want = request(first, count, true);
	struct kvm_memory_attributes2 now = want;

	expect_error(EAGAIN, file_convert(s->g.file, &now), "%u pages from %u on, %u pinned",
		     count, first, pinned);
	want.error_offset = pinned * PAGE;
	assert_memory_equal(&now, &want, sizeof(now));
}

void host_writes(struct scene *s, unsigned int page, __u64 value)
{
	*guest_word(&s->g, gpa_of(page)) = value;
	s->word[page] = value;
}

void guest_puts(struct scene *s, unsigned int page, __u64 value)
{
	guest_writes(&s->g, gpa_of(page), value);
	s->word[page] = value;
}

void assert_as_it_should_be(struct scene *s)
{
	__u64 shared = 0;

	for (unsigned int i = 0; i < FILE_PAGES; i++) {
		assert_int_equal(guest_reads(&s->g, gpa_of(i)), s->word[i]);
		if (s->private[i]) {
			expect_sigbus(address_of(s, i), "private page %u", i);
			continue;
		}
		assert_int_equal(*guest_word(&s->g, gpa_of(i)), s->word[i]);
		shared += PAGE;
	}
	assert_int_equal(file_shared(s->g.file), shared);
}

void host_writes_all(struct scene *s)
{
	for (unsigned int i = 0; i < FILE_PAGES; i++)
		host_writes(s, i, TAG + i);
}

void pin(struct scene *s, unsigned int first, unsigned int count)
{
	struct iovec vec = { address_of(s, first), count * PAGE };

	expect_between(vmsplice(s->pipes[1], &vec, 1, 0), count * PAGE, count * PAGE,
		       "vmsplice of %u pages from %u on", count, first);
}

void let_go(struct scene *s, unsigned int page)
{
	__u64 taken[PAGE / sizeof(__u64)];

	assert_int_equal(read(s->pipes[0], taken, PAGE), PAGE);
	assert_int_equal(taken[0], s->word[page]);
}

/*
 * Pages are shared from the start if the file can be created so, else they are
 * converted.
 */
static int scene_setup(void **state)
{
	const bool *own = *state;
	struct scene *s = calloc(1, sizeof(*s));
	__u64 flags = SHARED;

	if (!s || pipe2(s->pipes, O_CLOEXEC))
		return -1;
	s->own = *own;
	/* VMs whose attributes say what is private have no such files. */
	if (!s->own && system_cap(KVM_CAP_MEMORY_ATTRIBUTES))
		flags = MMAP;
	if (s->own)
		guest_start_with(&s->g, KVM_X86_SW_PROTECTED_VM, file_create(FILE_SIZE, flags),
				 FILE_SIZE, flags);
	else
		guest_start_bare(&s->g, KVM_X86_SW_PROTECTED_VM, FILE_SIZE, flags);
	if (flags == MMAP)
		convert(s, 0, FILE_PAGES, false);
	guest_add_data(&s->g, s->g.map);
	*state = s;
	return 0;
}

static int scene_teardown(void **state)
{
	struct scene *s = *state;

	guest_stop(&s->g);
	close(s->pipes[0]);
	close(s->pipes[1]);
	free(s);
	return 0;
}

static bool provided, own = true;

const struct fixture scene_provided = {
	.name = "provided", .setup = scene_setup, .teardown = scene_teardown, .state = &provided,
};

const struct fixture scene_own = {
	.name = "own", .setup = scene_setup, .teardown = scene_teardown, .state = &own,
};

// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model.h"
#include "reach.h"
#include "unit.h"

/* In an entry of /proc/PID/pagemap */
#define PRESENT	(1ULL << 63)

static bool is_hole(const struct file *f, unsigned int index)
{
	const off_t at = file_offset(f, index * PAGE);

	return lseek(file_fd(f), at, SEEK_DATA) != at;
}

/*
 * Populating a present page without a source tells its attribute, and changes
 * nothing.
 */
static bool is_private(const struct file *f, unsigned int index)
{
	struct kvm_private_populate p = {
		.offset = file_offset(f, index * PAGE), .size = PAGE,
	};

	return !ioctl(file_fd(f), KVM_PRIVATE_POPULATE, &p);
}

static void check_window(struct world *w, const struct file *f,
			 const struct window *window, int pagemap)
{
	const off_t at = (uintptr_t)window->at / PAGE * sizeof(__u64);
	const size_t size = window->pages * sizeof(__u64);
	__u64 *entries = malloc(size);

	if (!entries)
		abort();
	if (pread(pagemap, entries, size, at) != (ssize_t)size)
		wrong(w, "pagemap: %s", strerrorname_np(errno));
	for (unsigned int i = 0; i < window->pages; i++) {
		const unsigned int index = window->first + i;

		if (entries[i] & PRESENT && is_hole(f, index))
			wrong(w, "page %u has gone and is mapped", index);
		if (entries[i] & PRESENT && is_private(f, index))
			wrong(w, "page %u is private and mapped", index);
	}
	free(entries);
}

void reach_check(struct world *w, const struct file *f)
{
	int pagemap;

	if (!f->nr_fds)
		return;
	pagemap = expect_ok(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC),
			    "open pagemap");
	for (unsigned int i = 0; i < WINDOWS; i++)
		if (f->windows[i].at)
			check_window(w, f, &f->windows[i], pagemap);
	close(pagemap);
}

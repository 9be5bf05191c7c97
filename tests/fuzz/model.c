// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model.h"

#define BATCH 64U

struct file *file_of(struct world *w, __u64 index)
{
	struct file *f = &w->files[index % FILES];

	return file_exists(f) && f->nr_fds ? f : NULL;
}

int file_fd(const struct file *f)
{
	return f->fds[f->nr_fds - 1];
}

void model_create(struct file *f, __u64 size, __u64 flags, unsigned int shift)
{
	const int kept = f->fds[0];

	*f = (struct file){
		.size = size, .flags = flags, .shift = shift,
		.nr = size / PAGE,
	};
	f->fds[0] = kept;
	f->pages = calloc(f->nr, sizeof(*f->pages));
	if (!f->pages)
		abort();
	for (unsigned int i = 0; i < f->nr; i++)
		f->pages[i].shared = flags & KVM_PRIVATE_FLAG_INIT_SHARED;
}

static void let_go(struct world *w, struct file *f, unsigned int index)
{
	for (unsigned int i = 0; i < w->nr_holds; i++) {
		struct hold *hold = &w->holds[i];

		if (hold->file != f || hold->page != index)
			continue;
		hold->content = f->pages[index].content;
		hold->file = NULL;
	}
	f->pages[index].pinned = 0;
}

static bool is_kept(const struct file *f)
{
	for (unsigned int i = 0; i < WINDOWS; i++)
		if (f->windows[i].at)
			return true;
	return f->nr_fds || f->nr_bindings;
}

void model_drop(struct world *w, struct file *f)
{
	if (!file_exists(f) || is_kept(f))
		return;
	model_punch(w, f, 0, f->nr);
	free(f->pages);
	f->pages = NULL;
}

struct file *file_range(struct world *w, __u64 index, __u64 offset, __u64 size,
			struct range *range)
{
	struct file *f = file_of(w, index);
	__u64 at;

	if (!f)
		return NULL;
	at = file_offset(f, offset);
	*range = (struct range){ .offset = at };
	range->bad = at % PAGE || size % PAGE || !size || at >= f->size ||
		     size > f->size - at;
	if (range->bad)
		return f;
	if (offset >= f->nr * PAGE || size > f->nr * PAGE - offset)
		return NULL;
	range->start = offset / PAGE;
	range->end = range->start + size / PAGE;
	return f;
}

bool model_charge(struct world *w, unsigned int nr)
{
	if (w->charged + nr > w->limit)
		return false;
	w->charged += nr;
	return true;
}

static bool is_hole(const struct file *f, unsigned int start, unsigned int nr)
{
	if (start + nr > f->nr)
		return false;
	for (unsigned int i = start; i < start + nr; i++)
		if (f->pages[i].there)
			return false;
	return true;
}

static void appear(struct file *f, unsigned int index, bool in_one_piece)
{
	struct page *page = &f->pages[index];

	page->there = true;
	page->content = (struct content){ 0 };
	page->in_one_piece = in_one_piece;
	page->pinned = 0;
}

static void appear_together(struct file *f, unsigned int start, unsigned int nr,
			    unsigned int wanted, bool maybe)
{
	for (unsigned int i = start; i < start + nr; i++)
		appear(f, i, nr == HUGE_PAGES);
	if (nr == HUGE_PAGES)
		f->huge[start / HUGE_PAGES] = true;
	if (f->nr_fresh < FRESH_MAX)
		f->fresh[f->nr_fresh++] = (struct fresh){
			.start = start, .nr = nr, .wanted = wanted,
			.maybe = maybe,
		};
}

/* 0, -ENOMEM, or 1 if smaller pages come instead */
static int add_block(struct world *w, struct file *f, unsigned int index)
{
	const unsigned int start = index / HUGE_PAGES * HUGE_PAGES;
	const bool strict = f->flags & KVM_PRIVATE_FLAG_HUGE_STRICT &&
			    f->shift == HUGE_SHIFT;

	if (f->shift < HUGE_SHIFT || !is_hole(f, start, HUGE_PAGES))
		return 1;
	if (!model_charge(w, HUGE_PAGES))
		return strict ? -ENOMEM : 1;
	appear_together(f, start, HUGE_PAGES, index, false);
	return 0;
}

static bool has_policies(const struct file *f)
{
	for (unsigned int i = 0; i < f->nr; i++)
		if (f->pages[i].has_policy)
			return true;
	return false;
}

static bool add_batch(struct world *w, struct file *f, unsigned int index,
		      unsigned int until, bool maybe)
{
	if (index % BATCH || index + BATCH > until || !is_hole(f, index, BATCH) ||
	    has_policies(f) || !model_charge(w, BATCH))
		return false;
	/* Other threads may have given the file policies. */
	appear_together(f, index, BATCH, index, maybe || f->common);
	return true;
}

static int add_page(struct world *w, struct file *f, unsigned int index)
{
	if (!model_charge(w, 1))
		return -ENOMEM;
	appear(f, index, false);
	return 0;
}

static bool is_next_batch(const struct file *f, unsigned int index)
{
	if (index % BATCH || index < BATCH)
		return false;
	for (unsigned int i = index - BATCH; i < index; i++)
		if (!f->pages[i].there)
			return false;
	return true;
}

int model_touch(struct world *w, struct file *f, unsigned int index,
		unsigned int until)
{
	/* The file before our part isn't known. */
	const bool maybe = f->common && !index;
	int ret;

	if (f->pages[index].there)
		return 0;
	ret = add_block(w, f, index);
	if (ret <= 0)
		return ret;
	if ((maybe || is_next_batch(f, index)) && add_batch(w, f, index, until, maybe))
		return 0;
	return add_page(w, f, index);
}

int model_fill(struct world *w, struct file *f, unsigned int start,
	       unsigned int end)
{
	int ret = 0;

	for (unsigned int i = start; i < end && !ret; i++) {
		if (f->pages[i].there)
			continue;
		ret = add_block(w, f, i);
		/* The whole batch is wanted, so that it makes no difference. */
		if (ret > 0)
			ret = add_batch(w, f, i, end, false) ? 0 : add_page(w, f, i);
	}
	return ret;
}

/* Only the kernel knows whether it had the memory in one piece. */
static void settle(struct world *w, struct file *f, const struct fresh *fresh)
{
	const unsigned int end = fresh->start + fresh->nr;
	unsigned int missing = 0;

	for (unsigned int i = fresh->start; i < end; i++) {
		const off_t at = file_offset(f, i * PAGE);

		if (lseek(file_fd(f), at, SEEK_DATA) == at)
			continue;
		f->pages[i].there = false;
		missing++;
	}
	if (!f->pages[fresh->wanted].there)
		wrong(w, "page %u isn't there", fresh->wanted);
	if (!missing)
		return;

	w->charged -= missing;
	if (fresh->nr == HUGE_PAGES)
		f->huge[fresh->start / HUGE_PAGES] = false;
	for (unsigned int i = fresh->start; i < end; i++)
		f->pages[i].in_one_piece = false;
	if (!fresh->maybe)
		w->fallbacks++;
}

static bool is_in_one_piece(const struct file *f, const struct fresh *fresh)
{
	const off_t start = file_offset(f, fresh->start * PAGE);

	return lseek(file_fd(f), start, SEEK_DATA) == start &&
	       lseek(file_fd(f), start, SEEK_HOLE) >=
	       (off_t)(start + fresh->nr * PAGE);
}

void model_settle(struct world *w, struct file *f)
{
	for (unsigned int i = 0; f->nr_fds && i < f->nr_fresh; i++)
		if (!is_in_one_piece(f, &f->fresh[i]))
			settle(w, f, &f->fresh[i]);
	f->nr_fresh = 0;
}

void model_punch(struct world *w, struct file *f, unsigned int start,
		 unsigned int end)
{
	for (unsigned int i = start; i < end; i++) {
		if (!f->pages[i].there)
			continue;
		let_go(w, f, i);
		f->pages[i].there = false;
		f->pages[i].in_one_piece = false;
		f->huge[i / HUGE_PAGES] = false;
		w->charged--;
	}
}

int model_host_access(struct world *w, struct file *f, unsigned int index)
{
	if (index >= f->nr || !f->pages[index].shared)
		return SIGBUS;
	if (f->pages[index].there)
		return 0;
	if (f->flags & KVM_PRIVATE_FLAG_NO_AUTO_ALLOC)
		return SIGBUS;
	return model_touch(w, f, index, index + 1) ? SIGBUS : 0;
}

struct content content_of(__u64 value)
{
	return (struct content){
		.first = value, .rest = value + 1, .last = value + 2,
	};
}

void check_content(struct world *w, const void *page, struct content content,
		   const char *what)
{
	const volatile __u64 *words = page;

	for (unsigned int i = 0; i < PAGE / sizeof(*words); i++) {
		const __u64 want = !i ? content.first :
			i == PAGE / sizeof(*words) - 1 ? content.last : content.rest;
		const __u64 found = words[i];

		if (found != want)
			wrong(w, "%s: word %u is %#llx, not %#llx", what, i,
			      found, want);
	}
}

__u64 model_there(const struct file *f)
{
	__u64 nr = 0;

	for (unsigned int i = 0; i < f->nr; i++)
		nr += f->pages[i].there;
	return nr;
}

__u64 model_shared(const struct file *f)
{
	__u64 nr = 0;

	for (unsigned int i = 0; i < f->nr; i++)
		nr += f->pages[i].shared;
	return nr;
}

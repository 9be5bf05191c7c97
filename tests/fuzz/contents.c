// SPDX-License-Identifier: GPL-2.0-only
/* The ioctls that work on the content of a range: populate, convert, collapse */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "convert.h"
#include "handlers.h"
#include "model.h"
#include "unit.h"

/* The source of populate: the kinds of the argument "source" */
enum source {
	SOURCE_NONE,		/* present pages keep their content */
	SOURCE_BUFFER,		/* "at": bytes that it is misaligned by */
	SOURCE_BAD,
	SOURCE_ENDS,		/* "at": after so many pages */
	SOURCE_MAPPING,		/* "at": file and page in its first window */
	SOURCE_FLAGGED,		/* with a flag, and there are none */
	NR_SOURCES,
};

struct populating {
	struct file *f;
	struct kvm_private_populate arg;
	enum source source;
	struct range range;
	char *buffer;
	size_t buffer_size;
	/* SOURCE_MAPPING */
	struct file *from;
	unsigned int from_page;
	/* Pages that can be read */
	unsigned int readable;
	__u64 value;
	struct content *copied;
};

static struct content nth_content(const struct populating *p, unsigned int i)
{
	return content_of(p->value + i * 4);
}

static void write_content(void *page, struct content content)
{
	__u64 words[PAGE / sizeof(__u64)];

	for (size_t i = 1; i < ARRAY_SIZE(words) - 1; i++)
		words[i] = content.rest;
	words[0] = content.first;
	words[ARRAY_SIZE(words) - 1] = content.last;
	memcpy(page, words, sizeof(words));
}

/* The last page of it can't be read. */
static void make_buffer(struct populating *p, unsigned int pages,
			unsigned int misaligned)
{
	p->buffer_size = (pages + 2) * PAGE;
	p->buffer = mmap(NULL, p->buffer_size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p->buffer == MAP_FAILED)
		abort();
	for (unsigned int i = 0; i < pages; i++)
		write_content(p->buffer + misaligned + i * PAGE,
			      nth_content(p, i));
	p->readable = pages;
	p->arg.source = (uintptr_t)p->buffer + misaligned;
	if (mprotect(p->buffer + (pages + !!misaligned) * PAGE, PAGE, PROT_NONE))
		abort();
}

static bool choose_mapping(struct world *w, struct populating *p, __u64 at,
			   unsigned int pages)
{
	struct file *from = &w->files[at % FILES];
	struct window *window = &from->windows[0];
	const unsigned int page = at / FILES;

	if (!file_exists(from) || !window->at || page + pages > window->pages)
		return false;
	p->from = from;
	p->from_page = window->first + page;
	p->readable = pages;
	p->arg.source = (uintptr_t)window->at + page * PAGE;
	return true;
}

static bool choose_source(struct world *w, struct populating *p, __u64 at)
{
	const unsigned int pages = p->range.end - p->range.start;

	switch (p->source) {
	case SOURCE_BUFFER:
		make_buffer(p, pages, at % PAGE);
		return true;
	case SOURCE_ENDS:
		make_buffer(p, at % (pages + 1), 0);
		return true;
	case SOURCE_MAPPING:
		return choose_mapping(w, p, at, pages);
	case SOURCE_BAD:
		p->arg.source = 16;
		return true;
	case SOURCE_FLAGGED:
		p->arg.flags = 1;
		return true;
	default:
		return true;
	}
}

/* Can the source of page @i be read? */
static bool can_read(struct world *w, struct populating *p, unsigned int i)
{
	if (p->source == SOURCE_NONE)
		return true;
	if (i >= p->readable)
		return false;
	return !p->from || !model_host_access(w, p->from, p->from_page + i);
}

static struct content source_content(const struct populating *p, unsigned int i)
{
	/* A missing page is allocated to be read, and has zeros. */
	return p->from ? p->from->pages[p->from_page + i].content :
			 nth_content(p, i);
}

/* Page by page, as the module does it. Returns how many pages are filled. */
static unsigned int predict(struct world *w, struct populating *p, int *error)
{
	const unsigned int pages = p->range.end - p->range.start;

	*error = 0;
	for (unsigned int i = 0; i < pages; i++) {
		const unsigned int index = p->range.start + i;

		if (!can_read(w, p, i))
			*error = -EFAULT;
		else if (p->f->pages[index].shared)
			*error = -EINVAL;
		else
			*error = model_touch(w, p->f, index, p->range.end);
		if (*error)
			return i;
		/* The next page's source may be this page of the file. */
		if (p->source != SOURCE_NONE) {
			p->copied[i] = source_content(p, i);
			p->f->pages[index].content = p->copied[i];
		}
	}
	return pages;
}

static void check_rest(struct world *w, const struct populating *p,
		       const struct kvm_private_populate *before,
		       unsigned int done)
{
	const __u64 source = before->source ? before->source + done * PAGE : 0;

	if (p->arg.offset != before->offset + done * PAGE ||
	    p->arg.size != before->size - done * PAGE ||
	    p->arg.source != source)
		wrong(w, "the rest begins at %#llx with %#llx bytes from %#llx, not after %u pages",
		      p->arg.offset, p->arg.size, p->arg.source, done);
}

static void populate(struct world *w, struct populating *p)
{
	const struct kvm_private_populate before = p->arg;
	unsigned int done;
	int error, ret;

	done = predict(w, p, &error);
	ret = ioctl(file_fd(p->f), KVM_PRIVATE_POPULATE, &p->arg);
	expect_result(w, ret, error, "KVM_PRIVATE_POPULATE");
	check_rest(w, p, &before, done);
	model_settle(w, p->f);
	if (p->from)
		model_settle(w, p->from);
}

void do_populate(struct world *w, const __u64 *arg)
{
	struct populating p = {
		.source = arg[3] % NR_SOURCES, .value = arg[5],
		.arg.size = arg[2],
	};

	p.f = file_range(w, arg[0], arg[1], arg[2], &p.range);
	if (!p.f || (!p.range.bad && !choose_source(w, &p, arg[4])))
		return leave_out(w);
	p.arg.offset = p.range.offset;
	if (p.range.bad || p.arg.flags) {
		expect_result(w, ioctl(file_fd(p.f), KVM_PRIVATE_POPULATE,
				       &p.arg), -EINVAL, "KVM_PRIVATE_POPULATE");
		return;
	}
	p.copied = calloc(p.range.end - p.range.start, sizeof(*p.copied));
	if (!p.copied)
		abort();
	populate(w, &p);
	free(p.copied);
	if (p.buffer)
		munmap(p.buffer, p.buffer_size);
}

/* The first page that can't become private, or the end */
static unsigned int first_pinned(const struct file *f, const struct range *range)
{
	unsigned int i = range->start;

	while (i < range->end && !(f->pages[i].shared && f->pages[i].there &&
				   f->pages[i].pinned))
		i++;
	return i;
}

static int conversion_error(const struct kvm_memory_attributes2 *a,
			    const struct range *range)
{
	const __u64 flags = CONVERT_ZERO | CONVERT_PRESERVE;

	if (a->attributes & ~KVM_MEMORY_ATTRIBUTE_PRIVATE ||
	    a->flags & ~flags || a->flags == flags || range->bad)
		return -EINVAL;
	return a->attributes && a->flags & CONVERT_ZERO ? -EOPNOTSUPP : 0;
}

static void converted(struct file *f, const struct range *range, bool private,
		      bool zero)
{
	for (unsigned int i = range->start; i < range->end; i++) {
		f->pages[i].shared = !private;
		if (zero)
			f->pages[i].content = (struct content){ 0 };
	}
}

void do_convert(struct world *w, const __u64 *arg)
{
	struct kvm_memory_attributes2 a = {
		.size = arg[2], .attributes = arg[3], .flags = arg[4],
		.error_offset = ~0ULL,
	};
	struct range range;
	struct file *f = file_range(w, arg[0], arg[1], arg[2], &range);
	unsigned int pinned = 0;
	int error;

	if (!f)
		return leave_out(w);
	a.offset = range.offset;
	error = conversion_error(&a, &range);
	if (!error && a.attributes) {
		pinned = first_pinned(f, &range);
		error = pinned < range.end ? -EAGAIN : 0;
	}
	expect_result(w, ioctl(file_fd(f), KVM_SET_MEMORY_ATTRIBUTES2, &a),
		      error, "KVM_SET_MEMORY_ATTRIBUTES2");
	if (error == -EAGAIN && a.error_offset != file_offset(f, pinned * PAGE))
		wrong(w, "page %#llx is said to be pinned, not %#llx",
		      a.error_offset, file_offset(f, pinned * PAGE));
	if (!error)
		converted(f, &range, a.attributes, a.flags & CONVERT_ZERO);
}

static bool block_has(const struct file *f, unsigned int start, bool there)
{
	for (unsigned int i = start; i < start + HUGE_PAGES; i++)
		if (f->pages[i].there == there)
			return true;
	return false;
}

static bool is_in_one_piece(const struct file *f, unsigned int start)
{
	for (unsigned int i = start; i < start + HUGE_PAGES; i++)
		if (!f->pages[i].there || !f->pages[i].in_one_piece)
			return false;
	return true;
}

/*
 * The result for a block that has to move. Its pages may happen to lie side by
 * side, in which case it always succeeds: @done tells how the module found them.
 */
static int collapse_block(struct world *w, struct file *f, unsigned int start,
			  bool done)
{
	const struct range block = {
		.start = start, .end = start + HUGE_PAGES,
	};
	const bool has_holes = block_has(f, start, false);
	int error = 0;

	if (!block_has(f, start, true) || f->huge[start / HUGE_PAGES])
		return 0;
	if (!is_in_one_piece(f, start)) {
		if (first_pinned(f, &block) < block.end)
			error = -EAGAIN;
		else
			error = model_fill(w, f, block.start, block.end);
		if (!error && w->charged + HUGE_PAGES > w->limit)
			error = -ENOMEM;
		if (error && done && !has_holes)
			error = 0;
	}
	if (error)
		return error;
	for (unsigned int i = block.start; i < block.end; i++)
		f->pages[i].in_one_piece = true;
	f->huge[start / HUGE_PAGES] = true;
	return 0;
}

static void check_collapsed(struct world *w, struct file *f,
			    const struct range *range,
			    const struct kvm_private_collapse *c, int ret)
{
	const int got = ret ? errno : 0;
	unsigned int start, at = range->start;
	int error = 0;

	for (start = (range->start + HUGE_PAGES - 1) / HUGE_PAGES * HUGE_PAGES;
	     f->shift == HUGE_SHIFT && start + HUGE_PAGES <= range->end;
	     start += HUGE_PAGES) {
		at = start + HUGE_PAGES;
		error = collapse_block(w, f, start, c->offset >=
				       file_offset(f, at * PAGE));
		if (error) {
			at = start;
			break;
		}
	}
	if (!error)
		at = range->end;
	/* Filling a part of the holes isn't allocation that has to be settled. */
	f->nr_fresh = 0;
	errno = got;
	expect_result(w, ret, error, "KVM_PRIVATE_COLLAPSE");
	if (c->offset != file_offset(f, at * PAGE) ||
	    c->size != (range->end - at) * PAGE)
		wrong(w, "the rest begins at %#llx with %#llx bytes, not at page %u",
		      c->offset, c->size, at);
}

void do_collapse(struct world *w, const __u64 *arg)
{
	struct kvm_private_collapse c = { .size = arg[2], .flags = arg[3] };
	struct range range;
	struct file *f = file_range(w, arg[0], arg[1], arg[2], &range);
	int ret;

	if (!f)
		return leave_out(w);
	c.offset = range.offset;
	ret = ioctl(file_fd(f), KVM_PRIVATE_COLLAPSE, &c);
	if (f->shift == 12 || c.flags || range.bad)
		return expect_result(w, ret, -EINVAL, "KVM_PRIVATE_COLLAPSE");
	check_collapsed(w, f, &range, &c, ret);
}

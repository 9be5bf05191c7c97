// SPDX-License-Identifier: GPL-2.0-only
/* The host's mappings, and calls that take pages through them */
#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "handlers.h"
#include "model.h"
#include "touch.h"
#include "unit.h"

/* The argument "how" */
enum how { MAP_BOTH_WAYS, MAP_READ_ONLY, MAP_COPY, NR_HOWS };

static int mmap_error(const struct file *f, __u64 offset, __u64 size,
		      enum how how)
{
	if (offset % PAGE || !size)
		return -EINVAL;
	if (!(f->flags & KVM_PRIVATE_FLAG_MMAP))
		return -ENODEV;
	return how == MAP_COPY ? -EINVAL : 0;
}

void do_map(struct world *w, const __u64 *arg)
{
	struct file *f = file_of(w, arg[0]);
	struct window *window = f ? &f->windows[arg[1] % WINDOWS] : NULL;
	const enum how how = arg[4] % NR_HOWS;
	const __u64 pages = (arg[3] + PAGE - 1) / PAGE;
	void *at;
	int error;

	/* Beyond the end of the file is fine, beyond our part isn't. */
	if (!f || window->at || arg[3] > PAGES_MAX * PAGE ||
	    arg[2] / PAGE + pages > 2 * PAGES_MAX ||
	    (f->common && arg[2] / PAGE + pages > f->nr))
		return leave_out(w);
	error = mmap_error(f, arg[2], arg[3], how);
	at = mmap(NULL, arg[3], how == MAP_READ_ONLY ? PROT_READ :
		  PROT_READ | PROT_WRITE, how == MAP_COPY ? MAP_PRIVATE :
		  MAP_SHARED, file_fd(f), file_offset(f, arg[2]));
	expect_result(w, at == MAP_FAILED ? -1 : 0, error, "mmap");
	if (error)
		return;
	*window = (struct window){
		.at = at, .first = arg[2] / PAGE, .pages = pages,
		.read_only = how == MAP_READ_ONLY,
	};
}

/* Also for a file whose descriptors are closed */
static struct window *window_of(struct world *w, const __u64 *arg,
				struct file **f)
{
	*f = &w->files[arg[0] % FILES];
	if (!file_exists(*f) || !(*f)->windows[arg[1] % WINDOWS].at)
		return NULL;
	return &(*f)->windows[arg[1] % WINDOWS];
}

void do_unmap(struct world *w, const __u64 *arg)
{
	struct file *f;
	struct window *window = window_of(w, arg, &f);

	if (!window)
		return leave_out(w);
	expect_result(w, munmap(window->at, window->pages * PAGE), 0, "munmap");
	window->at = NULL;
	model_drop(w, f);
}

/* Page table entries go, pages stay. */
void do_advise(struct world *w, const __u64 *arg)
{
	struct file *f;
	struct window *window = window_of(w, arg, &f);

	if (!window)
		return leave_out(w);
	expect_result(w, madvise(window->at, window->pages * PAGE,
				 MADV_DONTNEED), 0, "MADV_DONTNEED");
}

static void expect_signal(struct world *w, int got, int want, const char *what)
{
	if (got != want)
		wrong(w, "%s raised signal %d, not %d", what, got, want);
}

void do_read(struct world *w, const __u64 *arg)
{
	struct file *f;
	struct window *window = window_of(w, arg, &f);
	unsigned int page, index;
	unsigned char byte;
	int signal;

	if (!window)
		return leave_out(w);
	page = arg[2] % window->pages;
	index = window->first + page;
	signal = model_host_access(w, f, index);
	expect_signal(w, touch_read(window->at + page * PAGE, &byte), signal,
		      "a read");
	model_settle(w, f);
	if (!signal)
		check_content(w, window->at + page * PAGE,
			      f->pages[index].content, "a read");
}

static void write_words(struct page *page, __u64 *words, unsigned int where,
			__u64 value)
{
	const struct content content = content_of(value);
	const unsigned int last = PAGE / sizeof(*words) - 1;

	if (where != 2)
		page->content.first = content.first;
	if (where != 1)
		page->content.last = content.last;
	words[0] = page->content.first;
	words[last] = page->content.last;
	if (where)
		return;
	page->content.rest = content.rest;
	for (unsigned int i = 1; i < last; i++)
		words[i] = content.rest;
}

void do_write(struct world *w, const __u64 *arg)
{
	struct file *f;
	struct window *window = window_of(w, arg, &f);
	const unsigned int where = arg[3] % 3;
	unsigned int page, index;
	int signal;
	char *at;

	if (!window)
		return leave_out(w);
	page = arg[2] % window->pages;
	index = window->first + page;
	at = window->at + page * PAGE;
	signal = window->read_only ? SIGSEGV : model_host_access(w, f, index);
	/* A byte of the words that are written next */
	expect_signal(w, touch_write(where == 2 ? at + PAGE - 8 : at, 0xff),
		      signal, "a write");
	model_settle(w, f);
	if (!signal)
		write_words(&f->pages[index], (__u64 *)at, where, arg[4]);
}

/* How many of @count pages can be accessed, one after the other */
static unsigned int reachable(struct world *w, struct file *f,
			      unsigned int index, unsigned int count)
{
	unsigned int nr = 0;

	while (nr < count && !model_host_access(w, f, index + nr))
		nr++;
	return nr;
}

static void expect_pages(struct world *w, long got, unsigned int pages,
			 const char *what)
{
	if (!pages)
		return expect_result(w, got, -EFAULT, what);
	if (got != (long)(pages * PAGE))
		wrong(w, "%s gave %ld, not %u pages", what, got, pages);
}

static unsigned int clip(unsigned int count, unsigned int most)
{
	return count < most ? count : most;
}

void do_hold(struct world *w, const __u64 *arg)
{
	struct file *f;
	struct window *window = window_of(w, arg, &f);
	unsigned int page, index, count;
	struct iovec vec;

	if (!window || w->nr_holds == HOLDS)
		return leave_out(w);
	page = arg[2] % window->pages;
	index = window->first + page;
	count = clip(1 + arg[3] % 4, clip(HOLDS - w->nr_holds,
					  window->pages - page));
	vec = (struct iovec){ window->at + page * PAGE, count * PAGE };
	count = reachable(w, f, index, count);
	expect_pages(w, vmsplice(w->pipe[1], &vec, 1, SPLICE_F_NONBLOCK), count,
		     "vmsplice");
	model_settle(w, f);
	for (unsigned int i = 0; i < count; i++) {
		f->pages[index + i].pinned++;
		w->holds[w->nr_holds++] = (struct hold){
			.file = f, .page = index + i,
		};
	}
}

/* Where the allocator doesn't, the module zeroes a page that leaves a file. */
static bool was_zeroed(const __u64 *page)
{
	for (unsigned int i = 0; i < PAGE / sizeof(*page); i++)
		if (page[i])
			return false;
	return true;
}

void do_release(struct world *w, const __u64 *arg)
{
	const struct hold hold = w->holds[0];
	__u64 buffer[PAGE / sizeof(__u64)];

	(void)arg;
	if (!w->nr_holds)
		return leave_out(w);
	expect_pages(w, read(w->pipe[0], buffer, PAGE), 1, "reading the pipe");
	if (hold.file)
		check_content(w, buffer, hold.file->pages[hold.page].content,
			      "a page that is pinned");
	else if (!was_zeroed(buffer))
		check_content(w, buffer, hold.content,
			      "a page that is pinned and has gone");
	if (hold.file)
		hold.file->pages[hold.page].pinned--;
	w->nr_holds--;
	for (unsigned int i = 0; i < w->nr_holds; i++)
		w->holds[i] = w->holds[i + 1];
}

void do_remote(struct world *w, const __u64 *arg)
{
	static __thread char buffer[4 * PAGE];
	struct iovec local = { .iov_base = buffer }, remote;
	struct file *f;
	struct window *window = window_of(w, arg, &f);
	unsigned int page, count;

	if (!window)
		return leave_out(w);
	page = arg[2] % window->pages;
	count = clip(1 + arg[3] % 4, window->pages - page);
	local.iov_len = count * PAGE;
	remote = (struct iovec){ window->at + page * PAGE, count * PAGE };
	count = reachable(w, f, window->first + page, count);
	expect_pages(w, process_vm_readv(getpid(), &local, 1, &remote, 1, 0),
		     count, "process_vm_readv");
	model_settle(w, f);
	for (unsigned int i = 0; i < count; i++)
		check_content(w, buffer + i * PAGE,
			      f->pages[window->first + page + i].content,
			      "process_vm_readv");
}

// SPDX-License-Identifier: GPL-2.0-only
/* The end of a thread's part of a program: is all as the model says? */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "finish.h"
#include "handlers.h"
#include "limits.h"
#include "machines.h"
#include "model.h"
#include "reach.h"

/* Of so many pages one is compared as a whole, the others in three words. */
#define WHOLE_ONES	16
#define PRIVATE		KVM_MEMORY_ATTRIBUTE_PRIVATE

/* Pages that a guest looks at */
#define GUEST_LOOKS	24

static void check_page(struct world *w, const __u64 *words, unsigned int index,
		       const struct content *content)
{
	const unsigned int last = PAGE / sizeof(*words) - 1;
	const unsigned int between = 1 + index % (last - 1);

	if (index % WHOLE_ONES == 0)
		return check_content(w, words, *content, "at the end");
	if (words[0] != content->first || words[between] != content->rest ||
	    words[last] != content->last)
		wrong(w, "page %u has %#llx %#llx %#llx, not %#llx %#llx %#llx",
		      index, words[0], words[between], words[last],
		      content->first, content->rest, content->last);
}

static void check_mapped(struct world *w, struct file *f)
{
	char *map = mmap(NULL, f->nr * PAGE, PROT_READ, MAP_SHARED, file_fd(f),
			 file_offset(f, 0));

	if (map == MAP_FAILED)
		wrong(w, "can't map the file");
	for (unsigned int i = 0; i < f->nr; i++)
		if (f->pages[i].there)
			check_page(w, (__u64 *)(map + i * PAGE), i,
				   &f->pages[i].content);
	munmap(map, f->nr * PAGE);
}

static void clear_slots(struct world *w)
{
	for (__u64 vm = 0; vm < VMS; vm++)
		for (__u64 slot = 0; w->vms[vm].there && slot < SLOTS; slot++)
			if (w->vms[vm].slots[slot].file)
				do_delete(w, (__u64[]){ vm, slot });
}

/* A guest looks at pages that can't be mapped. */
static void check_by_guest(struct world *w, struct file *f)
{
	const __u64 file = f - w->files;
	unsigned int step = model_there(f) / GUEST_LOOKS + 1, seen = 0;

	if (!model_there(f) || !machine_can_be_had())
		return;
	clear_slots(w);
	if (!w->vms[0].there)
		do_vm(w, (__u64[]){ 0 });
	do_slot(w, (__u64[]){ 0, 0, file, 0, GUEST_GPA, f->nr * PAGE });
	do_attributes(w, (__u64[]){ 0, GUEST_GPA, f->nr * PAGE, PRIVATE });
	for (unsigned int i = 0; i < f->nr; i++)
		if (f->pages[i].there && seen++ % step == 0)
			do_guest_read(w, (__u64[]){ 0, GUEST_GPA + i * PAGE });
	do_delete(w, (__u64[]){ 0, 0 });
}

static void convert_all(struct world *w, struct file *f, bool private)
{
	const __u64 arg[] = {
		f - w->files, 0, f->nr * PAGE, private ? PRIVATE : 0,
		CONVERT_PRESERVE,
	};

	do_convert(w, arg);
}

static void check_file(struct world *w, struct file *f)
{
	do_stat(w, (__u64[]){ f - w->files });
	reach_check(w, f);
	for (unsigned int i = 0; i < f->nr; i += 1 + f->nr / 8) {
		do_seek(w, (__u64[]){ f - w->files, 0, i * PAGE });
		do_seek(w, (__u64[]){ f - w->files, 1, i * PAGE });
	}
	if (f->flags & KVM_PRIVATE_FLAG_MMAP) {
		convert_all(w, f, false);
		check_mapped(w, f);
		convert_all(w, f, true);
	} else {
		convert_all(w, f, true);
		check_by_guest(w, f);
	}
}

void finish_check(struct world *w)
{
	w->op = NULL;
	w->limit = NO_LIMIT;
	limit_set(NO_LIMIT);
	/* No page may be pinned any more, or it couldn't become private. */
	while (w->nr_holds)
		do_release(w, NULL);
	for (__u64 i = 0; i < FILES; i++)
		if (file_of(w, i))
			check_file(w, &w->files[i]);
}

static void close_file(struct world *w, __u64 index)
{
	struct file *f = &w->files[index];

	for (__u64 i = 0; i < WINDOWS; i++)
		if (f->windows[i].at)
			do_unmap(w, (__u64[]){ index, i });
	while (f->nr_fds)
		close(f->fds[--f->nr_fds]);
	model_drop(w, f);
}

void finish_world(struct world *w)
{
	for (__u64 i = 0; i < VMS; i++)
		if (w->vms[i].there)
			do_destroy(w, (__u64[]){ i });
	for (__u64 i = 0; i < FILES; i++)
		if (file_exists(&w->files[i]))
			close_file(w, i);
	if (w->charged)
		wrong(w, "%llu pages are left over in the model", w->charged);
	close(w->pipe[0]);
	close(w->pipe[1]);
	close(w->device);
}

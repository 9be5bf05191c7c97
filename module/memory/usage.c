// SPDX-License-Identifier: GPL-2.0-only
/* How many pages there are, by size. */

#include "internal.h"
#include "memory/memory.h"

/* Of all files; the pages of huge and gigantic units are counted by themselves. */
static atomic_long_t nr_huge = ATOMIC_LONG_INIT(0);
static atomic_long_t nr_gigantic = ATOMIC_LONG_INIT(0);

/* By all files, also those that have gone since */
static atomic_long_t nr_leaked = ATOMIC_LONG_INIT(0);

/* Pages of all sizes: those of huge and gigantic units are counted among them. */
unsigned long kvm_private_nr_pages(struct kvm_private_file *f)
{
	unsigned long nr = 0;
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++)
		nr += atomic_long_read(&f->nr_pages[nid]);
	return nr;
}

/**
 * kvm_private_usage_of() - count the pages that a file has allocated
 * @f: the file
 *
 * Return: the counts, of about now: other tasks may allocate and free meanwhile.
 */
struct kvm_private_usage kvm_private_usage_of(struct kvm_private_file *f)
{
	struct kvm_private_usage usage = {
		.huge = atomic_long_read(&f->nr_huge),
		.gigantic = atomic_long_read(&f->nr_gigantic),
	};
	unsigned long all = kvm_private_nr_pages(f);

	/* The counts may be of different moments. */
	usage.small = all - min(all, usage.huge + usage.gigantic);
	return usage;
}

/**
 * kvm_private_usage_add() - note that there is more or less in huge pages
 * @f: the file that has them
 * @gigantic: in gigantic ones
 * @nr: base pages; negative: less
 *
 * Context: any.
 */
void kvm_private_usage_add(struct kvm_private_file *f, bool gigantic, long nr)
{
	atomic_long_add(nr, gigantic ? &f->nr_gigantic : &f->nr_huge);
	atomic_long_add(nr, gigantic ? &nr_gigantic : &nr_huge);
}

/* The same of all files */
struct kvm_private_usage kvm_private_usage_of_all(void)
{
	unsigned long all = kvm_private_nr_charged();
	struct kvm_private_usage total = {
		.huge = atomic_long_read(&nr_huge),
		.gigantic = atomic_long_read(&nr_gigantic),
	};

	total.small = all - min(all, total.huge + total.gigantic);
	return total;
}

/* Notes that @nr base pages never go back to the page allocator. */
void kvm_private_leaked_add(struct kvm_private_file *f, unsigned long nr)
{
	atomic_long_add(nr, &f->nr_leaked);
	atomic_long_add(nr, &nr_leaked);
}

unsigned long kvm_private_nr_leaked(const struct kvm_private_file *f)
{
	return atomic_long_read(&f->nr_leaked);
}

unsigned long kvm_private_nr_leaked_by_all(void)
{
	return atomic_long_read(&nr_leaked);
}

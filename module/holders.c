// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who holds how much: totals in sysfs, file by file in debugfs, and the largest
 * holders in the log when the machine runs out of memory. The kernel can't name
 * them: private memory is in nobody's address space, and so in nobody's RSS.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/oom.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sysfs.h>
#include <linux/wait.h>

#include "fail_point.h"
#include "internal.h"

/* How many files the log names */
#define MOST_NAMED	5

static DEFINE_SPINLOCK(files_lock);	/* guards files */
static LIST_HEAD(files);

/* The file that kvm_private_holders_visit() is at. Set under files_lock. */
static struct kvm_private_file *visited;
static unsigned long visit;
static DECLARE_WAIT_QUEUE_HEAD(visit_over);

static struct dentry *debugfs;

/**
 * kvm_private_usage_of() - what a file has allocated
 * @f: the file
 *
 * Return: the counts, of about now: others may allocate and free meanwhile.
 */
struct kvm_private_usage kvm_private_usage_of(struct kvm_private_file *f)
{
	struct kvm_private_usage usage = {
		.huge = atomic_long_read(&f->nr_huge),
		.gigantic = atomic_long_read(&f->nr_gigantic),
	};
	unsigned long all = kvm_private_store_nr_pages(f);

	/* The counts may be of different moments. */
	usage.small = all - min(all, usage.huge + usage.gigantic);
	return usage;
}

static unsigned long sum(const struct kvm_private_usage *usage)
{
	return usage->small + usage->huge + usage->gigantic;
}

static struct kvm_private_usage total(void)
{
	struct kvm_private_usage total = {}, usage;
	struct kvm_private_file *f;

	spin_lock(&files_lock);
	list_for_each_entry(f, &files, holder.node) {
		usage = kvm_private_usage_of(f);
		total.small += usage.small;
		total.huge += usage.huge;
		total.gigantic += usage.gigantic;
	}
	spin_unlock(&files_lock);

	return total;
}

static ssize_t allocated_4k_show(struct device *device,
				 struct device_attribute *attribute, char *buf)
{
	return sysfs_emit(buf, "%lu\n", total().small << PAGE_SHIFT);
}
static DEVICE_ATTR_RO(allocated_4k);

static ssize_t allocated_2m_show(struct device *device,
				 struct device_attribute *attribute, char *buf)
{
	return sysfs_emit(buf, "%lu\n", total().huge << PAGE_SHIFT);
}
static DEVICE_ATTR_RO(allocated_2m);

static ssize_t allocated_1g_show(struct device *device,
				 struct device_attribute *attribute, char *buf)
{
	return sysfs_emit(buf, "%lu\n", total().gigantic << PAGE_SHIFT);
}
static DEVICE_ATTR_RO(allocated_1g);

static struct attribute *holders_attrs[] = {
	&dev_attr_allocated_4k.attr,
	&dev_attr_allocated_2m.attr,
	&dev_attr_allocated_1g.attr,
	NULL
};

static const struct attribute_group holders_group = {
	.attrs = holders_attrs,
};

/* Of the device, in sysfs */
const struct attribute_group *kvm_private_holders_groups[] = {
	&holders_group,
	NULL
};

static int files_show(struct seq_file *m, void *unused)
{
	struct kvm_private_file *f;
	struct kvm_private_usage usage;

	seq_puts(m, "pid comm size allocated-4k allocated-2m allocated-1g bindings\n");
	spin_lock(&files_lock);
	list_for_each_entry(f, &files, holder.node) {
		usage = kvm_private_usage_of(f);
		seq_printf(m, "%d ", f->holder.pid);
		seq_escape(m, f->holder.comm, " \t\n\\");
		seq_printf(m, " %lld %lu %lu %lu %lu\n",
			   i_size_read(f->mapping->host),
			   usage.small << PAGE_SHIFT, usage.huge << PAGE_SHIFT,
			   usage.gigantic << PAGE_SHIFT,
			   READ_ONCE(f->nr_bindings));
	}
	spin_unlock(&files_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(files);

/* The largest file that has less than another, or as much and comes after it */
static struct kvm_private_file *next_largest(unsigned long *below,
					     struct kvm_private_file *after)
{
	struct kvm_private_file *f, *found = NULL;
	unsigned long nr, most = 0;
	bool passed = !after;

	list_for_each_entry(f, &files, holder.node) {
		struct kvm_private_usage usage = kvm_private_usage_of(f);

		nr = sum(&usage);
		if (nr > most && (nr < *below || (nr == *below && passed))) {
			most = nr;
			found = f;
		}
		passed |= f == after;
	}
	*below = most;
	return found;
}

/* Called before somebody is killed; nothing is freed here. */
static int tell_holders(struct notifier_block *block, unsigned long unused,
			void *freed)
{
	static DEFINE_RATELIMIT_STATE(rate, 10 * HZ, 1);
	struct kvm_private_file *f = NULL;
	unsigned long nr = ULONG_MAX;
	struct kvm_private_usage usage = total();
	unsigned int i;

	if (!sum(&usage) || !__ratelimit(&rate))
		return NOTIFY_OK;

	pr_warn("out of memory; private memory, which can't be reclaimed: %lu kB\n",
		sum(&usage) << (PAGE_SHIFT - 10));
	spin_lock(&files_lock);
	for (i = 0; i < MOST_NAMED; i++) {
		f = next_largest(&nr, f);
		if (!f)
			break;
		pr_warn("%lu kB in a file that process %d (%s) created\n",
			nr << (PAGE_SHIFT - 10), f->holder.pid, f->holder.comm);
	}
	spin_unlock(&files_lock);
	return NOTIFY_OK;
}

static struct notifier_block oom_block = {
	.notifier_call = tell_holders,
};

/**
 * kvm_private_holder_add() - from now on the current process is a file's holder
 * @f: the file, with its inode
 */
void kvm_private_holder_add(struct kvm_private_file *f)
{
	f->holder.pid = task_tgid_nr(current);
	/* Without its lock, as tracepoints do: it ends with a zero at any moment. */
	data_race(memcpy(f->holder.comm, current->group_leader->comm,
			 TASK_COMM_LEN));

	spin_lock(&files_lock);
	f->holder.visit = visit;
	list_add_tail(&f->holder.node, &files);
	spin_unlock(&files_lock);
}

/**
 * kvm_private_holder_remove() - the file goes
 * @f: has no pages any more
 *
 * Context: may sleep, until no visitor is at the file.
 */
void kvm_private_holder_remove(struct kvm_private_file *f)
{
	spin_lock(&files_lock);
	list_del(&f->holder.node);
	spin_unlock(&files_lock);
	/* Pairs with go_on(): whatever the visitor did comes before the file's end. */
	wait_event(visit_over, smp_load_acquire(&visited) != f);
}

/* To a file where this visit hasn't been, if it is to go on */
static struct kvm_private_file *go_on(bool wanted)
{
	struct kvm_private_file *f, *next = NULL;

	spin_lock(&files_lock);
	list_for_each_entry(f, &files, holder.node) {
		if (wanted && f->holder.visit != visit) {
			f->holder.visit = visit;
			next = f;
			break;
		}
	}
	/* Pairs with kvm_private_holder_remove(). */
	smp_store_release(&visited, next);
	spin_unlock(&files_lock);
	wake_up_all(&visit_over);
	return next;
}

/**
 * kvm_private_holders_visit() - do something with each file, and sleep there
 * @visitor: gets the file and @arg; returns whether to go on. Until it returns the
 *	file stays, though it may have been closed and have no pages left
 * @arg: for @visitor
 *
 * Left out are files that are made meanwhile.
 *
 * Context: may sleep. One call at a time.
 */
void kvm_private_holders_visit(bool (*visitor)(struct kvm_private_file *f,
					       void *arg), void *arg)
{
	struct kvm_private_file *f;
	bool wanted = true;

	spin_lock(&files_lock);
	visit++;
	spin_unlock(&files_lock);
	while ((f = go_on(wanted)))
		wanted = visitor(f, arg);
}

int kvm_private_holders_init(void)
{
	int ret;

	ret = kvm_private_may_fail(HOLDERS, -ENOMEM,
				   register_oom_notifier(&oom_block));
	if (ret)
		return ret;
	/* What can't be shown isn't; nobody else looks. */
	debugfs = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("files", 0400, debugfs, NULL, &files_fops);
	return 0;
}

void kvm_private_holders_exit(void)
{
	debugfs_remove(debugfs);
	unregister_oom_notifier(&oom_block);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sizes of files, and their creators: totals in sysfs, file by file in debugfs, and the
 * largest files in the log when the machine runs out of memory. The kernel can't name them:
 * private memory is in no address space, and so in no process's RSS.
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

#include "debug/detour.h"
#include "debug/fail_point.h"
#include "events/events.h"
#include "internal.h"
#include "memory/memory.h"

/* How many files the log names */
#define MAX_NAMED	5

static DEFINE_SPINLOCK(files_lock);	/* guards files, their nr_visitors */
static LIST_HEAD(files);		/* struct kvm_private_creator, cursors too */
static DECLARE_WAIT_QUEUE_HEAD(visit_ended);

static struct dentry *debugfs;

/**
 * struct walk - a walk over all files
 * @cursor: its place in the list, behind which it goes on. Files that are made meanwhile
 *	are put before all others, where the walk doesn't come.
 * @at: the file that it is at, which stays; or NULL
 */
struct walk {
	struct kvm_private_creator cursor;
	struct kvm_private_file *at;
};

static struct kvm_private_file *
creator_file(struct kvm_private_creator *creator)
{
	return container_of(creator, struct kvm_private_file, creator);
}

static void creators_walk_begin(struct walk *walk)
{
	*walk = (struct walk){ .cursor.is_cursor = true };
	spin_lock(&files_lock);
	list_add(&walk->cursor.node, &files);
	spin_unlock(&files_lock);
}

/* Lets go of the file that the walk is at. files_lock is held. */
static void creators_walk_leave(struct walk *walk)
{
	lockdep_assert_held(&files_lock);

	if (walk->at && !--walk->at->creator.nr_visitors)
		wake_up_all(&visit_ended);
	walk->at = NULL;
}

/* Goes on to the next file and returns it, or NULL after the last. */
static struct kvm_private_file *creators_walk_next(struct walk *walk)
{
	struct kvm_private_creator *creator = &walk->cursor;

	spin_lock(&files_lock);
	creators_walk_leave(walk);
	list_for_each_entry_continue(creator, &files, node) {
		if (!creator->is_cursor) {
			list_move(&walk->cursor.node, &creator->node);
			creator->nr_visitors++;
			walk->at = creator_file(creator);
			break;
		}
	}
	spin_unlock(&files_lock);
	kvm_private_cond_resched(FILES);

	return walk->at;
}

static void creators_walk_end(struct walk *walk)
{
	spin_lock(&files_lock);
	creators_walk_leave(walk);
	list_del(&walk->cursor.node);
	spin_unlock(&files_lock);
}

static unsigned long creators_sum(const struct kvm_private_usage *usage)
{
	return usage->small + usage->huge + usage->gigantic;
}

static ssize_t allocated_4k_show(struct device *device,
				 struct device_attribute *attribute, char *buf)
{
	return sysfs_emit(buf, "%lu\n", kvm_private_usage_of_all().small << PAGE_SHIFT);
}
static DEVICE_ATTR_ADMIN_RO(allocated_4k);

static ssize_t allocated_2m_show(struct device *device,
				 struct device_attribute *attribute, char *buf)
{
	return sysfs_emit(buf, "%lu\n", kvm_private_usage_of_all().huge << PAGE_SHIFT);
}
static DEVICE_ATTR_ADMIN_RO(allocated_2m);

static ssize_t allocated_1g_show(struct device *device,
				 struct device_attribute *attribute, char *buf)
{
	return sysfs_emit(buf, "%lu\n", kvm_private_usage_of_all().gigantic << PAGE_SHIFT);
}
static DEVICE_ATTR_ADMIN_RO(allocated_1g);

static ssize_t leaked_show(struct device *device,
			   struct device_attribute *attribute, char *buf)
{
	return sysfs_emit(buf, "%lu\n", kvm_private_nr_leaked_by_all() << PAGE_SHIFT);
}
static DEVICE_ATTR_ADMIN_RO(leaked);

static struct attribute *creators_attrs[] = {
	&dev_attr_allocated_4k.attr,
	&dev_attr_allocated_2m.attr,
	&dev_attr_allocated_1g.attr,
	&dev_attr_leaked.attr,
	NULL
};

static const struct attribute_group creators_group = {
	.attrs = creators_attrs,
};

/* Of the device, in sysfs */
const struct attribute_group *kvm_private_creators_groups[] = {
	&creators_group,
	NULL
};

/* A reader's walk goes on from one read to the next, but is at no file in between. */
static void *files_start(struct seq_file *m, loff_t *pos)
{
	struct walk *walk = m->private;

	if (*pos)
		return creators_walk_next(walk);
	spin_lock(&files_lock);
	list_move(&walk->cursor.node, &files);
	spin_unlock(&files_lock);
	return SEQ_START_TOKEN;
}

static void *files_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return creators_walk_next(m->private);
}

/* The file that the walk is at hasn't been shown: the next read begins with it. */
static void files_stop(struct seq_file *m, void *v)
{
	struct walk *walk = m->private;

	spin_lock(&files_lock);
	if (walk->at && !list_empty(&walk->at->creator.node))
		list_move_tail(&walk->cursor.node, &walk->at->creator.node);
	creators_walk_leave(walk);
	spin_unlock(&files_lock);
}

static int files_show(struct seq_file *m, void *v)
{
	struct kvm_private_usage usage;
	struct kvm_private_file *f = v;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "pid comm size allocated-4k allocated-2m allocated-1g bindings\n");
		return 0;
	}

	usage = kvm_private_usage_of(f);
	seq_printf(m, "%d ", f->creator.pid);
	seq_escape(m, f->creator.comm, " \t\n\\");
	seq_printf(m, " %lld %lu %lu %lu %lu\n",
		   i_size_read(f->mapping->host),
		   usage.small << PAGE_SHIFT, usage.huge << PAGE_SHIFT,
		   usage.gigantic << PAGE_SHIFT, READ_ONCE(f->nr_bindings));
	return 0;
}

static const struct seq_operations files_seq_ops = {
	.start = files_start,
	.next = files_next,
	.stop = files_stop,
	.show = files_show,
};

static int files_open(struct inode *inode, struct file *file)
{
	struct walk *walk = __seq_open_private(file, &files_seq_ops,
					       sizeof(*walk));

	if (!walk)
		return -ENOMEM;
	creators_walk_begin(walk);
	return 0;
}

static int files_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	creators_walk_end(m->private);
	return seq_release_private(inode, file);
}

static const struct file_operations files_fops = {
	.owner = THIS_MODULE,
	.open = files_open,
	.read = seq_read,
	.release = files_release,
};

/**
 * struct largest - a file that the log may name
 * @nr: its base pages
 * @pid: of the process that created it
 * @comm: that process's name
 */
struct largest {
	unsigned long nr;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/* The largest comes first; of two that have one size, the one that was found first. */
static void creators_note_if_large(struct largest *largest,
				   struct kvm_private_file *f)
{
	struct kvm_private_usage usage = kvm_private_usage_of(f);
	struct largest one = { .nr = creators_sum(&usage),
			       .pid = f->creator.pid };
	unsigned int i;

	memcpy(one.comm, f->creator.comm, sizeof(one.comm));
	for (i = 0; i < MAX_NAMED; i++)
		if (one.nr > largest[i].nr)
			swap(one, largest[i]);
}

/* The OOM killer calls this before it kills a process. It may sleep; it frees nothing. */
static int creators_log_largest(struct notifier_block *block,
				unsigned long unused, void *freed)
{
	static DEFINE_RATELIMIT_STATE(rate, 10 * HZ, 1);
	struct largest largest[MAX_NAMED] = {};
	struct kvm_private_usage usage = kvm_private_usage_of_all();
	struct kvm_private_file *f;
	struct walk walk;
	unsigned int i;

	if (!creators_sum(&usage) || !__ratelimit(&rate))
		return NOTIFY_OK;

	pr_warn("out of memory; private memory, which can't be reclaimed: %lu kB\n",
		creators_sum(&usage) << (PAGE_SHIFT - 10));
	creators_walk_begin(&walk);
	while ((f = creators_walk_next(&walk)))
		creators_note_if_large(largest, f);
	creators_walk_end(&walk);
	for (i = 0; i < MAX_NAMED && largest[i].nr; i++)
		pr_warn("%lu kB in a file that process %d (%s) created\n",
			largest[i].nr << (PAGE_SHIFT - 10), largest[i].pid,
			largest[i].comm);
	return NOTIFY_OK;
}

static struct notifier_block oom_block = {
	.notifier_call = creators_log_largest,
};

/**
 * kvm_private_creator_add() - note the current process as a file's creator
 * @f: the file, with its inode
 */
void kvm_private_creator_add(struct kvm_private_file *f)
{
	f->creator.pid = task_tgid_nr(current);
	/*
	 * Read without a lock, as tracepoints do: the name ends with a zero at any moment.
	 */
	data_race(memcpy(f->creator.comm, current->group_leader->comm,
			 TASK_COMM_LEN));

	spin_lock(&files_lock);
	list_add(&f->creator.node, &files);
	spin_unlock(&files_lock);
}

static bool creators_is_visited(struct kvm_private_file *f)
{
	bool visited;

	spin_lock(&files_lock);
	visited = f->creator.nr_visitors;
	spin_unlock(&files_lock);
	return visited;
}

/**
 * kvm_private_creator_remove() - forget the creator of a file that goes
 * @f: has no pages any more
 *
 * Context: may sleep, until no walk is at the file.
 */
void kvm_private_creator_remove(struct kvm_private_file *f)
{
	bool visited;

	spin_lock(&files_lock);
	list_del_init(&f->creator.node);
	visited = f->creator.nr_visitors;
	spin_unlock(&files_lock);
	if (unlikely(visited))
		wait_event(visit_ended, !creators_is_visited(f));
}

/**
 * kvm_private_creators_visit() - do something with each file, and sleep there
 * @visitor: gets the file and @arg; returns whether to go on. Until it returns the
 *	file stays, though it may have been closed and have no pages left
 * @arg: for @visitor
 *
 * Files that are made meanwhile are left out.
 *
 * Context: may sleep.
 */
void kvm_private_creators_visit(bool (*visitor)(struct kvm_private_file *f,
						void *arg), void *arg)
{
	struct kvm_private_file *f;
	struct walk walk;

	creators_walk_begin(&walk);
	while ((f = creators_walk_next(&walk)) && visitor(f, arg))
		;
	creators_walk_end(&walk);
}

int kvm_private_creators_init(void)
{
	int ret;

	if (kvm_private_should_fail(CREATORS))
		return -ENOMEM;
	ret = register_oom_notifier(&oom_block);
	if (ret)
		return ret;
	/* Errors of debugfs aren't checked: without the file there is just less to see. */
	debugfs = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("files", 0400, debugfs, NULL, &files_fops);
	return 0;
}

void kvm_private_creators_exit(void)
{
	debugfs_remove(debugfs);
	unregister_oom_notifier(&oom_block);
}

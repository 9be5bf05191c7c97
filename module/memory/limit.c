// SPDX-License-Identifier: GPL-2.0-only
/*
 * The limit for all files together, which root sets for the machine: private
 * memory can't be reclaimed, and not all of it is on a memory cgroup's bill.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/ctype.h>
#include <linux/kstrtox.h>
#include <linux/limits.h>
#include <linux/moduleparam.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "internal.h"
#include "memory/memory.h"

static atomic_long_t nr_charged = ATOMIC_LONG_INIT(0);
static unsigned long limit = ULONG_MAX;	/* in pages */
static bool stopped;

/*
 * Takes numbers as memparse() does, such as 512M. memparse() wraps without an error, at the
 * digits or at the unit; this function refuses a number that doesn't fit.
 */
static int limit_parse(const char *value, u64 *bytes)
{
	static const char units[] = "kmgtpe";
	unsigned int shift = 0;
	const char *unit;
	char number[32];
	ssize_t length;
	bool hex;

	/* kstrtou64() would take a sign, and a newline before the unit. */
	length = strscpy(number, value, sizeof(number));
	if (length < 0 || !isdigit(*number))
		return -EINVAL;
	if (number[length - 1] == '\n')
		number[--length] = '\0';
	hex = number[0] == '0' && tolower(number[1]) == 'x';
	unit = strchr(units, tolower(number[length - 1]));
	if (unit && !(hex && *unit == 'e')) {
		shift = 10 * (unit - units + 1);
		number[--length] = '\0';
	}
	if (!isxdigit(number[length - 1]) || kstrtou64(number, 0, bytes) ||
	    *bytes > U64_MAX >> shift)
		return -EINVAL;

	*bytes <<= shift;
	return 0;
}

/*
 * Pages above a new limit stay until they are freed. A limit of less than a page is
 * refused: it would read as 0, which is no limit.
 */
static int limit_set(const char *value, const struct kernel_param *param)
{
	u64 bytes;

	if (limit_parse(value, &bytes) || (bytes && bytes < PAGE_SIZE))
		return -EINVAL;
	WRITE_ONCE(limit, bytes ? bytes >> PAGE_SHIFT : ULONG_MAX);
	return 0;
}

static int limit_get(char *buffer, const struct kernel_param *param)
{
	unsigned long pages = READ_ONCE(limit);

	return sysfs_emit(buffer, "%lu\n",
			  pages == ULONG_MAX ? 0 : pages << PAGE_SHIFT);
}

static const struct kernel_param_ops limit_ops = {
	.set = limit_set,
	.get = limit_get,
};
module_param_cb(limit, &limit_ops, NULL, 0644);
MODULE_PARM_DESC(limit, "bytes that all files may have allocated, such as 64G; 0: no limit (default)");

/**
 * kvm_private_charge() - let a file have more pages
 * @f: the file
 * @nr: number of base pages
 *
 * Context: any.
 * Return: 0, or -ENOMEM if that would exceed the limit for all files or the
 * creator's RLIMIT_MEMLOCK, or if the machine is about to hibernate.
 */
int kvm_private_charge(struct kvm_private_file *f, unsigned long nr)
{
	long old = atomic_long_read(&nr_charged);
	int ret;

	do {
		if (old + nr > READ_ONCE(limit))
			return -ENOMEM;
	} while (!atomic_long_try_cmpxchg(&nr_charged, &old, old + nr));

	/*
	 * Pairs with smp_mb() in kvm_private_charge_stop(); the cmpxchg is a full barrier.
	 * Either that function sees the charge, or this one sees that it has stopped
	 * charges.
	 */
	if (unlikely(READ_ONCE(stopped)))
		ret = -ENOMEM;
	else
		ret = kvm_private_memlock_charge(&f->memlock, nr);
	if (ret)
		atomic_long_sub(nr, &nr_charged);
	return ret;
}

/**
 * kvm_private_uncharge() - take the charge for pages back
 * @f: the file
 * @nr: number of base pages
 *
 * Context: any.
 */
void kvm_private_uncharge(struct kvm_private_file *f, unsigned long nr)
{
	kvm_private_memlock_uncharge(&f->memlock, nr);
	atomic_long_sub(nr, &nr_charged);
}

/**
 * kvm_private_charge_explain() - say in the log which limit a file has met
 * @f: the file, for which a page has just been refused to the current process
 *
 * A process that touches a mapping gets SIGBUS then, which doesn't say why.
 *
 * Context: any.
 */
void kvm_private_charge_explain(struct kvm_private_file *f)
{
	unsigned long most = READ_ONCE(limit);

	if (atomic_long_read(&nr_charged) >= most)
		pr_warn_ratelimited("SIGBUS for process %d (%s): all private files together have reached the limit of %lu kB\n",
				    task_tgid_nr(current), current->comm,
				    most << (PAGE_SHIFT - 10));
	else if (!kvm_private_memlock_explain(&f->memlock))
		pr_warn_ratelimited("SIGBUS for process %d (%s): no memory, or none that its memory cgroup may have\n",
				    task_tgid_nr(current), current->comm);
}

/**
 * kvm_private_nr_charged() - count the base pages of all files together
 *
 * Pages that are just being allocated or freed are counted, too.
 */
unsigned long kvm_private_nr_charged(void)
{
	return atomic_long_read(&nr_charged);
}

/**
 * kvm_private_charge_stop() - refuse charges from now on, unless a file has pages
 *
 * Context: any. kvm_private_charge_resume() is owed after success.
 * Return: 0, and no file has or gets a page; -EBUSY.
 */
int kvm_private_charge_stop(void)
{
	WRITE_ONCE(stopped, true);
	/*
	 * Pairs with the cmpxchg in kvm_private_charge(), before its look at stopped: a
	 * charge that didn't see stopped is seen here.
	 */
	smp_mb();
	if (!atomic_long_read(&nr_charged))
		return 0;

	WRITE_ONCE(stopped, false);
	return -EBUSY;
}

void kvm_private_charge_resume(void)
{
	WRITE_ONCE(stopped, false);
}

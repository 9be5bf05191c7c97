// SPDX-License-Identifier: GPL-2.0-only
/* The device through which a program drives the guests and queries the model */

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "platform.h"

static atomic_t nr_opens = ATOMIC_INIT(0);

/* At least so many references of the module are the device's own. */
int kpp_nr_opens(void)
{
	return atomic_read(&nr_opens);
}

static long bind(const void __user *arg)
{
	struct kpp_bind args;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	return kpp_bind(&args);
}

static long with_access(unsigned int cmd, void __user *arg)
{
	struct kpp_access args;
	long ret;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	ret = cmd == KPP_ACCESS ? kpp_access(&args) : kpp_emulate(&args);
	if (copy_to_user(arg, &args, sizeof(args)))
		return -EFAULT;
	return ret;
}

static long raw(void __user *arg)
{
	struct kpp_raw args;
	u64 *word;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (!pfn_valid(args.pfn))
		return -EINVAL;
	word = page_address(pfn_to_page(args.pfn));
	if (args.write)
		WRITE_ONCE(*word, args.word);
	else
		args.word = READ_ONCE(*word);
	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;
}

static long populate(void __user *arg)
{
	struct kpp_populate args;
	long ret;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	ret = kpp_populate(&args);
	if (copy_to_user(arg, &args, sizeof(args)))
		return -EFAULT;
	return ret;
}

static long fail(const void __user *arg)
{
	struct kpp_fail args;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	kpp_fail(&args);
	return 0;
}

static long counts(void __user *arg)
{
	struct kpp_counts *now = kzalloc(sizeof(*now), GFP_KERNEL);
	long ret;

	if (!now)
		return -ENOMEM;
	kpp_rules_counts(now);
	kpp_ops_counts(now);
	now->assigned = kpp_nr_assigned();
	now->invalidations = kpp_nr_invalidations();
	now->dropped = kpp_nr_dropped();
	ret = copy_to_user(arg, now, sizeof(*now)) ? -EFAULT : 0;
	kfree(now);
	return ret;
}

static long call(const void __user *arg)
{
	struct kpp_call args;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	return kpp_call(&args);
}

static long kpp_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case KPP_BIND:
		return bind(user);
	case KPP_UNBIND:
		return kpp_unbind(arg);
	case KPP_ACCESS:
	case KPP_EMULATE:
		return with_access(cmd, user);
	case KPP_RAW:
		return raw(user);
	case KPP_POPULATE:
		return populate(user);
	case KPP_FAIL:
		return fail(user);
	case KPP_COUNTS:
		return counts(user);
	case KPP_ARM:
		kpp_rules_arm(arg);
		return 0;
	case KPP_MISBEHAVE:
		kpp_misbehave(arg);
		return 0;
	case KPP_CALL:
		return call(user);
	case KPP_SPARE:
		return put_user(kpp_spare(), (u64 __user *)user);
	default:
		return -ENOTTY;
	}
}

static int kpp_open(struct inode *inode, struct file *file)
{
	if (atomic_cmpxchg(&nr_opens, 0, 1))
		return -EBUSY;
	kpp_rules_clear();
	kpp_ops_clear();
	kpp_guest_clear();
	return 0;
}

static int kpp_release(struct inode *inode, struct file *file)
{
	kpp_ops_clear();
	kpp_unbind_all();
	kpp_rules_arm(0);
	atomic_set(&nr_opens, 0);
	return 0;
}

static const struct file_operations kpp_fops = {
	.owner = THIS_MODULE,
	.open = kpp_open,
	.release = kpp_release,
	.unlocked_ioctl = kpp_ioctl,
};

static struct miscdevice kpp_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "kvm_private_platform",
	.mode = 0600,
	.fops = &kpp_fops,
};

static int __init kpp_init(void)
{
	int ret;

	kpp_slots_init();
	ret = kpp_misuse_init();
	if (ret)
		return ret;
	ret = kpp_observer_init();
	if (ret)
		goto exit_misuse;
	ret = misc_register(&kpp_device);
	if (ret)
		goto exit_observer;
	return 0;

exit_observer:
	kpp_observer_exit();
exit_misuse:
	kpp_misuse_exit();
	return ret;
}

static void __exit kpp_exit(void)
{
	misc_deregister(&kpp_device);
	kpp_observer_exit();
	kpp_misuse_exit();
	/* A reference for an assigned page would have pinned this module. */
	kpp_settle();
}

module_init(kpp_init);
module_exit(kpp_exit);

MODULE_DESCRIPTION("Model of a platform that assigns its guests' memory");
MODULE_LICENSE("GPL");
KVM_PRIVATE_IMPORT_NS();

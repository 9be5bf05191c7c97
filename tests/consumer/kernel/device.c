// SPDX-License-Identifier: GPL-2.0-only
/* The device through which a program controls the module */

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "consumer.h"

static const struct kpt_control at_rest = { .block_slot = -1 };
static atomic_t is_open = ATOMIC_INIT(0);

static long with_page(unsigned int cmd, struct kpt_page __user *arg)
{
	struct kpt_page page;
	long ret;

	if (copy_from_user(&page, arg, sizeof(page)))
		return -EFAULT;

	switch (cmd) {
	case KPT_GET_PFN:
		ret = kpt_get_pfn(&page);
		break;
	case KPT_PUT_PFN:
		ret = kpt_put_pfn(&page);
		break;
	case KPT_LOCK_PAGE:
		ret = kpt_lock_page(&page);
		break;
	case KPT_PEEK:
		ret = kpt_peek(&page);
		break;
	case KPT_READ_PINNED:
		ret = kpt_read_held(&page);
		break;
	default:
		ret = kpt_access(&page, cmd == KPT_WRITE);
	}

	if (copy_to_user(arg, &page, sizeof(page)))
		return -EFAULT;
	return ret;
}

static long bind(const void __user *arg)
{
	struct kpt_bind args;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	return kpt_bind(&args);
}

static long is_private(const void __user *arg)
{
	struct kpt_is_private args;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	return kpt_is_private(&args);
}

static long create(const void __user *arg)
{
	struct kpt_create args;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	return kpt_create(&args);
}

static long populate(void __user *arg)
{
	struct kpt_populate args;
	long ret;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	ret = kpt_populate(&args);
	if (copy_to_user(arg, &args, sizeof(args)))
		return -EFAULT;
	return ret;
}

static long sweep(const void __user *arg)
{
	struct kpt_sweep args;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	return kpt_sweep(&args);
}

static long control(const void __user *arg)
{
	struct kpt_control args;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	return kpt_control(&args);
}

static long firmware(const void __user *arg)
{
	struct kpt_firmware args;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	return kpt_firmware(&args);
}

static long leak(const void __user *arg)
{
	struct kpt_leak args;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	return kpt_leak(&args);
}

/* Too short for the kernel to report a stuck processor */
static long keep(unsigned long microseconds)
{
	if (microseconds > 100 * USEC_PER_MSEC)
		return -EINVAL;
	for (; microseconds >= USEC_PER_MSEC; microseconds -= USEC_PER_MSEC)
		udelay(USEC_PER_MSEC);
	udelay(microseconds);
	return 0;
}

static long kpt_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case KPT_FGET:
		return kpt_fget(arg);
	case KPT_BIND:
		return bind(user);
	case KPT_UNBIND:
		return kpt_unbind(arg);
	case KPT_GET_PFN:
	case KPT_PUT_PFN:
	case KPT_LOCK_PAGE:
	case KPT_PEEK:
	case KPT_READ_PINNED:
	case KPT_READ:
	case KPT_WRITE:
		return with_page(cmd, user);
	case KPT_UNLOCK_PAGE:
		return kpt_unlock_page();
	case KPT_SWEEP:
		return sweep(user);
	case KPT_KEEP:
		return keep(arg);
	case KPT_IS_PRIVATE:
		return is_private(user);
	case KPT_POPULATE:
		return populate(user);
	case KPT_CREATE:
		return create(user);
	case KPT_CONTROL:
		return control(user);
	case KPT_LEAK:
		return leak(user);
	case KPT_FIRMWARE:
		return firmware(user);
	case KPT_WAIT_BLOCKED:
		return kpt_wait_blocked();
	case KPT_IS_BLOCKED:
		return kpt_is_blocked();
	default:
		return -ENOTTY;
	}
}

static ssize_t kpt_read(struct file *file, char __user *buf, size_t count,
			loff_t *pos)
{
	return kpt_events_read(buf, count);
}

static int kpt_open(struct inode *inode, struct file *file)
{
	if (atomic_cmpxchg(&is_open, 0, 1))
		return -EBUSY;
	kpt_events_clear();
	kpt_control(&at_rest);
	return 0;
}

static int kpt_release(struct inode *inode, struct file *file)
{
	kpt_control(&at_rest);
	kpt_unlock_page();
	kpt_unbind_all();
	atomic_set(&is_open, 0);
	return 0;
}

static const struct file_operations kpt_fops = {
	.owner = THIS_MODULE,
	.open = kpt_open,
	.release = kpt_release,
	.read = kpt_read,
	.unlocked_ioctl = kpt_ioctl,
};

static struct miscdevice kpt_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "kvm_private_test",
	.mode = 0600,
	.fops = &kpt_fops,
};

static int __init kpt_init(void)
{
	int ret = kpt_events_init();

	if (ret)
		return ret;
	ret = misc_register(&kpt_device);
	if (ret)
		kpt_events_exit();
	return ret;
}

static void __exit kpt_exit(void)
{
	misc_deregister(&kpt_device);
	kpt_events_exit();
}

module_init(kpt_init);
module_exit(kpt_exit);

MODULE_DESCRIPTION("Test consumer of private guest memory");
MODULE_LICENSE("GPL");
KVM_PRIVATE_IMPORT_NS();

// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm_gmem_populate() for a program, with a callback that the program controls
 */

#include <linux/completion.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kvm_host.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "compat.h"

static DECLARE_COMPLETION(waiting);
static DECLARE_COMPLETION(released);

static int fill(gfn_t gfn, kvm_pfn_t pfn, struct kpop_source source,
		struct kpop_populate *args)
{
	u64 nr = gfn - gpa_to_gfn(args->gpa);
	int ret;

	if (nr == args->fail_at)
		return args->error;
	if (nr == args->pause_at) {
		args->pause_at = KPOP_NEVER;
		complete(&waiting);
		if (wait_for_completion_killable(&released))
			return -EINTR;
	}

	ret = source.page ? copy_source(pfn, source) : 0;
	if (!ret)
		args->filled++;
	return ret;
}

static long populate(struct file *vm, struct kpop_populate *args)
{
	struct kvm *kvm = vm->private_data;
	long ret;

	args->filled = 0;
	mutex_lock(&kvm->slots_lock);
	ret = call_populate(kvm, args);
	mutex_unlock(&kvm->slots_lock);
	return ret;
}

static long populate_user(struct kpop_populate __user *user)
{
	struct kpop_populate args;
	struct file *vm;
	long ret;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	vm = fget(args.vm);
	if (!vm)
		return -EBADF;
	ret = file_is_kvm(vm) ? populate(vm, &args) : -ENOTTY;
	fput(vm);
	if (put_user(args.filled, &user->filled))
		return -EFAULT;
	return ret;
}

static long kpop_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case KPOP_POPULATE:
		return populate_user((void __user *)arg);
	case KPOP_AWAIT:
		return wait_for_completion_killable(&waiting);
	case KPOP_RELEASE:
		complete(&released);
		return 0;
	default:
		return -ENOTTY;
	}
}

static const struct file_operations kpop_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= kpop_ioctl,
};

static struct miscdevice kpop_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "kvm_populate_test",
	.fops	= &kpop_fops,
};
module_misc_device(kpop_device);

MODULE_DESCRIPTION("Caller of kvm_gmem_populate() for tests");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/* /dev/kvm_private: information on the module, and new private files. */

#include <linux/capability.h>
#include <linux/file.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "debug/detour.h"
#include "debug/fail_point.h"
#include "events/events.h"
#include "internal.h"
#include "user/ioctl.h"
#include "user/user.h"

/* Clears a page at a time, since the user may ask for any length. */
static int device_clear_rest(char __user *to, size_t len)
{
	size_t part;

	for (; len; to += part, len -= part) {
		part = min_t(size_t, len, PAGE_SIZE);
		if (clear_user(to, part))
			return -EFAULT;
		if (fatal_signal_pending(current))
			return -EINTR;
		kvm_private_cond_resched(CLEAR_INFO);
	}
	return 0;
}

static long device_ioctl_get_info(struct file *device, void *unused, void __user *user)
{
	struct kvm_private_info __user *arg = user;
	struct kvm_private_info info = {
		.api_version	= KVM_PRIVATE_API_VERSION,
		.create_flags	= KVM_PRIVATE_CREATE_FLAGS,
		.page_sizes	= KVM_PRIVATE_PAGE_SIZES,
		.attributes	= KVM_PRIVATE_ATTRIBUTES,
		.attribute_flags = KVM_PRIVATE_ATTRIBUTE_FLAGS,
	};

	if (get_user(info.size, &arg->size))
		return -EFAULT;
	if (info.size < offsetofend(struct kvm_private_info, api_version))
		return -EINVAL;

	if (copy_to_user(arg, &info, min_t(size_t, info.size, sizeof(info))))
		return -EFAULT;
	if (info.size > sizeof(info))
		return device_clear_rest((char __user *)arg + sizeof(info),
					 info.size - sizeof(info));
	return 0;
}

static int device_get_fd(void)
{
	if (kvm_private_should_fail(DESCRIPTOR))
		return -EMFILE;
	return get_unused_fd_flags(O_CLOEXEC);
}

static long device_ioctl_create(struct file *device, void *arg, void __user *user)
{
	const struct kvm_private_create *create = arg;
	u32 page_shift = create->page_shift ?: PAGE_SHIFT;
	struct file *file;
	int fd;

	if (create->flags & ~KVM_PRIVATE_CREATE_FLAGS || create->pad)
		return -EINVAL;
	if (page_shift > PUD_SHIFT ||
	    !(BIT_ULL(page_shift) & KVM_PRIVATE_PAGE_SIZES))
		return -EINVAL;
	/* No memory cgroup limits these, see gigantic.c. */
	if (page_shift == PUD_SHIFT && !capable(CAP_IPC_LOCK))
		return -EPERM;

	file = kvm_private_file_create(create->size, create->flags,
				       page_shift - PAGE_SHIFT, 0, NULL);
	if (IS_ERR(file))
		return PTR_ERR(file);

	fd = device_get_fd();
	if (fd < 0)
		fput(file);
	else
		fd_install(fd, file);
	return fd;
}

static const struct kvm_private_ioctl device_ioctls[] = {
	{ KVM_PRIVATE_GET_INFO, 0, device_ioctl_get_info },
	{ KVM_PRIVATE_CREATE, offsetof(struct kvm_private_create, reserved),
	  device_ioctl_create },
};

static long kvm_private_device_ioctl(struct file *file, unsigned int cmd,
				     unsigned long arg)
{
	return kvm_private_ioctl(device_ioctls, ARRAY_SIZE(device_ioctls), file,
				 cmd, (void __user *)arg);
}

static int kvm_private_device_open(struct inode *inode, struct file *file)
{
	return kvm_private_fs_pin();
}

static int kvm_private_device_release(struct inode *inode, struct file *file)
{
	kvm_private_fs_unpin();
	return 0;
}

static const struct file_operations kvm_private_device_fops = {
	.owner		= THIS_MODULE,
	.open		= kvm_private_device_open,
	.release	= kvm_private_device_release,
	.unlocked_ioctl	= kvm_private_device_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static struct miscdevice kvm_private_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "kvm_private",
	.fops	= &kvm_private_device_fops,
	.groups	= kvm_private_creators_groups,
};

int kvm_private_device_init(void)
{
	if (kvm_private_should_fail(DEVICE))
		return -ENOMEM;
	return misc_register(&kvm_private_device);
}

void kvm_private_device_exit(void)
{
	misc_deregister(&kvm_private_device);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables of ioctls: what is alike in all of them is done here, before the handler. */
#ifndef KVM_PRIVATE_IOCTL_H
#define KVM_PRIVATE_IOCTL_H

#include <linux/build_bug.h>
#include <linux/fs.h>
#include <linux/stddef.h>
#include <linux/types.h>

/* No struct of an ioctl is larger. */
#define KVM_PRIVATE_IOCTL_MAX_SIZE	128

/**
 * struct kvm_private_ioctl - an ioctl
 * @cmd: its number
 * @size: bytes of its struct; 0 for a struct that has its size in itself, which the handler
 *	copies
 * @reserved: offset of the first of the reserved fields, which are zero and reach to the
 *	struct's end
 * @handler: gets a copy of the struct, and the user's to write results to. It may sleep. It
 *	returns a negative errno, or the ioctl's result.
 */
struct kvm_private_ioctl {
	unsigned int cmd;
	size_t size;
	size_t reserved;
	long (*handler)(struct file *file, void *arg, void __user *user);
};

#define KVM_PRIVATE_IOCTL(_cmd, _struct, _reserved, _handler)		\
	{								\
		.cmd = (_cmd),						\
		.size = sizeof(struct _struct) +			\
			BUILD_BUG_ON_ZERO(sizeof(struct _struct) >	\
					  KVM_PRIVATE_IOCTL_MAX_SIZE),	\
		.reserved = offsetof(struct _struct, _reserved),	\
		.handler = (_handler),					\
	}

long kvm_private_ioctl(const struct kvm_private_ioctl *table, size_t nr,
		       struct file *file, unsigned int cmd, void __user *user);

#endif /* KVM_PRIVATE_IOCTL_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables of ioctls: what is alike in all of them is done here, before the handler. */
#ifndef KVM_PRIVATE_IOCTL_H
#define KVM_PRIVATE_IOCTL_H

#include <linux/fs.h>
#include <linux/kvm_private.h>
#include <linux/stddef.h>
#include <linux/types.h>

/* Room for the struct of any ioctl, and its words: reserved fields are whole ones. */
union kvm_private_ioctl_arg {
	u64 words[16];
	struct kvm_private_create create;
	struct kvm_private_populate populate;
	struct kvm_private_set_policy set_policy;
	struct kvm_private_collapse collapse;
	struct kvm_memory_attributes2 attributes;
};

/**
 * struct kvm_private_ioctl - an ioctl
 * @cmd: its number, which has the size of its struct in it. A size of 0 stands for a struct
 *	with a field for its size, which the handler copies
 * @reserved: offset of the first of the reserved fields, which are zero and reach to the
 *	struct's end
 * @handler: gets a copy of the struct, and the user's to write results to. It may sleep. It
 *	returns a negative errno, or the ioctl's result.
 */
struct kvm_private_ioctl {
	unsigned int cmd;
	size_t reserved;
	long (*handler)(struct file *file, void *arg, void __user *user);
};

long kvm_private_ioctl(const struct kvm_private_ioctl *table, size_t nr,
		       struct file *file, unsigned int cmd, void __user *user);

#endif /* KVM_PRIVATE_IOCTL_H */

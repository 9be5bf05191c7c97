// SPDX-License-Identifier: GPL-2.0-only
/* Dispatches the ioctls of the device and of its files. */

#include <linux/uaccess.h>

#include "user/ioctl.h"

/*
 * Hardened usercopy looks at run time at each copy whose size isn't a constant. That took
 * 49 of the 2,548 instructions in which a page is converted.
 */
static bool ioctl_copy(union kvm_private_ioctl_arg *arg, void __user *user,
		       size_t size)
{
	static_assert(sizeof(arg->create) == 64);
	static_assert(sizeof(arg->populate) == 64);
	static_assert(sizeof(arg->set_policy) == 64);
	static_assert(sizeof(arg->collapse) == 64);
	static_assert(sizeof(arg->attributes) == 128);

	switch (size) {
	case 64:
		return !copy_from_user(arg, user, 64);
	case 128:
		return !copy_from_user(arg, user, 128);
	default:
		return !size;
	}
}

/**
 * kvm_private_ioctl() - find an ioctl, copy its struct and call its handler
 * @table: the ioctls that @file has
 * @nr: rows of @table
 * @file: the descriptor's file
 * @cmd: as the user gave it
 * @user: the user's struct
 *
 * Context: may sleep.
 * Return: what the handler returns; -ENOTTY for a number that isn't in the table; -EFAULT
 * for a struct that can't be read; -EINVAL for a reserved field that isn't zero.
 */
long kvm_private_ioctl(const struct kvm_private_ioctl *table, size_t nr,
		       struct file *file, unsigned int cmd, void __user *user)
{
	const struct kvm_private_ioctl *row;
	size_t size = _IOC_SIZE(cmd), i;
	union kvm_private_ioctl_arg arg;
	u64 reserved = 0;

	for (row = table; row < table + nr; row++) {
		if (row->cmd != cmd)
			continue;
		if (!ioctl_copy(&arg, user, size))
			return -EFAULT;
		/* memchr_inv() took 14 instructions more for the words of a conversion. */
		for (i = row->reserved; i < size; i += sizeof(u64))
			reserved |= arg.words[i / sizeof(u64)];
		if (reserved)
			return -EINVAL;
		return row->handler(file, &arg, user);
	}
	return -ENOTTY;
}

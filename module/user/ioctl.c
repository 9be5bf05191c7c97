// SPDX-License-Identifier: GPL-2.0-only
/* Dispatches the ioctls of the device and of its files. */

#include <linux/string.h>
#include <linux/uaccess.h>

#include "user/ioctl.h"

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
	size_t size = _IOC_SIZE(cmd);
	union kvm_private_ioctl_arg arg;

	for (row = table; row < table + nr; row++) {
		if (row->cmd != cmd)
			continue;
		if (copy_from_user(&arg, user, size))
			return -EFAULT;
		if (memchr_inv((char *)&arg + row->reserved, 0, size - row->reserved))
			return -EINVAL;
		return row->handler(file, &arg, user);
	}
	return -ENOTTY;
}

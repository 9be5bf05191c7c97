/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls from user space: the device, its files, and their ioctls. This is the uppermost
 * layer; no layer calls one above it.
 */
#ifndef KVM_PRIVATE_USER_H
#define KVM_PRIVATE_USER_H

#include "internal.h"

/* device.c */
int kvm_private_device_init(void);
void kvm_private_device_exit(void);

/* file.c */
struct file *kvm_private_file_create(u64 size, u64 flags,
				     unsigned int order, u64 guest_id,
				     struct inode *(*make_inode)(struct super_block *));

/* fs.c */
int kvm_private_fs_pin(void);
void kvm_private_fs_unpin(void);
struct file *kvm_private_fs_file(const struct file_operations *fops,
				 const struct inode_operations *iops,
				 loff_t size, struct kvm_private_file *f,
				 struct inode *(*make_inode)(struct super_block *));

/* object.c */
struct kvm_private_file *kvm_private_file_alloc(u64 flags, unsigned int order,
						u64 guest_id);
void kvm_private_file_free(struct kvm_private_file *f);

/* convert.c */
long kvm_private_ioctl_convert(struct file *file, void *arg, void __user *user);

/* collapse.c */
long kvm_private_ioctl_collapse(struct file *file, void *arg, void __user *user);

/* set_policy.c */
long kvm_private_ioctl_set_policy(struct file *file, void *arg, void __user *user);

/* populate.c */
long kvm_private_ioctl_populate(struct file *file, void *arg, void __user *user);

#endif /* KVM_PRIVATE_USER_H */

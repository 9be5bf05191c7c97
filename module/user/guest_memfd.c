// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that stand in for KVM's own guest_memfd. Programs that use them were written for
 * that: where it and a private file differ, these files do as it does. The code looks at
 * kvm_private_file.guest_id wherever there is such a difference.
 */

#include <linux/fs.h>
#include <linux/module.h>

#include "compat/export.h"
#include "internal.h"
#include "user/user.h"

/**
 * kvm_private_create_guest_memfd() - make a file that stands in for a guest_memfd
 * @size: bytes, a non-zero multiple of the page size
 * @flags: %KVM_PRIVATE_FLAG_MMAP, %KVM_PRIVATE_FLAG_INIT_SHARED
 * @guest_id: not 0; a binding of another kvm_private_binding.guest_id gets
 *	-EINVAL
 * @make_inode: makes the file's inode on a super block, as alloc_anon_inode()
 *	does, and makes it known to security modules. It may sleep. NULL: the
 *	inode is as those of other private files
 *
 * Unlike other private files it isn't charged to RLIMIT_MEMLOCK (the memory
 * cgroup pays), fallocate() wants FALLOC_FL_KEEP_SIZE, holes may reach past the end,
 * and KVM_SET_MEMORY_ATTRIBUTES2 takes no flags. The VM that @guest_id stands for need not
 * outlive the file.
 *
 * The kernel lets KVM alone call anon_inode_make_secure_inode(), where security
 * modules label guest_memfd's inodes and may refuse them. KVM calls it in
 * @make_inode, so that policies which name guest_memfd hold for its stand-ins.
 *
 * Context: may sleep.
 * Return: the file, whose reference is the caller's; ERR_PTR(-EINVAL),
 * ERR_PTR(-ENOMEM), ERR_PTR(-ENFILE), or @make_inode's error.
 */
struct file *
kvm_private_create_guest_memfd(u64 size, u64 flags, u64 guest_id,
			       struct inode *(*make_inode)(struct super_block *))
{
	if (!guest_id ||
	    flags & ~(KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED))
		return ERR_PTR(-EINVAL);

	return kvm_private_file_create(size, flags, 0, guest_id, make_inode);
}
EXPORT_SYMBOL_KVM_PRIVATE(kvm_private_create_guest_memfd);

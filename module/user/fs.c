// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pseudo filesystem that holds the inodes of private files, one for each.
 *
 * Its super block pins the module (file_system_type.owner) for as long as a
 * file has a path on it. The file_operations of a private file pin the module
 * as well, but are let go before the inode is evicted. A mount that lived as
 * long as the module would pin it for ever, so it is there only while the
 * device is open or a file exists.
 */

#include <linux/bitops.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>

#include "debug/fail_point.h"
#include "internal.h"
#include "user/user.h"

#define KVM_PRIVATE_FS_MAGIC	0x4b505256	/* "KPRV" */

static struct vfsmount *kvm_private_mnt;
static int kvm_private_mnt_count;

static void kvm_private_fs_evict_inode(struct inode *inode)
{
	clear_inode(inode);
	kvm_private_file_free(inode->i_private);
}

static const struct super_operations kvm_private_fs_super_ops = {
	.statfs		= simple_statfs,
	.evict_inode	= kvm_private_fs_evict_inode,
};

static int kvm_private_fs_init_context(struct fs_context *fc)
{
	struct pseudo_fs_context *ctx;

	if (kvm_private_should_fail(CONTEXT))
		return -ENOMEM;
	ctx = init_pseudo(fc, KVM_PRIVATE_FS_MAGIC);
	if (!ctx)
		return -ENOMEM;
	ctx->ops = &kvm_private_fs_super_ops;
	return 0;
}

static struct file_system_type kvm_private_fs_type = {
	.owner			= THIS_MODULE,
	.name			= "kvm_private",
	.init_fs_context	= kvm_private_fs_init_context,
	.kill_sb		= kill_anon_super,
};

/**
 * kvm_private_fs_pin() - mount the filesystem unless it is mounted
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM. On success kvm_private_fs_unpin() is owed.
 */
int kvm_private_fs_pin(void)
{
	int ret;

	if (kvm_private_should_fail(MOUNT))
		return -ENOMEM;
	ret = simple_pin_fs(&kvm_private_fs_type, &kvm_private_mnt,
			    &kvm_private_mnt_count);
	if (ret)
		return ret;
	/*
	 * Mappings aren't executable, since guests write to shared pages. Tasks that come
	 * while the first one mounts the filesystem get here at the same time;
	 * set_mask_bits() lets them.
	 */
	if (!(READ_ONCE(kvm_private_mnt->mnt_flags) & MNT_NOEXEC))
		set_mask_bits(&kvm_private_mnt->mnt_flags, 0, MNT_NOEXEC);
	return 0;
}

void kvm_private_fs_unpin(void)
{
	simple_release_fs(&kvm_private_mnt, &kvm_private_mnt_count);
}

/*
 * alloc_anon_inode() makes inodes that no security module looks at, for files that stay
 * inside the kernel. Private files go to user space and from process to process. The flag
 * goes before alloc_file_pseudo(), where security modules label the inode by the filesystem
 * and the caller.
 */
static struct inode *fs_make_inode(struct super_block *sb)
{
	struct inode *inode = alloc_anon_inode(sb);

	if (!IS_ERR(inode))
		inode->i_flags &= ~S_PRIVATE;
	return inode;
}

static struct file *fs_alloc_file(struct inode *inode,
				  const struct file_operations *fops)
{
	if (kvm_private_should_fail(PSEUDO_FILE))
		return ERR_PTR(-ENFILE);
	return alloc_file_pseudo(inode, kvm_private_mnt, "[kvm_private]",
				 O_RDWR | O_LARGEFILE, fops);
}

/**
 * kvm_private_fs_file() - make a file on an inode of its own
 * @fops: the file's operations; their owner is pinned by the file
 * @iops: the inode's operations
 * @size: the file's size in bytes
 * @f: becomes the inode's and goes with it; stays the caller's on error
 * @make_inode: makes the inode; NULL: fs_make_inode() does
 *
 * The file pins the filesystem, so that all files that there are at a time are
 * on one: its release operation owes kvm_private_fs_unpin().
 *
 * Context: may sleep.
 * Return: the file, or an ERR_PTR.
 */
struct file *kvm_private_fs_file(const struct file_operations *fops,
				 const struct inode_operations *iops,
				 loff_t size, struct kvm_private_file *f,
				 struct inode *(*make_inode)(struct super_block *))
{
	struct inode *inode;
	struct file *file;
	int ret;

	ret = kvm_private_fs_pin();
	if (ret)
		return ERR_PTR(ret);

	if (!make_inode)
		make_inode = fs_make_inode;
	inode = kvm_private_should_fail(INODE) ?
		ERR_PTR(-ENOMEM) : make_inode(kvm_private_mnt->mnt_sb);
	if (IS_ERR(inode)) {
		file = ERR_CAST(inode);
		goto unpin;
	}

	inode->i_mode |= S_IFREG;
	inode->i_op = iops;
	inode->i_size = size;

	__module_get(fops->owner);
	file = fs_alloc_file(inode, fops);
	if (IS_ERR(file)) {
		module_put(fops->owner);
		iput(inode);
		goto unpin;
	}

	inode->i_private = f;
	f->mapping = inode->i_mapping;
	return file;

unpin:
	kvm_private_fs_unpin();
	return file;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The private file itself: its life, and the operations on it. Reads, writes, splices,
 * opening again and all else that its holder must not do are refused by having no operation
 * for them.
 */

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "access/access.h"
#include "compat/compat.h"
#include "compat/export.h"
#include "events/events.h"
#include "internal.h"
#include "memory/memory.h"
#include "attribute.h"
#include "store/store.h"
#include "trace.h"
#include "user/ioctl.h"
#include "user/user.h"

/* All that can fail comes before a consumer has to let go of the range. */
static int file_punch_hole(struct kvm_private_file *f, pgoff_t start,
			   pgoff_t end)
{
	int ret;

	ret = kvm_private_store_lock_split(f, start, end);
	if (ret)
		return ret;

	kvm_private_invalidate_begin(f, start, end);
	kvm_private_unmap(f, start, end);
	kvm_private_store_remove(f, start, end);
	kvm_private_invalidate_end(f, start, end);
	up_write(&f->invalidate_lock);

	return 0;
}

static long kvm_private_file_fallocate(struct file *file, int mode,
				       loff_t offset, loff_t len)
{
	struct kvm_private_file *f = kvm_private_file(file);
	loff_t size = i_size_read(file_inode(file));
	pgoff_t start, end;
	int ret;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	if (f->guest_id && !(mode & FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;

	/* A hole in a guest_memfd may reach past the end. */
	if (f->guest_id && mode & FALLOC_FL_PUNCH_HOLE &&
	    PAGE_ALIGNED(offset | len)) {
		if (offset >= size)
			return 0;
		len = min(len, size - offset);
	}

	ret = kvm_private_file_range(file, offset, len, &start, &end);
	if (ret)
		return ret;

	if (!(mode & FALLOC_FL_PUNCH_HOLE))
		return kvm_private_store_fill(f, start, end);

	return file_punch_hole(f, start, end);
}

static loff_t kvm_private_file_llseek(struct file *file, loff_t offset,
				      int whence)
{
	struct kvm_private_file *f = kvm_private_file(file);
	loff_t size = i_size_read(file_inode(file));
	pgoff_t index = offset >> PAGE_SHIFT;
	pgoff_t end = size >> PAGE_SHIFT;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return fixed_size_llseek(file, offset, whence, size);

	if (offset < 0 || offset >= size)
		return -ENXIO;
	if (whence == SEEK_HOLE)
		index = kvm_private_store_next_hole(f, index, end);
	else if (!kvm_private_store_next_page(f, &index, end))
		return -ENXIO;

	offset = max_t(loff_t, offset, (loff_t)index << PAGE_SHIFT);
	return vfs_setpos(file, offset, size);
}

static const struct kvm_private_ioctl file_ioctls[] = {
	{ KVM_PRIVATE_POPULATE, offsetof(struct kvm_private_populate, reserved),
	  kvm_private_ioctl_populate },
	{ KVM_SET_MEMORY_ATTRIBUTES2, offsetof(struct kvm_memory_attributes2, reserved),
	  kvm_private_ioctl_convert },
#ifdef CONFIG_NUMA
	{ KVM_PRIVATE_SET_POLICY, offsetof(struct kvm_private_set_policy, reserved),
	  kvm_private_ioctl_set_policy },
#endif
	{ KVM_PRIVATE_COLLAPSE, offsetof(struct kvm_private_collapse, reserved),
	  kvm_private_ioctl_collapse },
};

static long kvm_private_file_ioctl(struct file *file, unsigned int cmd,
				   unsigned long arg)
{
	return kvm_private_ioctl(file_ioctls, ARRAY_SIZE(file_ioctls), file, cmd,
				 (void __user *)arg);
}

static void kvm_private_file_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct kvm_private_file *f = kvm_private_file(file);
	loff_t size = i_size_read(file_inode(file));
	struct kvm_private_usage usage = kvm_private_usage_of(f);

	seq_printf(m, "size:\t%lld\n", size);
	seq_printf(m, "create-flags:\t0x%llx\n", f->flags);
	seq_printf(m, "allocated-4k:\t%lu\n", usage.small << PAGE_SHIFT);
	seq_printf(m, "allocated-2m:\t%lu\n", usage.huge << PAGE_SHIFT);
	seq_printf(m, "allocated-1g:\t%lu\n", usage.gigantic << PAGE_SHIFT);
	seq_printf(m, "shared:\t%lu\n",
		   kvm_private_attribute_nr_shared(f, size >> PAGE_SHIFT)
		   << PAGE_SHIFT);
	seq_printf(m, "bindings:\t%lu\n", READ_ONCE(f->nr_bindings));
	seq_printf(m, "leaked:\t%lu\n", kvm_private_nr_leaked(f) << PAGE_SHIFT);
	seq_puts(m, "numa:");
	kvm_private_store_show_nodes(f, m);
	seq_putc(m, '\n');
}

static int kvm_private_file_release(struct inode *inode, struct file *file)
{
	struct kvm_private_file *f = inode->i_private;

	/*
	 * A binding has a reference of the file, so there is none left to invalidate. The
	 * pages go now, not with the inode: that may stay for as long as some task has a
	 * path to it.
	 */
	if (!xa_empty(&f->units)) {
		down_write(&f->invalidate_lock);
		kvm_private_store_remove(f, 0, ULONG_MAX);
		up_write(&f->invalidate_lock);
	}
	kvm_private_creator_remove(f);
	kvm_private_fs_unpin();
	return 0;
}

static const struct file_operations kvm_private_file_fops = {
	.owner		= THIS_MODULE,
	.release	= kvm_private_file_release,
	.fallocate	= kvm_private_file_fallocate,
	.llseek		= kvm_private_file_llseek,
	.mmap		= kvm_private_mmap,
	.fsync		= noop_fsync,
	.unlocked_ioctl	= kvm_private_file_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.show_fdinfo	= kvm_private_file_show_fdinfo,
};

static int kvm_private_file_getattr(struct mnt_idmap *idmap,
				    const struct path *path, struct kstat *stat,
				    u32 request_mask, unsigned int query_flags)
{
	struct inode *inode = d_inode(path->dentry);

	kvm_private_fillattr(idmap, request_mask, inode, stat);
	stat->blocks = kvm_private_nr_pages(inode->i_private) *
		       (PAGE_SIZE / 512);
	return 0;
}

static int kvm_private_file_setattr(struct mnt_idmap *idmap,
				    struct dentry *dentry, struct iattr *attr)
{
	return -EINVAL;
}

static const struct inode_operations kvm_private_file_iops = {
	.getattr	= kvm_private_file_getattr,
	.setattr	= kvm_private_file_setattr,
};

/**
 * kvm_private_file_create() - make a private file
 * @size: bytes, as the user wants it
 * @flags: KVM_PRIVATE_FLAG_*, all of them known
 * @order: log2 of the number of base pages in a backing page
 * @guest_id: makes it a stand-in for a guest_memfd, which that guest alone may
 *	use; or 0
 * @make_inode: as for kvm_private_fs_file()
 *
 * The current process pays for the pages from its RLIMIT_MEMLOCK, except for those of a
 * stand-in: programs for guest_memfd never needed such a limit.
 *
 * Context: may sleep.
 * Return: the file; ERR_PTR(-EINVAL) for a size that is 0, not page aligned or
 * too large; ERR_PTR(-ENOMEM); ERR_PTR(-ENFILE); @make_inode's error.
 */
struct file *kvm_private_file_create(u64 size, u64 flags,
				     unsigned int order, u64 guest_id,
				     struct inode *(*make_inode)(struct super_block *))
{
	struct kvm_private_file *f;
	struct file *file;

	if (!size || size > MAX_LFS_FILESIZE || !PAGE_ALIGNED(size))
		return ERR_PTR(-EINVAL);

	f = kvm_private_file_alloc(flags, order, guest_id);
	if (!f)
		return ERR_PTR(-ENOMEM);

	file = kvm_private_fs_file(&kvm_private_file_fops,
				   &kvm_private_file_iops, size, f, make_inode);
	if (IS_ERR(file)) {
		kvm_private_file_free(f);
	} else {
		kvm_private_creator_add(f);
		trace_kvm_private_create(f);
	}
	return file;
}

/**
 * kvm_private_fget() - get a private file by its descriptor
 * @fd: of the current process
 *
 * Return: the file with a reference for the caller (fput()), ERR_PTR(-EBADF)
 * if there is no such descriptor, ERR_PTR(-EINVAL) if it is no private file.
 */
struct file *kvm_private_fget(unsigned int fd)
{
	struct file *file = fget(fd);

	if (!file)
		return ERR_PTR(-EBADF);
	if (file->f_op != &kvm_private_file_fops) {
		fput(file);
		return ERR_PTR(-EINVAL);
	}
	return file;
}
EXPORT_SYMBOL_KVM_PRIVATE(kvm_private_fget);

/**
 * kvm_private_is_private() - see whether a page is the guest's alone
 * @file: from kvm_private_fget()
 * @index: page offset
 *
 * The answer may be old by the time it is used unless the caller keeps the
 * page's attribute from changing, e.g. with its invalidation sequence count.
 *
 * Context: any. Takes no lock.
 * Return: true for a private page inside the file.
 */
bool kvm_private_is_private(struct file *file, pgoff_t index)
{
	return index < i_size_read(file_inode(file)) >> PAGE_SHIFT &&
	       kvm_private_attribute_is_private(kvm_private_file(file), index);
}
EXPORT_SYMBOL_KVM_PRIVATE(kvm_private_is_private);

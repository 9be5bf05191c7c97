/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A private file owns its pages: the store holds the one reference that keeps
 * a page allocated, and a page leaves the store only after every binding that
 * overlaps has been told. Nothing in here points to a guest or to a VM; a
 * guest record is known by a number and lives as long as pages that were
 * prepared for it.
 *
 * Lock order, outermost first:
 *
 *   kvm_private_file.invalidate_lock
 *     page lock
 *       kvm_private_file.guests_lock
 *       kvm_private_file.folios' xa_lock
 */
#ifndef KVM_PRIVATE_INTERNAL_H
#define KVM_PRIVATE_INTERNAL_H

#include <linux/fs.h>
#include <linux/kvm_private.h>
#include <linux/mm.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>

struct seq_file;

/* Flags and page sizes that are implemented; GET_INFO shows them. */
#define KVM_PRIVATE_CREATE_FLAGS	KVM_PRIVATE_FLAG_NO_AUTO_ALLOC
#define KVM_PRIVATE_PAGE_SIZES		BIT_ULL(PAGE_SHIFT)

/**
 * struct kvm_private_memlock - whose RLIMIT_MEMLOCK pays
 * @user: carries the count of locked pages; NULL if the creator is exempt
 * @task: the creator's thread group leader, whose limit counts, also when it
 *	is changed later
 */
struct kvm_private_memlock {
	struct user_struct *user;
	struct task_struct *task;
};

int kvm_private_memlock_charge(struct kvm_private_memlock *memlock,
			       unsigned long nr);
void kvm_private_memlock_uncharge(struct kvm_private_memlock *memlock,
				  unsigned long nr);
void kvm_private_memlock_init(struct kvm_private_memlock *memlock);
void kvm_private_memlock_release(struct kvm_private_memlock *memlock);

/**
 * struct kvm_private_guest - a guest for which pages of a file are prepared
 * @id: kvm_private_binding.guest_id
 * @ops: its owner module is pinned by this record
 * @refs: one for each binding and for each page that is prepared
 * @node: in kvm_private_file.guests
 */
struct kvm_private_guest {
	u64 id;
	const struct kvm_private_binding_ops *ops;
	refcount_t refs;
	struct list_head node;
};

/**
 * struct kvm_private_file - what a private file's inode carries in i_private
 * @flags: KVM_PRIVATE_FLAG_*
 * @folios: the store, by page offset. A page is entered under its xa_lock
 *	alone and looked up under RCU. It is removed by who holds
 *	@invalidate_lock for writing, or at release, when nobody else is left.
 * @invalidate_lock: bindings come and go under the write side, so that they
 *	are the same at invalidate_begin and invalidate_end
 * @bindings: by page offset; no two overlap
 * @firmware_bindings: how many of them have %KVM_PRIVATE_BIND_FIRMWARE
 * @guests_lock: guards @guests, innermost
 * @guests: struct kvm_private_guest
 * @memlock: pays for the pages
 * @nr_pages: pages in the store, by NUMA node
 */
struct kvm_private_file {
	u64 flags;
	struct xarray folios;
	struct rw_semaphore invalidate_lock;
	struct rb_root_cached bindings;
	atomic_t firmware_bindings;
	spinlock_t guests_lock;		/* guards guests */
	struct list_head guests;
	struct kvm_private_memlock memlock;
	atomic_long_t nr_pages[];
};

static inline struct kvm_private_file *kvm_private_file(struct file *file)
{
	return file_inode(file)->i_private;
}

/* device.c */
int kvm_private_device_init(void);
void kvm_private_device_exit(void);

/* file.c */
struct file *kvm_private_file_create(loff_t size, u64 flags);
int kvm_private_file_range(struct file *file, u64 offset, u64 len,
			   pgoff_t *start, pgoff_t *end);
void kvm_private_file_free(struct kvm_private_file *f);

/* fs.c */
int kvm_private_fs_pin(void);
void kvm_private_fs_unpin(void);
struct file *kvm_private_fs_file(const struct file_operations *fops,
				 const struct inode_operations *iops,
				 loff_t size, struct kvm_private_file *f);

/* populate.c */
long kvm_private_ioctl_populate(struct file *file,
				struct kvm_private_populate __user *arg);

/* binding.c */
void kvm_private_invalidate_begin(struct kvm_private_file *f, pgoff_t start,
				  pgoff_t end);
void kvm_private_invalidate_end(struct kvm_private_file *f, pgoff_t start,
				pgoff_t end);
unsigned long kvm_private_nr_bindings(struct kvm_private_file *f);

/* guest.c */
struct kvm_private_guest *
kvm_private_guest_get(struct kvm_private_file *f,
		      const struct kvm_private_binding *binding);
void kvm_private_guest_put(struct kvm_private_file *f,
			   struct kvm_private_guest *guest);
struct kvm_private_guest *kvm_private_folio_guest(struct folio *folio);
void kvm_private_folio_assign(struct folio *folio,
			      struct kvm_private_guest *guest);
void kvm_private_folio_reclaim(struct kvm_private_file *f,
			       struct folio *folio);

/* store.c */
struct folio *kvm_private_store_get(struct kvm_private_file *f, pgoff_t index,
				    bool alloc);
struct folio *kvm_private_store_lock(struct kvm_private_file *f, pgoff_t index,
				     bool alloc);
void kvm_private_store_unlock(struct folio *folio);
int kvm_private_store_fill(struct kvm_private_file *f, pgoff_t start,
			   pgoff_t end);
void kvm_private_store_remove(struct kvm_private_file *f, pgoff_t start,
			      pgoff_t end);
unsigned long kvm_private_store_nr_pages(struct kvm_private_file *f);
void kvm_private_store_show_nodes(struct kvm_private_file *f,
				  struct seq_file *m);
pgoff_t kvm_private_store_next_hole(struct kvm_private_file *f, pgoff_t start,
				    pgoff_t end);
bool kvm_private_store_next_page(struct kvm_private_file *f, pgoff_t *start,
				 pgoff_t end);

#endif /* KVM_PRIVATE_INTERNAL_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A private file owns its pages: the store holds the one reference that keeps
 * a page allocated, and a page leaves the store only after every binding that
 * overlaps has been notified. Nothing in here points to a guest or to a VM; a
 * guest record is known by a number and lives as long as pages that were
 * prepared for it.
 *
 * Lock order, outermost first. This is all of them:
 *
 *   the consumer's locks that are held around bind, unbind and populate, or that its
 *   callbacks of populate take (KVM: slots_lock, sev_cmd_mutex)
 *   claims (store/claim.c; a task waits for one only without the locks below)
 *   mmap_lock (a fault in a mapping of the file, which waits for the claims of COLLAPSE
 *   alone: those take no mmap_lock)
 *   kvm_private_file.invalidate_lock
 *     lock of a unit (of its first page; store/lock.c)
 *       the consumer's locks that its prepare and reclaim take
 *       kvm_private_file.guests_lock
 *       kvm_private_file.units' xa_lock
 *       kvm_private_file.claims_lock
 *     gigantic_lock (memory/gigantic.c)
 *     the consumer's locks that its invalidate_begin and _end take (KVM: mmu_lock)
 *   kvm_private_file.set_policy_lock
 *     kvm_private_file.policy_lock
 *   inside any of the above, with none of the module's locks inside:
 *     files_lock (events/creators.c), waiting_lock (memory/policy.c),
 *     reports_lock (memory/poison.c), denial_lock (debug/fail_point.c)
 *
 * A task that holds the invalidate_lock for writing calls no operation of a consumer but
 * those that are documented for that. It copies nothing from or to user space, and doesn't
 * wait for memory. The exceptions are two allocations that can't fail any more. One is a
 * node of the store, to split a unit that was allocated across the border of a range that
 * is changing already. The other is a node of the tree of attributes, when a range with
 * many pieces has begun to change.
 */
#ifndef KVM_PRIVATE_INTERNAL_H
#define KVM_PRIVATE_INTERNAL_H

#include <linux/fs.h>
#include <linux/kvm_private.h>
#include <linux/interval_tree.h>
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/rbtree.h>
#include <linux/rwlock.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/xarray.h>

/* Flags and page sizes that are implemented; GET_INFO shows them. */
#define KVM_PRIVATE_CREATE_FLAGS	(KVM_PRIVATE_FLAG_MMAP | \
					 KVM_PRIVATE_FLAG_INIT_SHARED | \
					 KVM_PRIVATE_FLAG_NO_AUTO_ALLOC | \
					 KVM_PRIVATE_FLAG_HUGE_STRICT)
#ifdef KVM_PRIVATE_HAVE_ALLOC_CONTIG
#define KVM_PRIVATE_PAGE_SIZES		(BIT_ULL(PAGE_SHIFT) | \
					 BIT_ULL(PMD_SHIFT) | \
					 BIT_ULL(PUD_SHIFT))
#else
#define KVM_PRIVATE_PAGE_SIZES		(BIT_ULL(PAGE_SHIFT) | \
					 BIT_ULL(PMD_SHIFT))
#endif
#define KVM_PRIVATE_ATTRIBUTES		KVM_MEMORY_ATTRIBUTE_PRIVATE
#define KVM_PRIVATE_ATTRIBUTE_FLAGS	(KVM_SET_MEMORY_ATTRIBUTES2_ZERO | \
					 KVM_SET_MEMORY_ATTRIBUTES2_PRESERVE)

/*
 * The memory cgroup of the current task pays. Over its limit, or out of memory, the
 * allocation fails and the OOM killer isn't called.
 */
#define KVM_PRIVATE_GFP_TRY	(__GFP_RETRY_MAYFAIL | __GFP_NOWARN)
#define KVM_PRIVATE_GFP_NODE	(GFP_KERNEL_ACCOUNT | KVM_PRIVATE_GFP_TRY)
#define KVM_PRIVATE_GFP_PAGE	(GFP_USER | __GFP_ACCOUNT | __GFP_ZERO | \
				 KVM_PRIVATE_GFP_TRY)

/**
 * struct kvm_private_memlock - the user whose RLIMIT_MEMLOCK pays
 * @user: carries the count of locked pages; NULL if the creator is exempt
 * @task: the creator's thread group leader, whose limit counts, also when it
 *	is changed later
 */
struct kvm_private_memlock {
	struct user_struct *user;
	struct task_struct *task;
};

/**
 * struct kvm_private_claim - a range that one task works on; see claim.c
 * @range: page offsets, in kvm_private_file.claims
 * @owner: the task
 */
struct kvm_private_claim {
	struct interval_tree_node range;
	const struct task_struct *owner;
};

/**
 * struct kvm_private_guest - a guest for which pages of a file are prepared
 * @id: kvm_private_binding.guest_id
 * @offset: kvm_private_binding.guest_offset
 * @ops: its owner module is pinned by this record
 * @trusts_host: the host may work on prepared pages, which no firmware encrypts
 * @refs: one for each binding and for each page that is prepared
 * @node: in kvm_private_file.guests
 */
struct kvm_private_guest {
	u64 id;
	u64 offset;
	const struct kvm_private_binding_ops *ops;
	bool trusts_host;
	refcount_t refs;
	struct rb_node node;
};

/**
 * struct kvm_private_creator - the creator of a file
 * @node: in the list of all files
 * @is_cursor: no file, but the place of a walk in that list
 * @nr_visitors: number of walks that are at the file, which stays until they go on
 * @pid: of the creating process, which may be gone
 * @comm: its name then
 */
struct kvm_private_creator {
	struct list_head node;
	bool is_cursor;
	unsigned int nr_visitors;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/**
 * struct kvm_private_file - the record of a private file, in its inode's i_private
 * @flags: KVM_PRIVATE_FLAG_*
 * @guest_id: of a stand-in for a guest_memfd: the one guest whose bindings it
 *	takes; 0 for all other files
 * @order: log2 of the number of base pages in a backing page
 * @mapping: the inode's, which the host's mappings are in; has no pages itself
 * @units: the store, by page offset; see unit.h. A unit is inserted under its
 *	xa_lock alone and looked up under RCU. A task removes it with
 *	@invalidate_lock held for writing, and takes it apart under the unit's lock.
 * @converted: the ranges whose attribute is not the one that the file started
 *	with. Changed under @invalidate_lock for writing, read under RCU.
 * @nr_converted: number of pages in @converted
 * @invalidate_lock: not the inode's own: the record, and @converted, which is given its lock
 *	when it is initialised, are made before the inode. Bindings come and go under the
 *	write side, so that they are the same at invalidate_begin and invalidate_end. The
 *	host's mappings grow, and pages are filled, under the read side, so that no page
 *	changes its attribute meanwhile.
 * @bindings: by page offset; no two overlap
 * @nr_bindings: number of @bindings
 * @firmware_bindings: number of bindings that have %KVM_PRIVATE_BIND_FIRMWARE
 * @nr_claims: number of @claims; may be looked at without the lock
 * @claims_lock: guards @claims and @nr_claims
 * @claims: struct kvm_private_claim, by page offset; no two overlap
 * @claim_released: where tasks wait for claims
 * @guests_lock: guards @guests, innermost
 * @guests: struct kvm_private_guest, by number and operations
 * @set_policy_lock: one task at a time changes @policies
 * @policy_lock: guards @policies
 * @policies: struct kvm_private_policy, by page offset; no two overlap
 * @has_policies: @policies has one. Unlike the tree, which is empty for a moment while its
 *	only policy shrinks, it may be looked at without the lock.
 * @memlock: pays for the pages
 * @creator: the creator, for reports to people
 * @nr_huge: base pages in huge units
 * @nr_gigantic: base pages in gigantic ones
 * @nr_leaked: base pages that kvm_private_leak() took from the file for good
 * @nr_pages: base pages in the store, by NUMA node
 */
struct kvm_private_file {
	u64 flags;
	u64 guest_id;
	unsigned int order;
	struct address_space *mapping;
	struct xarray units;
	struct maple_tree converted;
	unsigned long nr_converted;
	struct rw_semaphore invalidate_lock;
	struct rb_root_cached bindings;
	unsigned long nr_bindings;
	atomic_t firmware_bindings;
	unsigned long nr_claims;
	spinlock_t claims_lock;		/* guards claims, nr_claims */
	struct rb_root_cached claims;
	wait_queue_head_t claim_released;
	spinlock_t guests_lock;		/* guards guests */
	struct rb_root guests;
	struct mutex set_policy_lock;	/* serialises writers of policies */
	rwlock_t policy_lock;		/* guards policies */
	struct rb_root_cached policies;
	bool has_policies;
	struct kvm_private_memlock memlock;
	struct kvm_private_creator creator;
	atomic_long_t nr_huge;
	atomic_long_t nr_gigantic;
	atomic_long_t nr_leaked;
	atomic_long_t nr_pages[];
};

static inline struct kvm_private_file *kvm_private_file(struct file *file)
{
	return file_inode(file)->i_private;
}

/* Whether an access to a hole may allocate */
static inline bool kvm_private_auto_alloc(const struct kvm_private_file *f)
{
	return !(f->flags & KVM_PRIVATE_FLAG_NO_AUTO_ALLOC);
}

static inline pgoff_t kvm_private_file_end(const struct kvm_private_file *f)
{
	return i_size_read(f->mapping->host) >> PAGE_SHIFT;
}

/* Up to where an access to a hole may allocate; 0: nothing */
static inline pgoff_t kvm_private_touch_end(const struct kvm_private_file *f)
{
	return kvm_private_auto_alloc(f) ? kvm_private_file_end(f) : 0;
}

/* Whether any of its pages has a NUMA policy; the answer may be old. */
static inline bool kvm_private_has_policies(const struct kvm_private_file *f)
{
	return READ_ONCE(f->has_policies);
}

/**
 * kvm_private_file_range() - check a user's range and turn it into pages
 * @file: a private file
 * @offset: bytes
 * @len: bytes
 * @start: out: first page offset
 * @end: out: page offset after the last
 *
 * Return: 0, or -EINVAL for a range that is not page aligned, empty, wraps or
 * reaches past the end.
 */
static inline int kvm_private_file_range(struct file *file, u64 offset,
					 u64 len, pgoff_t *start,
					 pgoff_t *end)
{
	u64 size = i_size_read(file_inode(file));

	if (!PAGE_ALIGNED(offset | len) || !len)
		return -EINVAL;
	if (offset >= size || len > size - offset)
		return -EINVAL;

	*start = offset >> PAGE_SHIFT;
	*end = (offset + len) >> PAGE_SHIFT;
	return 0;
}

#endif /* KVM_PRIVATE_INTERNAL_H */

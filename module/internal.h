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
 *   the consumer's locks that are held around bind, unbind and populate, or that its
 *   callbacks of populate take (KVM: slots_lock, sev_cmd_mutex)
 *   claims (claim.c; a task waits for one only without the locks below)
 *   mmap_lock (a fault in a mapping of the file, which waits for the claims of COLLAPSE
 *   alone: those take no mmap_lock)
 *   kvm_private_file.invalidate_lock
 *     lock of a unit (of its first page)
 *       kvm_private_file.guests_lock
 *       kvm_private_file.units' xa_lock
 *       kvm_private_file.claims_lock
 *   kvm_private_file.set_policy_lock
 *     kvm_private_file.policy_lock
 *
 * With the invalidate_lock held for writing no operation of a consumer is called but
 * those that are documented for that, nothing is copied from or to user space, and
 * nothing is allocated that may have to be waited for, but for what can't fail any more: a
 * node of the store, for a unit that was allocated across the border of a range that
 * is changing already, and one of the tree of states, when a range with many pieces has
 * begun to change.
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

#include "detour.h"

struct kvm_private_unit;
struct mempolicy;
struct seq_file;

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
 * The memory cgroup of the current task pays. Over its limit, or out of
 * memory, the caller gets an error and nobody is killed for it.
 */
#define KVM_PRIVATE_GFP_TRY	(__GFP_RETRY_MAYFAIL | __GFP_NOWARN)
#define KVM_PRIVATE_GFP_NODE	(GFP_KERNEL_ACCOUNT | KVM_PRIVATE_GFP_TRY)
#define KVM_PRIVATE_GFP_PAGE	(GFP_USER | __GFP_ACCOUNT | __GFP_ZERO | \
				 KVM_PRIVATE_GFP_TRY)

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
bool kvm_private_memlock_explain(const struct kvm_private_memlock *memlock);
void kvm_private_memlock_init(struct kvm_private_memlock *memlock);
void kvm_private_memlock_release(struct kvm_private_memlock *memlock);

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
 * struct kvm_private_held - why a page can't become private, or be moved, now
 * @index: its offset
 * @locks_begun: kvm_private_file.locks_begun when that had been seen
 * @locks_ended: kvm_private_file.locks_ended before; the same if it was no lock
 */
struct kvm_private_held {
	pgoff_t index;
	int locks_begun;
	int locks_ended;
};

/**
 * struct kvm_private_guest - a guest for which pages of a file are prepared
 * @id: kvm_private_binding.guest_id
 * @ops: its owner module is pinned by this record
 * @trusts_host: the host may work on prepared pages, nothing scrambles them
 * @refs: one for each binding and for each page that is prepared
 * @node: in kvm_private_file.guests
 */
struct kvm_private_guest {
	u64 id;
	const struct kvm_private_binding_ops *ops;
	bool trusts_host;
	refcount_t refs;
	struct rb_node node;
};

/**
 * struct kvm_private_holder - who made a file
 * @node: in the list of all files
 * @is_cursor: no file, but the place of a walk in that list
 * @nr_visitors: how many walks are at the file, which stays until they go on
 * @pid: of the creating process, which may be gone
 * @comm: its name then
 */
struct kvm_private_holder {
	struct list_head node;
	bool is_cursor;
	unsigned int nr_visitors;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/**
 * struct kvm_private_file - what a private file's inode carries in i_private
 * @flags: KVM_PRIVATE_FLAG_*
 * @guest_id: of a stand-in for a guest_memfd: the one guest whose bindings it
 *	takes; 0 for all other files
 * @order: log2 of the number of base pages in a backing page
 * @mapping: the inode's, of which the host's mappings are; has no pages itself
 * @units: the store, by page offset; see unit.h. A unit is entered under its
 *	xa_lock alone and looked up under RCU. It is removed by who holds
 *	@invalidate_lock for writing, or at release, when nobody else is left. It
 *	comes apart under its lock.
 * @converted: the ranges whose state is not the one that the file started
 *	with. Changed under @invalidate_lock for writing, read under RCU.
 * @nr_converted: how many pages that are
 * @invalidate_lock: bindings come and go under the write side, so that they
 *	are the same at invalidate_begin and invalidate_end. The host's mappings
 *	grow, and pages are filled, under the read side, so that no page changes
 *	its state meanwhile.
 * @bindings: by page offset; no two overlap
 * @nr_bindings: how many they are
 * @firmware_bindings: how many of them have %KVM_PRIVATE_BIND_FIRMWARE
 * @nr_claims: how many @claims there are; may be looked at without the lock
 * @claims_lock: guards @claims and @nr_claims
 * @claims: struct kvm_private_claim, by page offset; no two overlap
 * @claim_released: where tasks wait for claims
 * @locks_begun: how often a task has begun to lock a unit for a moment
 * @locks_ended: how many of these locks are over
 * @lock_ended: where tasks wait for one to be over
 * @guests_lock: guards @guests, innermost
 * @guests: struct kvm_private_guest, by number and operations
 * @set_policy_lock: one task at a time changes @policies
 * @policy_lock: guards @policies
 * @policies: struct kvm_private_policy, by page offset; no two overlap
 * @has_policies: there is one. Unlike the tree, which is empty for a moment
 *	while its only policy shrinks, it may be looked at without the lock.
 * @memlock: pays for the pages
 * @holder: whose they are, for people
 * @nr_huge: base pages in huge units
 * @nr_gigantic: base pages in gigantic ones
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
	atomic_t locks_begun;
	atomic_t locks_ended;
	wait_queue_head_t lock_ended;
	spinlock_t guests_lock;		/* guards guests */
	struct rb_root guests;
	struct mutex set_policy_lock;	/* whoever writes policies */
	rwlock_t policy_lock;		/* guards policies */
	struct rb_root_cached policies;
	bool has_policies;
	struct kvm_private_memlock memlock;
	struct kvm_private_holder holder;
	atomic_long_t nr_huge;
	atomic_long_t nr_gigantic;
	atomic_long_t nr_pages[];
};

static inline struct kvm_private_file *kvm_private_file(struct file *file)
{
	return file_inode(file)->i_private;
}

/* May a touch of a hole allocate? */
static inline bool kvm_private_auto_alloc(const struct kvm_private_file *f)
{
	return !(f->flags & KVM_PRIVATE_FLAG_NO_AUTO_ALLOC);
}

static inline pgoff_t kvm_private_file_end(const struct kvm_private_file *f)
{
	return i_size_read(f->mapping->host) >> PAGE_SHIFT;
}

/* Up to where may a touch of a hole allocate? Nowhere if it is 0. */
static inline pgoff_t kvm_private_touch_end(const struct kvm_private_file *f)
{
	return kvm_private_auto_alloc(f) ? kvm_private_file_end(f) : 0;
}

/* Has any of its pages a NUMA policy? The answer may be old. */
static inline bool kvm_private_has_policies(const struct kvm_private_file *f)
{
	return READ_ONCE(f->has_policies);
}

/* claim.c */
void kvm_private_claim(struct kvm_private_file *f,
		       struct kvm_private_claim *claim, pgoff_t start,
		       pgoff_t end);
void kvm_private_release_claim(struct kvm_private_file *f,
			       struct kvm_private_claim *claim);
bool kvm_private_page_claimed(struct kvm_private_file *f, pgoff_t index,
			      bool *own);
int kvm_private_wait_for_claims(struct kvm_private_file *f, pgoff_t start,
				pgoff_t end);
int kvm_private_wait_for_claims_interruptible(struct kvm_private_file *f,
					      pgoff_t start, pgoff_t end);
int kvm_private_lock_unclaimed(struct kvm_private_file *f, pgoff_t start,
			       pgoff_t end);

/**
 * kvm_private_must_wait() - must the current task keep off a page?
 * @f: the file
 * @index: page offset of a page that the caller has a reference of
 * @own: out: the current task has claimed the page itself
 *
 * Context: the page's unit is locked or the invalidate_lock held, so that the page stays
 * the file's.
 * Return: whether another task has claimed it.
 */
static inline bool kvm_private_must_wait(struct kvm_private_file *f,
					 pgoff_t index, bool *own)
{
	bool claimed;

	/* The reference comes first; pairs with kvm_private_claim(). */
	smp_mb__after_atomic();
	*own = false;
	claimed = unlikely(READ_ONCE(f->nr_claims)) &&
		  kvm_private_page_claimed(f, index, own);
	return !*own && kvm_private_should_retry(CLAIM, claimed);
}

/* state.c, for a file that has been converted */
bool kvm_private_state_lookup(struct kvm_private_file *f, pgoff_t index);
void kvm_private_state_clip_converted(struct kvm_private_file *f, pgoff_t index,
				      pgoff_t *start, pgoff_t *end);

static inline bool kvm_private_starts_private(const struct kvm_private_file *f)
{
	return !(f->flags & KVM_PRIVATE_FLAG_INIT_SHARED);
}

/**
 * kvm_private_state_is_private() - is a page the guest's alone?
 * @f: the file
 * @index: page offset, inside the file
 *
 * Context: any. Takes no lock; the answer stays true while the caller holds
 * the invalidate_lock.
 */
static inline bool kvm_private_state_is_private(struct kvm_private_file *f,
						pgoff_t index)
{
	/* No older than what the tree would say: it changes before the change ends. */
	return READ_ONCE(f->nr_converted) ? kvm_private_state_lookup(f, index) :
					    kvm_private_starts_private(f);
}

/**
 * kvm_private_state_clip() - leave of a range what is in one state
 * @f: the file
 * @index: page offset in the range, whose state counts
 * @start: in/out: first page offset
 * @end: in/out: page offset after the last
 *
 * Context: any. Takes no lock, as kvm_private_state_is_private().
 */
static inline void kvm_private_state_clip(struct kvm_private_file *f,
					  pgoff_t index, pgoff_t *start,
					  pgoff_t *end)
{
	if (READ_ONCE(f->nr_converted))
		kvm_private_state_clip_converted(f, index, start, end);
}

/* device.c */
int kvm_private_device_init(void);
void kvm_private_device_exit(void);

/* file.c */
struct file *kvm_private_file_create(u64 size, u64 flags,
				     unsigned int order, u64 guest_id,
				     struct inode *(*make_inode)(struct super_block *));
int kvm_private_file_range(struct file *file, u64 offset, u64 len,
			   pgoff_t *start, pgoff_t *end);
void kvm_private_file_free(struct kvm_private_file *f);

/* fs.c */
int kvm_private_fs_pin(void);
void kvm_private_fs_unpin(void);
struct file *kvm_private_fs_file(const struct file_operations *fops,
				 const struct inode_operations *iops,
				 loff_t size, struct kvm_private_file *f,
				 struct inode *(*make_inode)(struct super_block *));

/* convert.c */
int kvm_private_check_unused(struct kvm_private_file *f, pgoff_t start,
			     pgoff_t end, struct kvm_private_held *held);
long kvm_private_ioctl_convert(struct file *file,
			       struct kvm_memory_attributes2 __user *arg);

/* limit.c */
int kvm_private_charge(struct kvm_private_file *f, unsigned long nr);
void kvm_private_uncharge(struct kvm_private_file *f, unsigned long nr);
void kvm_private_charge_explain(struct kvm_private_file *f);
unsigned long kvm_private_nr_charged(void);
int kvm_private_charge_stop(void);
void kvm_private_charge_resume(void);

/* hibernation.c */
int kvm_private_hibernation_init(void);
void kvm_private_hibernation_exit(void);

/**
 * struct kvm_private_usage - base pages in a file's store, or in those of all
 * @small: that were allocated one by one, or are left of a block
 * @huge: in huge pages
 * @gigantic: in gigantic pages
 */
struct kvm_private_usage {
	unsigned long small;
	unsigned long huge;
	unsigned long gigantic;
};

/* holders.c */
struct kvm_private_usage kvm_private_usage_of(struct kvm_private_file *f);
void kvm_private_usage_add(struct kvm_private_file *f, bool gigantic, long nr);
extern const struct attribute_group *kvm_private_holders_groups[];
int kvm_private_holders_init(void);
void kvm_private_holders_exit(void);
void kvm_private_holder_add(struct kvm_private_file *f);
void kvm_private_holder_remove(struct kvm_private_file *f);
void kvm_private_holders_visit(bool (*visitor)(struct kvm_private_file *f,
					       void *arg), void *arg);

/* memory_error.c */
#if defined(CONFIG_MEMORY_FAILURE) && defined(CONFIG_TRACEPOINTS)
extern atomic_t kvm_private_nr_memory_errors;
extern atomic_t kvm_private_memory_errors_count;

int kvm_private_memory_error_init(void);
void kvm_private_memory_error_exit(void);

/* Is there a report whose page, if it is one of ours, isn't noted in the store yet? */
static inline bool kvm_private_memory_errors_wait(void)
{
	return unlikely(atomic_read(&kvm_private_nr_memory_errors));
}

/* Changes with each report. Read before a page is allocated, and again when it is stored */
static inline int kvm_private_memory_errors_seen(void)
{
	return atomic_read(&kvm_private_memory_errors_count);
}
#else
static inline bool kvm_private_memory_errors_wait(void)
{
	return IS_ENABLED(CONFIG_MEMORY_FAILURE);
}

static inline int kvm_private_memory_errors_seen(void)
{
	return 0;
}

static inline int kvm_private_memory_error_init(void)
{
	return 0;
}

static inline void kvm_private_memory_error_exit(void)
{
}
#endif

/* gigantic.c */
struct page *kvm_private_gigantic_alloc(struct kvm_private_file *f,
					pgoff_t index);

/* collapse.c */
long kvm_private_ioctl_collapse(struct file *file,
				struct kvm_private_collapse __user *arg);

/* mapping.c */
int kvm_private_mmap(struct file *file, struct vm_area_struct *vma);
void kvm_private_unmap(struct kvm_private_file *f, pgoff_t start, pgoff_t end);

/* set_policy.c */
long kvm_private_ioctl_set_policy(struct file *file,
				  const struct kvm_private_set_policy __user *arg);

/* policy.c */
#ifdef CONFIG_NUMA
int kvm_private_policy_set(struct kvm_private_file *f, pgoff_t start,
			   pgoff_t end, const struct mempolicy *mempolicy);
void kvm_private_policy_destroy(struct kvm_private_file *f);
void kvm_private_policy_exit(void);
struct folio *kvm_private_policy_alloc(struct kvm_private_file *f,
				       pgoff_t index, gfp_t gfp);
struct page *kvm_private_policy_alloc_block(struct kvm_private_file *f,
					    pgoff_t index, unsigned int order,
					    gfp_t gfp);
bool kvm_private_policy_nodes(struct kvm_private_file *f, pgoff_t index,
			      unsigned int order, nodemask_t *nodes);
int kvm_private_node_in_turn(const nodemask_t *nodes, unsigned long turn);
#else
static inline void kvm_private_policy_destroy(struct kvm_private_file *f)
{
}

static inline void kvm_private_policy_exit(void)
{
}

static inline struct folio *
kvm_private_policy_alloc(struct kvm_private_file *f, pgoff_t index, gfp_t gfp)
{
	return folio_alloc(gfp, 0);
}

static inline struct page *
kvm_private_policy_alloc_block(struct kvm_private_file *f, pgoff_t index,
			       unsigned int order, gfp_t gfp)
{
	return alloc_pages(gfp, order);
}

static inline bool kvm_private_policy_nodes(struct kvm_private_file *f,
					    pgoff_t index, unsigned int order,
					    nodemask_t *nodes)
{
	*nodes = node_states[N_MEMORY];
	return true;
}
#endif

/* populate.c */
long kvm_private_ioctl_populate(struct file *file,
				struct kvm_private_populate __user *arg);

/* binding.c */
void kvm_private_invalidate_begin(struct kvm_private_file *f, pgoff_t start,
				  pgoff_t end);
void kvm_private_invalidate_end(struct kvm_private_file *f, pgoff_t start,
				pgoff_t end);
bool kvm_private_bindings_preserve(struct kvm_private_file *f, pgoff_t start,
				   pgoff_t end, bool to_private);
bool kvm_private_bindings_movable(struct kvm_private_file *f, pgoff_t start,
				  pgoff_t end);

/* guest.c */
struct kvm_private_guest *
kvm_private_guest_get(struct kvm_private_file *f,
		      const struct kvm_private_binding *binding,
		      const struct kvm_private_binding_ops *ops);
void kvm_private_guest_put(struct kvm_private_file *f,
			   struct kvm_private_guest *guest);
bool kvm_private_has_guests(struct kvm_private_file *f);
bool kvm_private_unit_is_guarded(const struct kvm_private_unit *unit);
void kvm_private_unit_assign(const struct kvm_private_unit *unit,
			     struct kvm_private_guest *guest);
void kvm_private_unit_share_guest(const struct kvm_private_unit *unit,
				  unsigned int order);
void kvm_private_unit_reclaim(struct kvm_private_file *f,
			      const struct kvm_private_unit *unit);

/* state.c */
void kvm_private_state_init(struct kvm_private_file *f);
void kvm_private_state_destroy(struct kvm_private_file *f);
bool kvm_private_state_find(struct kvm_private_file *f, bool private,
			    pgoff_t *start, pgoff_t *end);
int kvm_private_state_set(struct kvm_private_file *f, pgoff_t start,
			  pgoff_t end, bool private);
int kvm_private_state_make_room(void);
unsigned long kvm_private_state_nr_shared(struct kvm_private_file *f,
					  unsigned long nr_pages);

/* store.c */
struct page *kvm_private_store_get(struct kvm_private_file *f, pgoff_t index,
				   pgoff_t until, struct kvm_private_unit *unit);
bool kvm_private_store_look_for_claims(struct kvm_private_file *f, pgoff_t index,
				       const struct kvm_private_unit *unit,
				       bool *own);
bool kvm_private_store_lock_unit(struct kvm_private_file *f, pgoff_t index,
				 struct kvm_private_unit *unit);
int kvm_private_store_lock(struct kvm_private_file *f, pgoff_t index,
			   pgoff_t until, struct kvm_private_unit *unit);
void kvm_private_store_unlock(struct kvm_private_file *f,
			      const struct kvm_private_unit *unit);
void kvm_private_store_keep_locked(struct kvm_private_file *f);
bool kvm_private_store_was_locked(struct kvm_private_file *f,
				  const struct kvm_private_held *held);
void kvm_private_store_remove(struct kvm_private_file *f, pgoff_t start,
			      pgoff_t end);

/* store_add.c */
int kvm_private_store_add(struct kvm_private_file *f, pgoff_t index,
			  pgoff_t until);
int kvm_private_store_fill(struct kvm_private_file *f, pgoff_t start,
			   pgoff_t end);

/* store_split.c */
int kvm_private_store_split(struct kvm_private_file *f, pgoff_t index,
			    gfp_t gfp);
int kvm_private_store_split_range(struct kvm_private_file *f, pgoff_t start,
				  pgoff_t end);
bool kvm_private_store_is_split(struct kvm_private_file *f, pgoff_t start,
				pgoff_t end);
int kvm_private_store_lock_split(struct kvm_private_file *f, pgoff_t start,
				 pgoff_t end);
int kvm_private_store_split_locked(struct kvm_private_file *f,
				   struct kvm_private_unit *unit, gfp_t gfp);
void kvm_private_store_note_poison(struct kvm_private_file *f, pgoff_t index);
void kvm_private_store_note_late_poison(struct kvm_private_file *f,
					const struct kvm_private_unit *unit,
					int errors);
void kvm_private_store_break(struct kvm_private_file *f, pgoff_t index);

/* store_query.c */
int kvm_private_store_check_unused(struct kvm_private_file *f, pgoff_t start,
				   pgoff_t end, struct kvm_private_held *held);
unsigned long kvm_private_store_nr_pages(struct kvm_private_file *f);
void kvm_private_store_show_nodes(struct kvm_private_file *f,
				  struct seq_file *m);
pgoff_t kvm_private_store_next_hole(struct kvm_private_file *f, pgoff_t start,
				    pgoff_t end);
bool kvm_private_store_next_page(struct kvm_private_file *f, pgoff_t *start,
				 pgoff_t end);
bool kvm_private_store_find_pfn(struct kvm_private_file *f, unsigned long pfn,
				pgoff_t *index);
bool kvm_private_store_find_poison(struct kvm_private_file *f, pgoff_t *index);

#endif /* KVM_PRIVATE_INTERNAL_H */

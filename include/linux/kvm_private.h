/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_KVM_PRIVATE_H
#define _LINUX_KVM_PRIVATE_H

#include <linux/bits.h>
#include <linux/interval_tree.h>
#include <linux/types.h>

#include <uapi/linux/kvm_private.h>

struct file;
struct inode;
struct kvm_private_binding;
struct kvm_private_guest;
struct module;
struct page;
struct super_block;

/**
 * DOC: The kernel interface
 *
 * A consumer (KVM) finds a private file by its descriptor, binds a range of it
 * and looks up pages for the faults of its guest. The file knows its bindings
 * and notifies those that overlap when pages are about to go.
 *
 * A lookup takes no lock that is held while an invalidation waits for its consumers, so a
 * page may be removed right after it was looked up. The consumer therefore brackets a
 * lookup with a sequence count that @invalidate_begin and @invalidate_end change, and drops
 * the page that it found if the count moved, like any user of mmu notifiers.
 *
 * Lock order, outermost first: the consumer's own locks that it holds around
 * bind and unbind (KVM: slots_lock, and later ones slots_arch_lock), the file's
 * invalidation lock, a page's lock, the locks that the consumer takes in its ops
 * (KVM: mmu_lock).
 */

/*
 * The exports are in the symbol namespace KVM_PRIVATE, which a consumer imports by this line
 * in one of its files. MODULE_IMPORT_NS() takes a token before Linux 6.13 and a string since.
 */
#define KVM_PRIVATE_IMPORT_NS()	MODULE_INFO(import_ns, "KVM_PRIVATE")

/**
 * struct kvm_private_binding_ops - the operations of a consumer for its bindings
 * @owner: module that holds @reclaim; pinned while a page is prepared
 * @invalidate_begin: pages in [@start, @end) are about to leave the file or to
 *	change their attribute. On return the consumer has no mapping of them left
 *	and will make none before @invalidate_end. May sleep. Not called again
 *	for an overlapping range of the same file before @invalidate_end.
 * @invalidate_shared_begin: as @invalidate_begin, but pages of the range that are private
 *	already stay so, and the guest may keep them mapped: the others are about to become
 *	private. Optional: without it @invalidate_begin is called
 * @invalidate_end: exactly one for each @invalidate_begin or @invalidate_shared_begin, same
 *	arguments
 * @prepare: the page is about to become the guest's; called once for each page and guest,
 *	at the granularity of the physical allocation. May sleep, and must not call back
 *	into the file. An error fails the lookup and leaves the page as it was. Optional,
 *	together with @reclaim.
 * @reclaim: gives @nr pages from @pfn on back to the host; called once for
 *	each prepared page before it is freed or becomes shared, also after the
 *	binding has gone. May sleep, can't fail.
 * @preserves: tells whether the guest will find in its pages, once they are prepared, the
 *	data that the host wrote before. Called with the invalidation lock held, must not
 *	call back into the file. Optional: without it the answer is no. Not called for a
 *	binding without @prepare, for which @encrypts answers.
 * @encrypts: for a binding without @prepare: tells whether the guest encrypts its memory in
 *	place (SEV, SEV-ES). The content of a page is then lost in another page, and isn't
 *	the same to the host as to the guest. Called with the invalidation lock held, must
 *	not call back into the file, and never goes back to no. Optional: without it the
 *	answer is no.
 * @joined: tells whether the platform has the pages of a prepared block as one. Called with
 *	the invalidation lock held. Optional, together with @join.
 * @join: the block's pages, all of which are prepared for the binding's guest, lie side by
 *	side. The platform is to have them as one block again, with the content and the
 *	rights that the guest has given them. Called after an invalidation, without a lock
 *	of the file; until it returns no lookup finds the pages, and kvm_private_unbind()
 *	waits. May sleep, and take locks that are held while user memory is accessed; must
 *	not call back into the file. -EBUSY where the platform can't join the pages as they
 *	are. An error leaves each prepared. Otherwise @reclaim may get the block or a part
 *	of it. Optional, for operations with @prepare.
 *
 * Page offsets, not bytes; @end is exclusive. Ranges are clipped to the
 * binding.
 */
struct kvm_private_binding_ops {
	struct module *owner;
	void (*invalidate_begin)(struct kvm_private_binding *binding,
				 pgoff_t start, pgoff_t end);
	void (*invalidate_shared_begin)(struct kvm_private_binding *binding,
					pgoff_t start, pgoff_t end);
	void (*invalidate_end)(struct kvm_private_binding *binding,
			       pgoff_t start, pgoff_t end);
	int (*prepare)(struct kvm_private_binding *binding, pgoff_t index,
		       unsigned long pfn, unsigned int order);
	void (*reclaim)(unsigned long pfn, unsigned long nr);
	bool (*preserves)(struct kvm_private_binding *binding);
	bool (*encrypts)(struct kvm_private_binding *binding);
	bool (*joined)(struct kvm_private_binding *binding, unsigned long pfn,
		       unsigned int order);
	int (*join)(struct kvm_private_binding *binding, pgoff_t index,
		    unsigned long pfn, unsigned int order);
};

/*
 * Only the guest's firmware may put content into the pages of this binding:
 * KVM_PRIVATE_POPULATE on the file gets EBUSY while it exists.
 */
#define KVM_PRIVATE_BIND_FIRMWARE	BIT(0)

/*
 * The guest knows no attributes: private pages are out of the host's reach, and
 * that is all. Lookups find a page of either attribute. Not for operations that
 * prepare pages.
 */
#define KVM_PRIVATE_BIND_NO_ATTRIBUTES	BIT(1)

/*
 * The guest loses what is in a private page when its mapping is removed (TDX). So the file
 * leaves private pages of the binding mapped that neither leave the file nor change their
 * attribute nor have a memory error: KVM_PRIVATE_COLLAPSE of a block with one gets EBUSY.
 * Not in kernels without CONFIG_MEMORY_FAILURE, where kvm_private_leak() can't mark pages.
 */
#define KVM_PRIVATE_BIND_VOLATILE	BIT(2)

/**
 * struct kvm_private_binding - a range of a private file in a consumer's use
 * @ops: the consumer's operations
 * @start: first page offset
 * @end: page offset after the last
 * @guest_id: tells guests apart, unique for ever; needed with a @prepare
 *	operation and for files of kvm_private_create_guest_memfd(). A page
 *	that was prepared for a guest stays prepared when its bindings go and
 *	come back; a page that was prepared for another one is reclaimed before
 *	it is prepared anew.
 * @guest_offset: with a @prepare operation: what the guest adds to a page offset in the
 *	file to get the page's frame number, modulo 2^64. A platform that prepares a page
 *	for one place in a guest has to reclaim it before the guest gets it in another.
 * @flags: KVM_PRIVATE_BIND_*
 * @file: out: the file, valid while bound
 * @file_flags: out: the KVM_PRIVATE_FLAG_* that it was created with
 * @file_order: out: log2 of the base pages in a backing page of the file: lookups
 *	of a page tell of no larger block around it
 *
 * Allocated, filled in down to @flags and owned by the consumer, unchanged
 * between kvm_private_bind() and kvm_private_unbind().
 */
struct kvm_private_binding {
	const struct kvm_private_binding_ops *ops;
	pgoff_t start;
	pgoff_t end;
	u64 guest_id;
	u64 guest_offset;
	unsigned int flags;
	struct file *file;
	u64 file_flags;
	unsigned int file_order;
	/* private: the file's, valid while bound */
	struct kvm_private_guest *guest;
	bool is_aligned;
	struct interval_tree_node node;
};

/**
 * typedef kvm_private_populate_cb - fills one page for kvm_private_populate()
 * @binding: the binding that kvm_private_populate() was given
 * @index: page offset in the file
 * @pfn: of its first base page
 * @order: log2 of its number of base pages
 * @opaque: as given to kvm_private_populate()
 *
 * Called without a lock of the file. So it may sleep, and take locks of the consumer that
 * are held while user memory is accessed. It may access user memory (a private page of the
 * same file isn't any), and look its page up through the binding. It neither binds or
 * unbinds a range of the file nor populates it. Where the binding has a prepare operation
 * the callback does prepare's work too: a page for which it returned 0 is the guest's.
 *
 * Return: 0 or a negative errno, which ends the populating.
 */
typedef int (*kvm_private_populate_cb)(struct kvm_private_binding *binding,
				       pgoff_t index, unsigned long pfn,
				       unsigned int order, void *opaque);

/*
 * The number of the kernel interface. It is raised when a consumer that was built with this
 * header can't work any more with a module that is built with it, or the other way round:
 * with each change of a struct or of a function, be it only of its meaning.
 */
#ifndef KVM_PRIVATE_INTERFACE_VERSION
#define KVM_PRIVATE_INTERFACE_VERSION	4
#endif

struct file *kvm_private_fget(unsigned int fd);
struct file *
kvm_private_create_guest_memfd(u64 size, u64 flags, u64 guest_id,
			       struct inode *(*make_inode)(struct super_block *));
int kvm_private_bind(struct file *file, struct kvm_private_binding *binding);
void kvm_private_unbind(struct kvm_private_binding *binding);
int kvm_private_get_pfn(struct kvm_private_binding *binding, pgoff_t index,
			unsigned long *pfn, unsigned int *max_order);
int kvm_private_get_shared_pfn(struct kvm_private_binding *binding,
			       pgoff_t index, unsigned long *pfn,
			       unsigned int *max_order);
void kvm_private_put_pfn(struct kvm_private_binding *binding,
			 unsigned long pfn);
struct page *kvm_private_lock_page(struct kvm_private_binding *binding,
				   pgoff_t index);
void kvm_private_unlock_page(struct page *page);
struct page *kvm_private_peek_page(struct kvm_private_binding *binding,
				   pgoff_t index);
bool kvm_private_is_private(struct file *file, pgoff_t index);
long kvm_private_populate(struct kvm_private_binding *binding, pgoff_t index,
			  unsigned long nr, kvm_private_populate_cb cb,
			  void *opaque);
void kvm_private_leak(struct kvm_private_binding *binding, unsigned long pfn,
		      unsigned long nr);

/**
 * struct kvm_private_interface - the functions above, for a consumer that loads without the
 * module
 * @version: %KVM_PRIVATE_INTERFACE_VERSION of the module, in this place whatever the version
 * @fget: kvm_private_fget()
 * @create_guest_memfd: kvm_private_create_guest_memfd()
 * @bind: kvm_private_bind()
 * @unbind: kvm_private_unbind()
 * @get_pfn: kvm_private_get_pfn()
 * @get_shared_pfn: kvm_private_get_shared_pfn()
 * @put_pfn: kvm_private_put_pfn()
 * @lock_page: kvm_private_lock_page()
 * @unlock_page: kvm_private_unlock_page()
 * @peek_page: kvm_private_peek_page()
 * @is_private: kvm_private_is_private()
 * @populate: kvm_private_populate()
 * @leak: kvm_private_leak()
 *
 * Such a consumer gets kvm_private_interface by symbol_get(), which keeps the module loaded
 * until symbol_put(). It looks at nothing but @version before it knows that the number is
 * its own.
 */
struct kvm_private_interface {
	u32 version;
	struct file *(*fget)(unsigned int fd);
	struct file *
	(*create_guest_memfd)(u64 size, u64 flags, u64 guest_id,
			      struct inode *(*make_inode)(struct super_block *));
	int (*bind)(struct file *file, struct kvm_private_binding *binding);
	void (*unbind)(struct kvm_private_binding *binding);
	int (*get_pfn)(struct kvm_private_binding *binding, pgoff_t index,
		       unsigned long *pfn, unsigned int *max_order);
	int (*get_shared_pfn)(struct kvm_private_binding *binding,
			      pgoff_t index, unsigned long *pfn,
			      unsigned int *max_order);
	void (*put_pfn)(struct kvm_private_binding *binding, unsigned long pfn);
	struct page *(*lock_page)(struct kvm_private_binding *binding,
				  pgoff_t index);
	void (*unlock_page)(struct page *page);
	struct page *(*peek_page)(struct kvm_private_binding *binding,
				  pgoff_t index);
	bool (*is_private)(struct file *file, pgoff_t index);
	long (*populate)(struct kvm_private_binding *binding, pgoff_t index,
			 unsigned long nr, kvm_private_populate_cb cb,
			 void *opaque);
	void (*leak)(struct kvm_private_binding *binding, unsigned long pfn,
		     unsigned long nr);
};

extern const struct kvm_private_interface kvm_private_interface;

#endif /* _LINUX_KVM_PRIVATE_H */

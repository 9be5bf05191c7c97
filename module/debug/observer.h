/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The events that a model of a trusted platform is notified of, so that it can check that
 * the rules are kept (tests/platform). Only a build with KVM_PRIVATE_OBSERVER=1 notifies of
 * them; in all others the functions here do nothing.
 */
#ifndef KVM_PRIVATE_OBSERVER_H
#define KVM_PRIVATE_OBSERVER_H

#include <linux/kvm_private.h>
#include <linux/mm.h>

/**
 * struct kvm_private_observer - a model that watches all private files
 * @adopt: if not NULL, @prepare and @reclaim for bindings that have none: of
 *	guests that trust the host
 * @handed_out: a lookup for a binding gives a page away. The last argument is
 *	for kvm_private_observed_retry(): if that is true the page may be gone
 *	already and the consumer has to find out
 * @host_access: the host is about to read or write pages, or to map them; the
 *	last argument: it does so for a guest that trusts it
 * @shared: pages are the host's from here on
 * @freed: pages go back to the page allocator
 * @begin: before a binding's invalidate_begin
 * @end: after its invalidate_end
 * @unbound: a binding has been removed from its file
 *
 * All are called in contexts that may sleep. @nr counts base pages.
 */
struct kvm_private_observer {
	const struct kvm_private_binding_ops *adopt;
	void (*handed_out)(const struct kvm_private_binding *binding,
			   pgoff_t index, unsigned long pfn,
			   unsigned int order, unsigned long seq);
	void (*host_access)(unsigned long pfn, unsigned long nr,
			    bool for_guest);
	void (*shared)(unsigned long pfn, unsigned long nr);
	void (*freed)(unsigned long pfn, unsigned long nr);
	void (*begin)(const struct kvm_private_binding *binding,
		      pgoff_t start, pgoff_t end);
	void (*end)(const struct kvm_private_binding *binding,
		    pgoff_t start, pgoff_t end);
	void (*unbound)(const struct kvm_private_binding *binding);
};

#ifdef KVM_PRIVATE_OBSERVER

int kvm_private_observe(const struct kvm_private_observer *observer);
void kvm_private_unobserve(void);
bool kvm_private_observed_retry(unsigned long seq);

const struct kvm_private_binding_ops *
kvm_private_observed_ops(const struct kvm_private_binding *binding);

unsigned long kvm_private_observed_seq(void);
void kvm_private_notify_lookup(const struct kvm_private_binding *binding,
			       pgoff_t index, unsigned long pfn,
			       unsigned int order, unsigned long seq);
void kvm_private_notify_host_access(struct page *page, unsigned long nr,
				    bool for_guest);
void kvm_private_notify_shared(struct page *page, unsigned long nr);
void kvm_private_notify_freed(struct page *page, unsigned long nr);
void kvm_private_notify_begin(const struct kvm_private_binding *binding,
			      pgoff_t start, pgoff_t end);
void kvm_private_notify_end(const struct kvm_private_binding *binding,
			    pgoff_t start, pgoff_t end);
void kvm_private_notify_unbound(const struct kvm_private_binding *binding);

#else

static inline const struct kvm_private_binding_ops *
kvm_private_observed_ops(const struct kvm_private_binding *binding)
{
	return binding->ops;
}

static inline unsigned long kvm_private_observed_seq(void)
{
	return 0;
}

static inline void
kvm_private_notify_lookup(const struct kvm_private_binding *binding,
			  pgoff_t index, unsigned long pfn,
			  unsigned int order, unsigned long seq)
{
}

static inline void kvm_private_notify_host_access(struct page *page,
						  unsigned long nr,
						  bool for_guest)
{
}

static inline void kvm_private_notify_shared(struct page *page,
					     unsigned long nr)
{
}

static inline void kvm_private_notify_freed(struct page *page, unsigned long nr)
{
}

static inline void
kvm_private_notify_begin(const struct kvm_private_binding *binding,
			 pgoff_t start, pgoff_t end)
{
}

static inline void
kvm_private_notify_end(const struct kvm_private_binding *binding,
		       pgoff_t start, pgoff_t end)
{
}

static inline void
kvm_private_notify_unbound(const struct kvm_private_binding *binding)
{
}

#endif
#endif /* KVM_PRIVATE_OBSERVER_H */

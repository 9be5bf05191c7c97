// SPDX-License-Identifier: GPL-2.0-only
/* The one observer there can be, in the test build. */

#include <linux/module.h>
#include <linux/srcu.h>

#include "compat/export.h"
#include "debug/observer.h"
#include "internal.h"

DEFINE_STATIC_SRCU(observer_srcu);
static const struct kvm_private_observer *the_observer;

/*
 * Invalidations of all bindings. A page that is looked up while one is under way may have
 * left its file.
 */
static atomic_t nr_begun = ATOMIC_INIT(0);
static atomic_t nr_ended = ATOMIC_INIT(0);

/**
 * kvm_private_observe() - watch all private files from now on
 * @observer: the observer, until kvm_private_unobserve()
 *
 * Bindings that exist are not adopted.
 *
 * Return: 0, or -EBUSY if there is one.
 */
int kvm_private_observe(const struct kvm_private_observer *observer)
{
	return cmpxchg(&the_observer, NULL, observer) ? -EBUSY : 0;
}
EXPORT_SYMBOL_KVM_PRIVATE(kvm_private_observe);

/**
 * kvm_private_unobserve() - stop watching
 *
 * Context: may sleep. When this returns no call is under way.
 */
void kvm_private_unobserve(void)
{
	WRITE_ONCE(the_observer, NULL);
	synchronize_srcu(&observer_srcu);
}
EXPORT_SYMBOL_KVM_PRIVATE(kvm_private_unobserve);

/* The operations that prepare pages for a binding, if any do. */
const struct kvm_private_binding_ops *
kvm_private_observed_ops(const struct kvm_private_binding *binding)
{
	const struct kvm_private_binding_ops *ops = binding->ops;
	const struct kvm_private_observer *observer;
	int token = srcu_read_lock(&observer_srcu);

	observer = READ_ONCE(the_observer);
	if (observer && observer->adopt && !ops->prepare &&
	    !(binding->flags & KVM_PRIVATE_BIND_NO_ATTRIBUTES))
		ops = observer->adopt;
	srcu_read_unlock(&observer_srcu, token);
	return ops;
}

/* To be called before a page is looked up. */
unsigned long kvm_private_observed_seq(void)
{
	unsigned long seq = (unsigned int)atomic_read(&nr_ended);

	/*
	 * Pairs with smp_mb__before_atomic() in kvm_private_notify_end(): the lookup that
	 * follows sees all that the invalidations counted in @seq did. Of the others
	 * kvm_private_observed_retry() tells.
	 */
	smp_mb();
	return seq;
}

/**
 * kvm_private_observed_retry() - see whether a lookup may be out of date
 * @seq: as given to the observer
 *
 * The observer calls this after it has compared the page with its records, under a lock
 * that its begin operation takes too.
 *
 * Return: whether an invalidation has begun since, or was under way.
 */
bool kvm_private_observed_retry(unsigned long seq)
{
	/*
	 * Pairs with smp_mb__after_atomic() in kvm_private_notify_begin(): if the lookup
	 * saw a change that an invalidation covers, that invalidation is counted here.
	 */
	smp_mb();
	return (unsigned int)atomic_read(&nr_begun) != seq;
}
EXPORT_SYMBOL_KVM_PRIVATE(kvm_private_observed_retry);

void kvm_private_notify_lookup(const struct kvm_private_binding *binding,
			       pgoff_t index, unsigned long pfn,
			       unsigned int order, unsigned long seq)
{
	const struct kvm_private_observer *observer;
	int token = srcu_read_lock(&observer_srcu);

	observer = READ_ONCE(the_observer);
	if (observer)
		observer->handed_out(binding, index, pfn, order, seq);
	srcu_read_unlock(&observer_srcu, token);
}

void kvm_private_notify_host_access(struct page *page, unsigned long nr,
				    bool for_guest)
{
	const struct kvm_private_observer *observer;
	int token = srcu_read_lock(&observer_srcu);

	observer = READ_ONCE(the_observer);
	if (observer)
		observer->host_access(page_to_pfn(page), nr, for_guest);
	srcu_read_unlock(&observer_srcu, token);
}

void kvm_private_notify_shared(struct page *page, unsigned long nr)
{
	const struct kvm_private_observer *observer;
	int token = srcu_read_lock(&observer_srcu);

	observer = READ_ONCE(the_observer);
	if (observer)
		observer->shared(page_to_pfn(page), nr);
	srcu_read_unlock(&observer_srcu, token);
}

void kvm_private_notify_freed(struct page *page, unsigned long nr)
{
	const struct kvm_private_observer *observer;
	int token = srcu_read_lock(&observer_srcu);

	observer = READ_ONCE(the_observer);
	if (observer)
		observer->freed(page_to_pfn(page), nr);
	srcu_read_unlock(&observer_srcu, token);
}

void kvm_private_notify_begin(const struct kvm_private_binding *binding,
			      pgoff_t start, pgoff_t end)
{
	const struct kvm_private_observer *observer;
	int token = srcu_read_lock(&observer_srcu);

	atomic_inc(&nr_begun);
	/*
	 * Pairs with smp_mb() in kvm_private_observed_retry(): counted before pages change.
	 */
	smp_mb__after_atomic();

	observer = READ_ONCE(the_observer);
	if (observer)
		observer->begin(binding, start, end);
	srcu_read_unlock(&observer_srcu, token);
}

void kvm_private_notify_end(const struct kvm_private_binding *binding,
			    pgoff_t start, pgoff_t end)
{
	const struct kvm_private_observer *observer;
	int token = srcu_read_lock(&observer_srcu);

	observer = READ_ONCE(the_observer);
	if (observer)
		observer->end(binding, start, end);
	srcu_read_unlock(&observer_srcu, token);

	/*
	 * Pairs with smp_mb() in kvm_private_observed_seq(): counted after pages have
	 * changed.
	 */
	smp_mb__before_atomic();
	atomic_inc(&nr_ended);
}

void kvm_private_notify_unbound(const struct kvm_private_binding *binding)
{
	const struct kvm_private_observer *observer;
	int token = srcu_read_lock(&observer_srcu);

	observer = READ_ONCE(the_observer);
	if (observer)
		observer->unbound(binding);
	srcu_read_unlock(&observer_srcu, token);
}

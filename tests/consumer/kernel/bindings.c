// SPDX-License-Identifier: GPL-2.0-only
/* The module's bindings, and the calls that use them. */

#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rwsem.h>
#include <linux/sched.h>

#include "consumer.h"

static_assert(KPT_BIND_FIRMWARE == KVM_PRIVATE_BIND_FIRMWARE);
static_assert(KPT_BIND_NO_ATTRIBUTES == KVM_PRIVATE_BIND_NO_ATTRIBUTES);
static_assert(KPT_BIND_VOLATILE == KVM_PRIVATE_BIND_VOLATILE);
static_assert(KVM_PRIVATE_BIND_VOLATILE << 1 == KPT_BIND_UNKNOWN);

/*
 * Bindings are added and removed with the lock held for writing, and used with
 * it held for reading. The operations don't take it: a task that waits for one
 * may hold it.
 */
static DECLARE_RWSEM(slots_lock);
static struct kvm_private_binding bindings[KPT_SLOTS];
static bool bound[KPT_SLOTS];

/* Between KPT_LOCK_PAGE and KPT_UNLOCK_PAGE */
static struct page *locked_page;

unsigned int kpt_slot(const struct kvm_private_binding *binding)
{
	return binding - bindings;
}

int kpt_fget(unsigned int fd)
{
	struct file *file = kvm_private_fget(fd);

	if (IS_ERR(file))
		return PTR_ERR(file);
	fput(file);
	return 0;
}

int kpt_create(const struct kpt_create *args)
{
	struct file *file;
	int fd;

	file = kvm_private_create_guest_memfd(args->size, args->flags,
					      args->guest_id, NULL);
	if (IS_ERR(file))
		return PTR_ERR(file);
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		fput(file);
	else
		fd_install(fd, file);
	return fd;
}

int kpt_is_private(const struct kpt_is_private *args)
{
	struct file *file = kvm_private_fget(args->fd);
	int ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = kvm_private_is_private(file, args->index);
	fput(file);
	return ret;
}

int kpt_bind(const struct kpt_bind *args)
{
	struct kvm_private_binding *binding;
	struct file *file;
	int ret;

	if (args->slot >= KPT_SLOTS || args->ops >= KPT_OPS_NR)
		return -ENXIO;

	file = kvm_private_fget(args->fd);
	if (IS_ERR(file))
		return PTR_ERR(file);

	down_write(&slots_lock);
	if (bound[args->slot]) {
		ret = -ENXIO;
		goto unlock;
	}
	binding = &bindings[args->slot];
	/* The content of the file's own fields must not matter. */
	memset(binding, 0xa5, sizeof(*binding));
	binding->ops = kpt_ops(args->ops);
	binding->start = args->start;
	binding->end = args->end;
	binding->guest_id = args->guest_id;
	binding->guest_offset = args->guest_offset;
	binding->flags = args->flags;
	ret = kvm_private_bind(file, binding);
	bound[args->slot] = !ret;
unlock:
	up_write(&slots_lock);
	fput(file);
	return ret;
}

int kpt_unbind(unsigned int slot)
{
	int ret = -ENXIO;

	if (slot >= KPT_SLOTS)
		return ret;

	down_write(&slots_lock);
	if (bound[slot]) {
		kvm_private_unbind(&bindings[slot]);
		/* A later use of the freed binding shall be noticed. */
		memset(&bindings[slot], 0x5a, sizeof(bindings[slot]));
		bound[slot] = false;
		ret = 0;
	}
	up_write(&slots_lock);
	return ret;
}

void kpt_unbind_all(void)
{
	unsigned int slot;

	for (slot = 0; slot < KPT_SLOTS; slot++) {
		kpt_unbind(slot);
		cond_resched();
	}
}

/* The caller holds slots_lock. */
static struct kvm_private_binding *find(unsigned int slot)
{
	return slot < KPT_SLOTS && bound[slot] ? &bindings[slot] : NULL;
}

int kpt_get_pfn(struct kpt_page *page)
{
	struct kvm_private_binding *binding;
	unsigned long pfn = 0;
	unsigned int *order;
	int ret = -ENXIO;

	down_read(&slots_lock);
	binding = find(page->slot);
	if (binding) {
		page->max_order = ~0;
		order = page->no_order ? NULL : &page->max_order;
		ret = page->shared ?
		      kvm_private_get_shared_pfn(binding, page->index, &pfn,
						 order) :
		      kvm_private_get_pfn(binding, page->index, &pfn, order);
		page->pfn = pfn;
		if (!ret && !page->pin)
			kvm_private_put_pfn(binding, pfn);
	}
	up_read(&slots_lock);
	return ret;
}

int kpt_put_pfn(const struct kpt_page *page)
{
	struct kvm_private_binding *binding;

	down_read(&slots_lock);
	binding = find(page->slot);
	if (binding)
		kvm_private_put_pfn(binding, page->pfn);
	up_read(&slots_lock);
	return binding ? 0 : -ENXIO;
}

int kpt_sweep(const struct kpt_sweep *args)
{
	struct kvm_private_binding *binding;
	unsigned int order;
	unsigned long pfn;
	int ret = -ENXIO;
	pgoff_t index;

	down_read(&slots_lock);
	binding = find(args->slot);
	for (index = args->start; binding && index < args->end; index++) {
		ret = kvm_private_get_pfn(binding, index, &pfn, &order);
		if (ret)
			break;
		kvm_private_put_pfn(binding, pfn);
	}
	up_read(&slots_lock);
	return ret;
}

/* For a test NULL is an answer of its own. */
static struct page *lock_page_of(const struct kpt_page *args)
{
	struct kvm_private_binding *binding = find(args->slot);
	struct page *page;

	if (!binding)
		return ERR_PTR(-ENXIO);
	page = kvm_private_lock_page(binding, args->index);
	return page ?: ERR_PTR(-ENODATA);
}

int kpt_access(struct kpt_page *args, bool write)
{
	struct page *page;
	u64 *word;

	down_read(&slots_lock);
	page = lock_page_of(args);
	if (!IS_ERR(page)) {
		word = page_address(page);
		if (write)
			*word = args->word;
		else
			args->word = *word;
		args->pfn = page_to_pfn(page);
		kvm_private_unlock_page(page);
	}
	up_read(&slots_lock);
	return PTR_ERR_OR_ZERO(page);
}

int kpt_peek(struct kpt_page *args)
{
	struct kvm_private_binding *binding;
	struct page *page = ERR_PTR(-ENXIO);

	down_read(&slots_lock);
	binding = find(args->slot);
	if (binding) {
		preempt_disable();
		page = kvm_private_peek_page(binding, args->index);
		if (!IS_ERR_OR_NULL(page)) {
			args->word = *(u64 *)page_address(page);
			args->pfn = page_to_pfn(page);
			kvm_private_put_pfn(binding, args->pfn);
		}
		preempt_enable();
	}
	up_read(&slots_lock);
	return page ? PTR_ERR_OR_ZERO(page) : -ENODATA;
}

int kpt_read_held(struct kpt_page *args)
{
	if (!pfn_valid(args->pfn) || !page_count(pfn_to_page(args->pfn)))
		return -EINVAL;
	args->word = *(u64 *)page_address(pfn_to_page(args->pfn));
	return 0;
}

int kpt_lock_page(const struct kpt_page *args)
{
	struct page *page;

	if (READ_ONCE(locked_page))
		return -EBUSY;

	down_read(&slots_lock);
	page = lock_page_of(args);
	if (!IS_ERR(page))
		WRITE_ONCE(locked_page, page);
	up_read(&slots_lock);
	return PTR_ERR_OR_ZERO(page);
}

int kpt_unlock_page(void)
{
	struct page *page = xchg(&locked_page, NULL);

	if (!page)
		return -ENXIO;
	kvm_private_unlock_page(page);
	return 0;
}

int kpt_populate(struct kpt_populate *args)
{
	struct kvm_private_binding *binding;

	down_read(&slots_lock);
	binding = find(args->slot);
	if (binding)
		args->result = kvm_private_populate(binding, args->index,
						    args->nr, kpt_fill, args);
	up_read(&slots_lock);
	return binding ? 0 : -ENXIO;
}

int kpt_leak(const struct kpt_leak *args)
{
	struct kvm_private_binding *binding;

	down_read(&slots_lock);
	binding = find(args->slot);
	if (binding) {
		preempt_disable();
		kvm_private_leak(binding, args->pfn, args->nr);
		preempt_enable();
	}
	up_read(&slots_lock);
	return binding ? 0 : -ENXIO;
}

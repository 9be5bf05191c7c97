// SPDX-License-Identifier: GPL-2.0-only
/* The model's port to the kernel */
#define pr_fmt(fmt) "tdx model: " fmt

#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include <crypto/sha2.h>

#include "../port.h"

void *tdxm_alloc(size_t size)
{
	/* Only the table of all frames is that large. It is made where sleeping is allowed. */
	if (size > KMALLOC_MAX_CACHE_SIZE)
		return kvzalloc(size, GFP_KERNEL);
	return kzalloc(size, GFP_ATOMIC);
}

void tdxm_free(void *memory)
{
	kvfree(memory);
}

void *tdxm_address(struct tdxm *m, u64 pfn)
{
	return __va(PFN_PHYS(pfn));
}

void tdxm_report(const char *rule, u64 where, bool expected)
{
	if (expected)
		pr_info("provoked: %s (%#llx)\n", rule, where);
	else
		pr_err("violation: %s (%#llx)\n", rule, where);
}

struct tdxm_digest {
	struct sha384_ctx context;
};

struct tdxm_digest *tdxm_digest_start(void)
{
	struct tdxm_digest *digest = kzalloc(sizeof(*digest), GFP_ATOMIC);

	if (digest)
		sha384_init(&digest->context);
	return digest;
}

void tdxm_digest_add(struct tdxm_digest *digest, const void *data, size_t size)
{
	sha384_update(&digest->context, data, size);
}

void tdxm_digest_end(struct tdxm_digest *digest, u8 *result)
{
	sha384_final(&digest->context, result);
	kfree(digest);
}

// SPDX-License-Identifier: GPL-2.0-only
/* The pages that tests may assign, and what they may do to them */

#include <linux/fs.h>
#include <linux/io.h>
#include <linux/psp-sev.h>
#include <linux/uaccess.h>
#include <asm/pgtable_types.h>
#include <asm/sev.h>

#include "snp_test.h"

#define ORDER		(ilog2(SNPT_PAGES))
#define LARGE_PAGES	512
#define ANY_ASID	1
#define RECLAIM_LARGE	1

static struct page *pages;
/* They can't be freed: a page isn't the host's. */
static bool stuck;

struct rmp_update {
	u64 gpa;
	u8 assigned;
	u8 large;
	u8 immutable;
	u8 reserved;
	u32 asid;
};

/* The kernel's own function dumps the stack where the instruction refuses. */
int snpt_rmpupdate(u64 pfn, const struct snpt_update *update)
{
	struct rmp_update state = {
		.gpa = update->gpa, .assigned = update->assigned, .large = update->large,
		.immutable = update->immutable, .asid = update->asid,
	};
	unsigned long ret;

	asm volatile(".byte 0xf2, 0x0f, 0x01, 0xfe"
		     : "=a" (ret) : "a" (pfn << PAGE_SHIFT), "c" (&state)
		     : "memory", "cc");
	return ret;
}

/* The host must not write through a mapping that spans other pages, too. */
static int split_direct_map(u64 pfn)
{
	int ret = rmp_make_private(pfn, 0, PG_LEVEL_4K, ANY_ASID, false);

	return ret ? ret : rmp_make_shared(pfn, PG_LEVEL_4K);
}

int snpt_pages_init(void)
{
	int ret = 0;

	pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, ORDER);
	if (!pages)
		return -ENOMEM;
	for (u32 i = 0; i < SNPT_PAGES && !ret; i++)
		ret = split_direct_map(page_to_pfn(pages) + i);
	if (ret)
		__free_pages(pages, ORDER);
	return ret;
}

void snpt_pages_exit(void)
{
	if (!stuck)
		__free_pages(pages, ORDER);
}

u64 snpt_address(void)
{
	return page_to_phys(pages);
}

struct page *snpt_page(u32 number)
{
	return number < SNPT_PAGES ? pages + number : NULL;
}

long snpt_update(struct snpt_update *update)
{
	struct page *page = snpt_page(update->page);

	if (!page)
		return -EINVAL;
	update->result = snpt_rmpupdate(page_to_pfn(page), update);
	return 0;
}

long snpt_entry(struct snpt_entry *entry)
{
	struct page *page = snpt_page(entry->page);
	bool assigned;
	int level;
	int ret;

	if (!page)
		return -EINVAL;
	ret = snp_lookup_rmpentry(page_to_pfn(page), &assigned, &level);
	entry->assigned = assigned;
	entry->large = level == PG_LEVEL_2M;
	return ret;
}

long snpt_copy(const struct snpt_copy *copy, bool write)
{
	struct page *page = snpt_page(copy->page);
	void __user *user = u64_to_user_ptr(copy->user);

	if (!page)
		return -EINVAL;
	if (write)
		return copy_from_user(page_address(page), user, PAGE_SIZE) ? -EFAULT : 0;
	return copy_to_user(user, page_address(page), PAGE_SIZE) ? -EFAULT : 0;
}

long snpt_command(struct snpt_command *command)
{
	int status = 0;
	int ret;

	ret = sev_do_cmd(command->id, command->size ? command->buffer : NULL, &status);
	command->status = status;
	return ret == -EIO && status ? 0 : ret;
}

static bool give_back(u32 number, bool large)
{
	const struct snpt_update shared = { .large = large };
	u64 pfn = page_to_pfn(pages + number);
	struct sev_data_snp_page_reclaim reclaim = {
		.paddr = PFN_PHYS(pfn) | (large ? RECLAIM_LARGE : 0),
	};

	return !sev_do_cmd(SEV_CMD_SNP_PAGE_RECLAIM, &reclaim, NULL) &&
	       !snpt_rmpupdate(pfn, &shared);
}

/* A test that fails, or is killed, leaves pages assigned. */
void snpt_give_back(void)
{
	for (u32 i = 0; i < SNPT_PAGES;) {
		struct snpt_entry entry = { .page = i };

		if (snpt_entry(&entry) || (entry.assigned && !give_back(i, entry.large))) {
			pr_err("kvm_snp_test: page %u stays assigned\n", i);
			stuck = true;
		}
		i += entry.large ? LARGE_PAGES : 1;
	}
}

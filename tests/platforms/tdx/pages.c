// SPDX-License-Identifier: GPL-2.0-only
#include "content.h"
#include "measurement.h"
#include "pages.h"
#include "td.h"
#include "vp.h"

/* Of a guest's page */
#define LARGEST 2

static bool has_level(struct tdxm *m, u64 gpa, int level, int lowest, int highest)
{
	if (level >= lowest && level <= highest)
		return true;
	tdxm_broken(m, TDXM_LEVEL, gpa);
	return false;
}

static u64 give_table(struct tdxm *m, struct tdxm_td *td, u64 pfn)
{
	struct tdxm_sept *table = tdxm_alloc(sizeof(*table));
	u64 status;

	if (!table)
		return TDXM_NO_MEMORY;
	status = tdxm_give(m, td, pfn, 1, TDXM_EPT);
	if (status) {
		tdxm_free(table);
		return status;
	}
	tdxm_content_zero(m, pfn);
	m->frames[pfn].object = table;
	return TDXM_SUCCESS;
}

u64 tdxm_mem_sept_add(struct tdxm *m, u64 tdr, u64 gpa, int level, u64 pfn)
{
	struct tdxm_sept_entry *entry;
	struct tdxm_td *td;
	u64 status = tdxm_td_begin(m, TDXM_MEM_SEPT_ADD, tdr, &td);

	if (status)
		return status;
	if (!has_level(m, gpa, level, 2, TDXM_SEPT_TOP))
		return TDXM_OPERAND_INVALID;
	status = tdxm_sept_vacant(td, gpa, level, &entry);
	if (!status)
		status = give_table(m, td, pfn);
	if (status)
		return status;
	*entry = (struct tdxm_sept_entry){ .pfn = pfn, .state = TDXM_TABLE };
	return TDXM_SUCCESS;
}

static u64 map(struct tdxm_td *td, u64 gpa, int level, u64 pfn, enum tdxm_sept_state state)
{
	struct tdxm_sept_entry *entry;
	u64 status = tdxm_sept_vacant(td, gpa, level, &entry);

	if (!status)
		status = tdxm_give(td->m, td, pfn, level, TDXM_REG);
	if (status)
		return status;
	td->guest_frames += TDXM_FRAMES(level);
	*entry = (struct tdxm_sept_entry){ .pfn = pfn, .state = state };
	return TDXM_SUCCESS;
}

u64 tdxm_mem_page_add(struct tdxm *m, u64 tdr, u64 gpa, u64 pfn, u64 source)
{
	struct tdxm_frame *from;
	struct tdxm_td *td;
	u64 status = tdxm_td_begin(m, TDXM_MEM_PAGE_ADD, tdr, &td);

	if (status)
		return status;
	if (td->finalized)
		return tdxm_fail(m, TDXM_FINALIZED, gpa, TDXM_OPERAND_INVALID);
	from = tdxm_frame(m, source);
	if (!from)
		return TDXM_OPERAND_INVALID;
	if (from->type != TDXM_HOST)
		return tdxm_fail(m, TDXM_SOURCE, gpa, TDXM_OPERAND_INVALID);
	status = map(td, gpa, 1, pfn, TDXM_PRESENT);
	if (status)
		return status;
	tdxm_content_seal(m, pfn, tdxm_address(m, source));
	tdxm_measure_address(td, gpa);
	return TDXM_SUCCESS;
}

u64 tdxm_mem_page_aug(struct tdxm *m, u64 tdr, u64 gpa, int level, u64 pfn)
{
	struct tdxm_td *td;
	u64 status = tdxm_td_begin(m, TDXM_MEM_PAGE_AUG, tdr, &td);
	unsigned long i;

	if (status)
		return status;
	if (!has_level(m, gpa, level, 1, LARGEST))
		return TDXM_OPERAND_INVALID;
	if (!td->finalized)
		return tdxm_fail(m, TDXM_NOT_FINALIZED, gpa, TDXM_OPERAND_INVALID);
	if (pfn % TDXM_FRAMES(level))
		return tdxm_fail(m, TDXM_LEVEL, gpa, TDXM_OPERAND_INVALID);
	status = map(td, gpa, level, pfn, TDXM_PENDING);
	if (status)
		return status;
	/* The host finds noise there from now on, not only once the guest has accepted it. */
	for (i = 0; i < TDXM_FRAMES(level); i++)
		tdxm_content_zero(m, pfn + i);
	return TDXM_SUCCESS;
}

u64 tdxm_mem_range_block(struct tdxm *m, u64 tdr, u64 gpa, int level)
{
	struct tdxm_sept_entry *entry;
	struct tdxm_td *td;
	u64 status = tdxm_td_begin(m, TDXM_MEM_RANGE_BLOCK, tdr, &td);

	if (status)
		return status;
	if (!has_level(m, gpa, level, 1, LARGEST))
		return TDXM_OPERAND_INVALID;
	entry = tdxm_sept_entry(td, gpa, level);
	if (!entry || !tdxm_sept_is_leaf(entry))
		return tdxm_fail(m, TDXM_BLOCKED_HOLE, gpa, TDXM_EPT_ENTRY_STATE);
	if (tdxm_sept_is_blocked(entry))
		return tdxm_fail(m, TDXM_BLOCKED_TWICE, gpa, TDXM_EPT_ENTRY_STATE);
	entry->state = entry->state == TDXM_PENDING ? TDXM_PENDING_BLOCKED : TDXM_BLOCKED;
	entry->epoch = td->epoch;
	return TDXM_SUCCESS;
}

/* Before the launch's end no vCPU can have run, and KVM doesn't begin an epoch. */
static bool is_tracked(struct tdxm_td *td, const struct tdxm_sept_entry *entry)
{
	if (!td->finalized)
		return true;
	return td->epoch > entry->epoch && !tdxm_vp_runs_before(td, entry->epoch + 1);
}

/* Sets @entry to the leaf of @level at @gpa if no vCPU can use it any more. */
static u64 find_unused(struct tdxm *m, struct tdxm_td *td, u64 gpa, int level,
		       struct tdxm_sept_entry **entry)
{
	*entry = tdxm_sept_entry(td, gpa, level);
	if (!*entry || !tdxm_sept_is_leaf(*entry))
		return tdxm_fail(m, TDXM_REMOVED_HOLE, gpa, TDXM_EPT_ENTRY_STATE);
	if (!tdxm_sept_is_blocked(*entry))
		return tdxm_fail(m, TDXM_REMOVED_UNBLOCKED, gpa, TDXM_EPT_ENTRY_STATE);
	if (!is_tracked(td, *entry))
		return tdxm_fail(m, TDXM_REMOVED_UNTRACKED, gpa, TDXM_EPT_ENTRY_STATE);
	return TDXM_SUCCESS;
}

u64 tdxm_mem_page_remove(struct tdxm *m, u64 tdr, u64 gpa, int level)
{
	struct tdxm_sept_entry *entry;
	struct tdxm_td *td;
	u64 status = tdxm_td_begin(m, TDXM_MEM_PAGE_REMOVE, tdr, &td);

	if (status)
		return status;
	if (!has_level(m, gpa, level, 1, LARGEST))
		return TDXM_OPERAND_INVALID;
	status = find_unused(m, td, gpa, level, &entry);
	if (status)
		return status;
	tdxm_take_back(m, entry->pfn, level, true);
	td->guest_frames -= TDXM_FRAMES(level);
	*entry = (struct tdxm_sept_entry){ .state = TDXM_FREE };
	return TDXM_SUCCESS;
}

static void split(struct tdxm *m, const struct tdxm_sept_entry *entry, u64 pfn)
{
	struct tdxm_sept *table = m->frames[pfn].object;
	u64 state = entry->state == TDXM_PENDING_BLOCKED ? TDXM_PENDING : TDXM_PRESENT;
	unsigned long i;

	for (i = 0; i < TDXM_SEPT_ENTRIES; i++) {
		m->frames[entry->pfn + i].level = 1;
		table->entries[i] = (struct tdxm_sept_entry){
			.pfn = entry->pfn + i, .state = state,
		};
	}
}

u64 tdxm_mem_page_demote(struct tdxm *m, u64 tdr, u64 gpa, int level, u64 pfn)
{
	struct tdxm_sept_entry *entry;
	struct tdxm_td *td;
	u64 status = tdxm_td_begin(m, TDXM_MEM_PAGE_DEMOTE, tdr, &td);

	if (status)
		return status;
	if (!has_level(m, gpa, level, LARGEST, LARGEST))
		return TDXM_OPERAND_INVALID;
	status = find_unused(m, td, gpa, level, &entry);
	if (!status)
		status = give_table(m, td, pfn);
	if (status)
		return status;
	split(m, entry, pfn);
	*entry = (struct tdxm_sept_entry){ .pfn = pfn, .state = TDXM_TABLE };
	return TDXM_SUCCESS;
}

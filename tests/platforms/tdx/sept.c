// SPDX-License-Identifier: GPL-2.0-only
#include "model.h"
#include "sept.h"
#include "td.h"

static u64 size_of(int level)
{
	return TDXM_FRAMES(level) << TDXM_PAGE_SHIFT;
}

static struct tdxm_sept_entry *entry_in(struct tdxm_sept *table, u64 gpa, int level)
{
	return &table->entries[gpa / size_of(level) % TDXM_SEPT_ENTRIES];
}

struct tdxm_sept_entry *tdxm_sept_walk(struct tdxm_td *td, u64 gpa, int *level)
{
	struct tdxm_sept *table = td->root;
	struct tdxm_sept_entry *entry;

	for (*level = TDXM_SEPT_TOP; ; (*level)--) {
		entry = entry_in(table, gpa, *level);
		if (entry->state != TDXM_TABLE)
			return entry;
		table = td->m->frames[entry->pfn].object;
	}
}

struct tdxm_sept_entry *tdxm_sept_entry(struct tdxm_td *td, u64 gpa, int level)
{
	struct tdxm_sept *table = td->root;
	int at;

	for (at = TDXM_SEPT_TOP; at > level; at--) {
		struct tdxm_sept_entry *entry = entry_in(table, gpa, at);

		if (entry->state != TDXM_TABLE)
			return NULL;
		table = td->m->frames[entry->pfn].object;
	}
	return entry_in(table, gpa, level);
}

u64 tdxm_sept_vacant(struct tdxm_td *td, u64 gpa, int level, struct tdxm_sept_entry **entry)
{
	if (gpa % size_of(level) || gpa >> TDXM_SHARED_BIT)
		return tdxm_fail(td->m, TDXM_ADDRESS, gpa, TDXM_OPERAND_INVALID);
	*entry = tdxm_sept_entry(td, gpa, level);
	if (!*entry)
		return tdxm_fail(td->m, TDXM_NO_TABLE, gpa, TDXM_EPT_WALK_FAILED);
	if ((*entry)->state != TDXM_FREE)
		return tdxm_fail(td->m, TDXM_OCCUPIED, gpa, TDXM_EPT_ENTRY_STATE);
	return TDXM_SUCCESS;
}

bool tdxm_sept_is_leaf(const struct tdxm_sept_entry *entry)
{
	return entry->state != TDXM_FREE && entry->state != TDXM_TABLE;
}

bool tdxm_sept_is_blocked(const struct tdxm_sept_entry *entry)
{
	return entry->state == TDXM_BLOCKED || entry->state == TDXM_PENDING_BLOCKED;
}

u64 tdxm_sept_frame(const struct tdxm_sept_entry *entry, u64 gpa, int level)
{
	return entry->pfn + (gpa >> TDXM_PAGE_SHIFT) % TDXM_FRAMES(level);
}

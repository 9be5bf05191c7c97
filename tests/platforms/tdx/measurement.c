// SPDX-License-Identifier: GPL-2.0-only
#include "content.h"
#include "measurement.h"
#include "td.h"

#define RECORD_SIZE 128
#define GPA_OFFSET 16

/* The name of the command without its prefix, in ASCII, and the address; the rest is zero. */
static void add_record(struct tdxm_td *td, const char *name, u64 gpa)
{
	u8 record[RECORD_SIZE] = { 0 };

	memcpy(record, name, strlen(name));
	/* Both sides are little-endian. */
	memcpy(record + GPA_OFFSET, &gpa, sizeof(gpa));
	tdxm_digest_add(td->digest, record, sizeof(record));
}

void tdxm_measure_address(struct tdxm_td *td, u64 gpa)
{
	add_record(td, "MEM.PAGE.ADD", gpa);
}

/* Begins a command of the launch. A status; 0 sets @td. */
static u64 launch_begin(struct tdxm *m, enum tdxm_command command, u64 tdr, struct tdxm_td **td)
{
	u64 status = tdxm_td_begin(m, command, tdr, td);

	if (status)
		return status;
	return (*td)->finalized ? tdxm_fail(m, TDXM_FINALIZED, 0, TDXM_OPERAND_INVALID) :
				  TDXM_SUCCESS;
}

u64 tdxm_mr_extend(struct tdxm *m, u64 tdr, u64 gpa)
{
	u64 content[TDXM_EXTEND_SIZE / sizeof(u64)];
	struct tdxm_sept_entry *entry;
	struct tdxm_td *td;
	u64 status = launch_begin(m, TDXM_MR_EXTEND, tdr, &td);
	int level;

	if (status)
		return status;
	if (gpa % TDXM_EXTEND_SIZE || gpa >> TDXM_SHARED_BIT)
		return tdxm_fail(m, TDXM_ADDRESS, gpa, TDXM_OPERAND_INVALID);
	entry = tdxm_sept_walk(td, gpa, &level);
	if (entry->state != TDXM_PRESENT)
		return tdxm_fail(m, TDXM_EXTENDED_HOLE, gpa, TDXM_EPT_ENTRY_STATE);
	tdxm_content_read(m, entry->pfn, gpa % TDXM_PAGE_SIZE, content, sizeof(content));
	add_record(td, "MR.EXTEND", gpa);
	tdxm_digest_add(td->digest, content, sizeof(content));
	return TDXM_SUCCESS;
}

u64 tdxm_mr_finalize(struct tdxm *m, u64 tdr)
{
	struct tdxm_td *td;
	u64 status = launch_begin(m, TDXM_MR_FINALIZE, tdr, &td);

	if (status)
		return status;
	tdxm_digest_end(td->digest, td->mrtd);
	td->digest = NULL;
	td->finalized = true;
	return TDXM_SUCCESS;
}

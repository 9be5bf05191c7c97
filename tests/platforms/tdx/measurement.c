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

static struct tdxm_td *td_to_launch(struct tdxm *m, u64 tdr)
{
	struct tdxm_td *td = tdxm_td_initialized(m, tdr);

	if (!td || !td->finalized)
		return td;
	tdxm_broken(m, TDXM_FINALIZED, 0);
	return NULL;
}

u64 tdxm_mr_extend(struct tdxm *m, u64 tdr, u64 gpa)
{
	u64 status = tdxm_refused(m, TDXM_MR_EXTEND);
	u64 content[TDXM_EXTEND_SIZE / sizeof(u64)];
	struct tdxm_sept_entry *entry;
	struct tdxm_td *td;
	int level;

	if (status)
		return status;
	td = td_to_launch(m, tdr);
	if (!td)
		return TDXM_OPERAND_INVALID;
	if (gpa % TDXM_EXTEND_SIZE || gpa >> TDXM_SHARED_BIT) {
		tdxm_broken(m, TDXM_ADDRESS, gpa);
		return TDXM_OPERAND_INVALID;
	}
	entry = tdxm_sept_walk(td, gpa, &level);
	if (entry->state != TDXM_PRESENT) {
		tdxm_broken(m, TDXM_EXTENDED_HOLE, gpa);
		return TDXM_EPT_ENTRY_STATE;
	}
	tdxm_content_read(m, entry->pfn, gpa % TDXM_PAGE_SIZE, content, sizeof(content));
	add_record(td, "MR.EXTEND", gpa);
	tdxm_digest_add(td->digest, content, sizeof(content));
	return TDXM_SUCCESS;
}

u64 tdxm_mr_finalize(struct tdxm *m, u64 tdr)
{
	u64 status = tdxm_refused(m, TDXM_MR_FINALIZE);
	struct tdxm_td *td;

	if (status)
		return status;
	td = td_to_launch(m, tdr);
	if (!td)
		return TDXM_OPERAND_INVALID;
	tdxm_digest_end(td->digest, td->mrtd);
	td->digest = NULL;
	td->finalized = true;
	return TDXM_SUCCESS;
}

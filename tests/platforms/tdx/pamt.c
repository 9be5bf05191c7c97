// SPDX-License-Identifier: GPL-2.0-only
#include "content.h"
#include "model.h"
#include "td.h"

struct tdxm_frame *tdxm_frame(struct tdxm *m, u64 pfn)
{
	if (pfn < m->nr_frames)
		return &m->frames[pfn];
	tdxm_broken(m, TDXM_OUTSIDE, pfn << TDXM_PAGE_SHIFT);
	return NULL;
}

static u64 can_be_given(struct tdxm *m, u64 pfn)
{
	struct tdxm_frame *frame = tdxm_frame(m, pfn);

	if (!frame)
		return TDXM_OPERAND_INVALID;
	if (frame->type != TDXM_HOST)
		return tdxm_fail(m, TDXM_GIVEN_TWICE, pfn << TDXM_PAGE_SHIFT, TDXM_PAGE_METADATA);
	if (frame->unwritten)
		return tdxm_fail(m, TDXM_GIVEN_UNWRITTEN, pfn << TDXM_PAGE_SHIFT,
				 TDXM_PAGE_METADATA);
	return TDXM_SUCCESS;
}

u64 tdxm_give(struct tdxm *m, struct tdxm_td *td, u64 pfn, int level, enum tdxm_frame_type type)
{
	unsigned long i;
	u64 status;

	for (i = 0; i < TDXM_FRAMES(level); i++) {
		status = can_be_given(m, pfn + i);
		if (status)
			return status;
	}
	for (i = 0; i < TDXM_FRAMES(level); i++) {
		m->frames[pfn + i].type = type;
		m->frames[pfn + i].level = level;
		m->frames[pfn + i].td = td;
		tdxm_content_sum(m, pfn + i);
	}
	td->frames += TDXM_FRAMES(level);
	m->given += TDXM_FRAMES(level);
	return TDXM_SUCCESS;
}

void tdxm_take_back(struct tdxm *m, u64 pfn, int level, bool unwritten)
{
	unsigned long i;

	for (i = 0; i < TDXM_FRAMES(level); i++) {
		struct tdxm_frame *frame = &m->frames[pfn + i];

		tdxm_content_check(m, pfn + i);
		frame->td->frames--;
		m->given--;
		frame->type = TDXM_HOST;
		frame->level = 1;
		frame->td = NULL;
		frame->unwritten = unwritten;
	}
}

u64 tdxm_phymem_page_wbinvd(struct tdxm *m, u64 pfn)
{
	struct tdxm_frame *frame;
	u64 status = tdxm_refused(m, TDXM_PHYMEM_PAGE_WBINVD);

	if (status)
		return status;
	frame = tdxm_frame(m, pfn);
	if (!frame)
		return TDXM_OPERAND_INVALID;
	if (frame->type != TDXM_HOST)
		return tdxm_fail(m, TDXM_WRITTEN_BACK_ASSIGNED, pfn << TDXM_PAGE_SHIFT,
				 TDXM_PAGE_METADATA);
	frame->unwritten = false;
	return TDXM_SUCCESS;
}

void tdxm_reset(struct tdxm *m, u64 pfn)
{
	struct tdxm_frame *frame = tdxm_frame(m, pfn);

	if (!frame)
		return;
	if (frame->type != TDXM_HOST)
		tdxm_broken(m, TDXM_RESET_ASSIGNED, pfn << TDXM_PAGE_SHIFT);
	else if (frame->unwritten)
		tdxm_broken(m, TDXM_GIVEN_UNWRITTEN, pfn << TDXM_PAGE_SHIFT);
	else
		memset(tdxm_address(m, pfn), 0, TDXM_PAGE_SIZE);
}

// SPDX-License-Identifier: GPL-2.0-only
#include "content.h"
#include "measurement.h"
#include "td.h"
#include "vp.h"

struct tdxm_td *tdxm_td(struct tdxm *m, u64 tdr)
{
	struct tdxm_frame *frame = tdxm_frame(m, tdr);

	if (!frame)
		return NULL;
	if (frame->type == TDXM_TDR)
		return frame->td;
	tdxm_broken(m, TDXM_NO_KEY, tdr << TDXM_PAGE_SHIFT);
	return NULL;
}

struct tdxm_td *tdxm_td_with_key(struct tdxm *m, u64 tdr)
{
	struct tdxm_td *td = tdxm_td(m, tdr);

	if (!td || td->key_state == TDXM_KEY_CONFIGURED)
		return td;
	tdxm_broken(m, TDXM_NO_KEY, tdr << TDXM_PAGE_SHIFT);
	return NULL;
}

/* The TD if it is initialized, besides, or NULL and a broken rule. */
static struct tdxm_td *initialized_td(struct tdxm *m, u64 tdr)
{
	struct tdxm_td *td = tdxm_td_with_key(m, tdr);

	if (!td || td->initialized)
		return td;
	tdxm_broken(m, TDXM_NOT_INITIALIZED, tdr << TDXM_PAGE_SHIFT);
	return NULL;
}

u64 tdxm_td_begin(struct tdxm *m, enum tdxm_command command, u64 tdr, struct tdxm_td **td)
{
	u64 status = tdxm_refused(m, command);

	if (status)
		return status;
	*td = initialized_td(m, tdr);
	return *td ? TDXM_SUCCESS : TDXM_OPERAND_INVALID;
}

void tdxm_td_free(struct tdxm_td *td)
{
	u8 unused[TDXM_DIGEST_SIZE];

	if (td->digest)
		tdxm_digest_end(td->digest, unused);
	tdxm_free(td->root);
	tdxm_free(td);
}

static bool key_is_free(struct tdxm *m, u16 key)
{
	if (key >= TDXM_FIRST_KEY && key < TDXM_NR_KEYS && !m->owners[key])
		return true;
	tdxm_broken(m, TDXM_KEY_TAKEN, key);
	return false;
}

static struct tdxm_td *new_td(struct tdxm *m, u64 tdr, u16 key)
{
	struct tdxm_td *td = tdxm_alloc(sizeof(*td));

	if (!td)
		return NULL;
	td->root = tdxm_alloc(sizeof(*td->root));
	if (!td->root) {
		tdxm_free(td);
		return NULL;
	}
	td->m = m;
	td->tdr = tdr;
	td->key = key;
	td->secret = ++m->secrets;
	return td;
}

u64 tdxm_mng_create(struct tdxm *m, u64 tdr, u16 key)
{
	u64 status = tdxm_refused(m, TDXM_MNG_CREATE);
	struct tdxm_td *td;

	if (status)
		return status;
	if (!key_is_free(m, key))
		return TDXM_KEY_STATE;
	td = new_td(m, tdr, key);
	if (!td)
		return TDXM_NO_MEMORY;
	status = tdxm_give(m, td, tdr, 1, TDXM_TDR);
	if (status) {
		tdxm_td_free(td);
		return status;
	}
	tdxm_content_zero(m, tdr);
	m->owners[key] = td;
	return TDXM_SUCCESS;
}

u64 tdxm_mng_key_config(struct tdxm *m, u64 tdr)
{
	u64 status = tdxm_refused(m, TDXM_MNG_KEY_CONFIG);
	struct tdxm_td *td;

	if (status)
		return status;
	td = tdxm_td(m, tdr);
	if (!td)
		return TDXM_PAGE_METADATA;
	if (td->key_state != TDXM_KEY_ASSIGNED)
		return tdxm_fail(m, TDXM_KEY_CONFIGURED_TWICE, td->key, TDXM_KEY_STATE);
	td->key_state = TDXM_KEY_CONFIGURED;
	return TDXM_SUCCESS;
}

/* Begins a command on a TD whose key has to be usable. A status; 0 sets @td. */
static u64 begin_with_key(struct tdxm *m, enum tdxm_command command, u64 tdr, struct tdxm_td **td)
{
	u64 status = tdxm_refused(m, command);

	if (status)
		return status;
	*td = tdxm_td_with_key(m, tdr);
	return *td ? TDXM_SUCCESS : TDXM_KEY_STATE;
}

u64 tdxm_mng_addcx(struct tdxm *m, u64 tdr, u64 pfn)
{
	struct tdxm_td *td;
	u64 status = begin_with_key(m, TDXM_MNG_ADDCX, tdr, &td);

	if (status)
		return status;
	if (td->control_pages == TDXM_TDCS_PAGES)
		return tdxm_fail(m, TDXM_CONTROL_PAGES, pfn << TDXM_PAGE_SHIFT,
				 TDXM_OPERAND_INVALID);
	status = tdxm_give(m, td, pfn, 1, TDXM_TDCX);
	if (status)
		return status;
	tdxm_content_zero(m, pfn);
	td->control_pages++;
	return TDXM_SUCCESS;
}

u64 tdxm_mng_init(struct tdxm *m, u64 tdr)
{
	struct tdxm_td *td;
	u64 status = begin_with_key(m, TDXM_MNG_INIT, tdr, &td);

	if (status)
		return status;
	if (td->initialized)
		return tdxm_fail(m, TDXM_INITIALIZED_TWICE, 0, TDXM_OPERAND_INVALID);
	if (td->control_pages != TDXM_TDCS_PAGES)
		return tdxm_fail(m, TDXM_CONTROL_PAGES, 0, TDXM_OPERAND_INVALID);
	td->digest = tdxm_digest_start();
	if (!td->digest)
		return TDXM_NO_MEMORY;
	td->initialized = true;
	return TDXM_SUCCESS;
}

u64 tdxm_mem_track(struct tdxm *m, u64 tdr)
{
	struct tdxm_td *td;
	u64 status = tdxm_td_begin(m, TDXM_MEM_TRACK, tdr, &td);

	if (status)
		return status;
	/* A vCPU has room for two epochs: the one that it entered in, and the next. */
	if (tdxm_vp_runs_before(td, td->epoch))
		return tdxm_fail(m, TDXM_TRACKED_EARLY, td->epoch, TDXM_EPOCH_BUSY);
	td->epoch++;
	return TDXM_SUCCESS;
}

u64 tdxm_mng_vpflushdone(struct tdxm *m, u64 tdr)
{
	struct tdxm_td *td;
	u64 status = begin_with_key(m, TDXM_MNG_VPFLUSHDONE, tdr, &td);

	if (status)
		return status;
	if (tdxm_vp_any_associated(td))
		return tdxm_fail(m, TDXM_NOT_FLUSHED, 0, TDXM_FLUSH_NOT_DONE);
	td->key_state = TDXM_KEY_FLUSHED;
	return TDXM_SUCCESS;
}

u64 tdxm_phymem_cache_wb(struct tdxm *m)
{
	u64 status = tdxm_refused(m, TDXM_PHYMEM_CACHE_WB);
	u16 key;

	if (status)
		return status;
	status = TDXM_NO_KEY_TO_WRITE_BACK;
	for (key = TDXM_FIRST_KEY; key < TDXM_NR_KEYS; key++) {
		struct tdxm_td *td = m->owners[key];

		if (!td || td->key_state != TDXM_KEY_FLUSHED)
			continue;
		td->key_state = TDXM_KEY_WRITTEN;
		status = TDXM_SUCCESS;
	}
	return status;
}

u64 tdxm_mng_key_freeid(struct tdxm *m, u64 tdr)
{
	u64 status = tdxm_refused(m, TDXM_MNG_KEY_FREEID);
	struct tdxm_td *td;

	if (status)
		return status;
	td = tdxm_td(m, tdr);
	if (!td)
		return TDXM_PAGE_METADATA;
	if (td->key_state != TDXM_KEY_WRITTEN)
		return tdxm_fail(m, TDXM_KEY_UNWRITTEN, td->key, TDXM_KEY_STATE);
	/*
	 * The TDX module allows that, and reclaims such pages one by one. KVM's code for them
	 * needs the key, so it loses them.
	 */
	if (td->guest_frames)
		tdxm_broken(m, TDXM_KEY_MAPPED, td->guest_frames);
	td->key_state = TDXM_KEY_FREED;
	m->owners[td->key] = NULL;
	return TDXM_SUCCESS;
}

static u64 reclaim_root(struct tdxm *m, struct tdxm_td *td)
{
	if (td->frames > 1)
		return tdxm_fail(m, TDXM_ROOT_EARLY, td->frames, TDXM_PAGE_METADATA);
	/* The module itself has read and written it, with its own key. */
	tdxm_take_back(m, td->tdr, 1, true);
	tdxm_td_free(td);
	return TDXM_SUCCESS;
}

u64 tdxm_phymem_page_reclaim(struct tdxm *m, u64 pfn)
{
	u64 status = tdxm_refused(m, TDXM_PHYMEM_PAGE_RECLAIM);
	struct tdxm_frame *frame;

	if (status)
		return status;
	frame = tdxm_frame(m, pfn);
	if (!frame)
		return TDXM_OPERAND_INVALID;
	if (frame->type == TDXM_HOST || pfn % TDXM_FRAMES(frame->level))
		return tdxm_fail(m, TDXM_RECLAIMED_HOST, pfn << TDXM_PAGE_SHIFT,
				 TDXM_PAGE_METADATA);
	if (frame->td->key_state != TDXM_KEY_FREED)
		return tdxm_fail(m, TDXM_RECLAIMED_EARLY, pfn << TDXM_PAGE_SHIFT,
				 TDXM_PAGE_METADATA);
	if (frame->type == TDXM_TDR)
		return reclaim_root(m, frame->td);
	if (frame->type == TDXM_REG)
		frame->td->guest_frames -= TDXM_FRAMES(frame->level);
	if (frame->type == TDXM_TDVPR)
		tdxm_vp_gone(frame->object);
	tdxm_free(frame->object);
	frame->object = NULL;
	tdxm_take_back(m, pfn, frame->level, false);
	return TDXM_SUCCESS;
}

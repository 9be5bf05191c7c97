/* SPDX-License-Identifier: GPL-2.0-only */
/* A TD: its life from TDH.MNG.CREATE to the reclaim of its root, its key, its epochs */
#ifndef TDX_MODEL_TD_H
#define TDX_MODEL_TD_H

#include "model.h"
#include "sept.h"

/* In the order in which a key goes through them */
enum tdxm_key_state {
	TDXM_KEY_ASSIGNED,
	TDXM_KEY_CONFIGURED,
	/* No vCPU is on a processor any more, and none will be. */
	TDXM_KEY_FLUSHED,
	TDXM_KEY_WRITTEN,
	TDXM_KEY_FREED,
};

struct tdxm_td {
	struct tdxm *m;
	u64 tdr;
	u64 secret;
	u16 key;
	enum tdxm_key_state key_state;
	bool initialized;
	bool finalized;
	unsigned int control_pages;
	/* Those that the module has for it, the root among them */
	unsigned long frames;
	/* Those of them that the guest has */
	unsigned long guest_frames;
	u64 epoch;
	struct tdxm_sept *root;
	struct tdxm_vp *vps[TDXM_NR_VPS];
	struct tdxm_digest *digest;
	u8 mrtd[TDXM_DIGEST_SIZE];
};

/* The TD whose root @tdr is, or NULL and a broken rule. */
struct tdxm_td *tdxm_td(struct tdxm *m, u64 tdr);
/* The TD if its key can be used, or NULL and a broken rule. */
struct tdxm_td *tdxm_td_with_key(struct tdxm *m, u64 tdr);
/* Begins a command on a TD that has to be initialized. A status; 0 sets @td. */
u64 tdxm_td_begin(struct tdxm *m, enum tdxm_command command, u64 tdr, struct tdxm_td **td);
void tdxm_td_free(struct tdxm_td *td);

u64 tdxm_mng_create(struct tdxm *m, u64 tdr, u16 key);
u64 tdxm_mng_key_config(struct tdxm *m, u64 tdr);
u64 tdxm_mng_addcx(struct tdxm *m, u64 tdr, u64 pfn);
u64 tdxm_mng_init(struct tdxm *m, u64 tdr);
u64 tdxm_mem_track(struct tdxm *m, u64 tdr);
u64 tdxm_mng_vpflushdone(struct tdxm *m, u64 tdr);
u64 tdxm_phymem_cache_wb(struct tdxm *m);
u64 tdxm_mng_key_freeid(struct tdxm *m, u64 tdr);
u64 tdxm_phymem_page_reclaim(struct tdxm *m, u64 pfn);

#endif

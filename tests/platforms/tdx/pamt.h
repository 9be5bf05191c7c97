/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of the machine's frames: to whom each belongs, as what, and in which size */
#ifndef TDX_MODEL_PAMT_H
#define TDX_MODEL_PAMT_H

#include "port.h"

enum tdxm_frame_type {
	TDXM_HOST,
	TDXM_TDR,
	TDXM_TDCX,
	TDXM_TDVPR,
	TDXM_TDVPX,
	TDXM_EPT,
	TDXM_REG,
};

struct tdxm_td;

struct tdxm_frame {
	u8 type;
	/* The size that it was given in */
	u8 level;
	/* The module has given it back, and the caches may still have lines of it. */
	bool unwritten;
	struct tdxm_td *td;
	/* The table of an EPT frame, the vCPU of a TDVPR */
	void *object;
	/* Of its content, which the host may not change */
	u64 sum;
};

#define TDXM_FRAMES(level) (1UL << (((level) - 1) * 9))

/* NULL, and a broken rule, if the frame is in no TDMR. */
struct tdxm_frame *tdxm_frame(struct tdxm *m, u64 pfn);

/* A status. The frames' content stays. */
u64 tdxm_give(struct tdxm *m, struct tdxm_td *td, u64 pfn, int level, enum tdxm_frame_type type);

/* The host gets them back. Their cache lines have to be written back if they are @unwritten. */
void tdxm_take_back(struct tdxm *m, u64 pfn, int level, bool unwritten);

/* The command TDH.PHYMEM.PAGE.WBINVD */
u64 tdxm_phymem_page_wbinvd(struct tdxm *m, u64 pfn);

/* The host clears a frame to use it again. */
void tdxm_reset(struct tdxm *m, u64 pfn);

#endif

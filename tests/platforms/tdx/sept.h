/* SPDX-License-Identifier: GPL-2.0-only */
/* The secure EPT: the private part of a TD's page tables */
#ifndef TDX_MODEL_SEPT_H
#define TDX_MODEL_SEPT_H

#include "port.h"

#define TDXM_SEPT_ENTRIES 512
/* Of the entries of the root table */
#define TDXM_SEPT_TOP 4

enum tdxm_sept_state {
	TDXM_FREE,
	TDXM_TABLE,
	/* The guest has accepted it, or it was there from the launch on. */
	TDXM_PRESENT,
	TDXM_PENDING,
	TDXM_BLOCKED,
	TDXM_PENDING_BLOCKED,
};

struct tdxm_sept_entry {
	u64 pfn : 40;
	u64 state : 4;
	/* When it was blocked */
	u64 epoch;
};

struct tdxm_sept {
	struct tdxm_sept_entry entries[TDXM_SEPT_ENTRIES];
};

struct tdxm_td;

/* The entry for @gpa at @level, or NULL if there is no table for it. */
struct tdxm_sept_entry *tdxm_sept_entry(struct tdxm_td *td, u64 gpa, int level);

/* The entry that maps @gpa, or the one where the walk ends; @level is set to its level. */
struct tdxm_sept_entry *tdxm_sept_walk(struct tdxm_td *td, u64 gpa, int *level);

/* A status: whether something of @level can be put there. Sets @entry. */
u64 tdxm_sept_vacant(struct tdxm_td *td, u64 gpa, int level, struct tdxm_sept_entry **entry);

bool tdxm_sept_is_leaf(const struct tdxm_sept_entry *entry);
bool tdxm_sept_is_blocked(const struct tdxm_sept_entry *entry);
/* The frame that a leaf of @level has for @gpa */
u64 tdxm_sept_frame(const struct tdxm_sept_entry *entry, u64 gpa, int level);

#endif

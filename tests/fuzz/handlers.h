/* SPDX-License-Identifier: GPL-2.0-only */
/* The code and the expected result of each operation */
#ifndef TESTS_FUZZ_HANDLERS_H
#define TESTS_FUZZ_HANDLERS_H

#include "world.h"

typedef void handler(struct world *w, const __u64 *arg);

/* files.c */
handler do_create, do_close, do_dup, do_fallocate, do_policy, do_seek, do_stat,
	do_refused;

/* contents.c */
handler do_populate, do_convert, do_collapse;

/* mappings.c */
handler do_map, do_unmap, do_advise, do_read, do_write, do_hold, do_release,
	do_remote;

/* machines.c */
handler do_vm, do_destroy, do_slot, do_delete, do_attributes, do_guest_read,
	do_guest_write, do_prefault;

/* limits.c */
handler do_limit;

/* By kind: for programs whose results are known, and for those that collide */
extern handler *const exact_handlers[NR_OPS];
extern handler *const colliding_handlers[NR_OPS];

#endif

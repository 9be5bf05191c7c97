/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MRTD, the measurement of a launch: a SHA-384 over a record of 128 bytes for each page that is
 * added, and over one followed by the content for each 256 bytes that are measured.
 */
#ifndef TDX_MODEL_MEASUREMENT_H
#define TDX_MODEL_MEASUREMENT_H

#include "port.h"

#define TDXM_EXTEND_SIZE 256

struct tdxm_td;

void tdxm_measure_address(struct tdxm_td *td, u64 gpa);
u64 tdxm_mr_extend(struct tdxm *m, u64 tdr, u64 gpa);
u64 tdxm_mr_finalize(struct tdxm *m, u64 tdr);

#endif

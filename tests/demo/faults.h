/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_DEMO_FAULTS_H
#define TESTS_DEMO_FAULTS_H

#include "vmm.h"

/*
 * Tells how the guest's memory came to be, when @placed bytes of it were there
 * before the guest ran.
 */
void tell_faults(const struct vmm *vmm, __u64 placed);

#endif /* TESTS_DEMO_FAULTS_H */

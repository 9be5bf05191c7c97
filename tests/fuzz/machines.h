/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_FUZZ_MACHINES_H
#define TESTS_FUZZ_MACHINES_H

#include "world.h"

/* Not with every kernel */
bool machine_can_be_had(void);
/* A VM with a vCPU and what its guests need, in a file of its own below GUEST_GPA */
void machine_open(struct vm_of *vm);
void machine_close(struct vm_of *vm);

#endif

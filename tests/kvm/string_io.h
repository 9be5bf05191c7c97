/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's string I/O, whose memory side KVM accesses */
#ifndef TESTS_KVM_STRING_IO_H
#define TESTS_KVM_STRING_IO_H

#include "vcpu.h"

#define STRING_IO_PORT	0x80

/* INS of size bytes of data to where the guest sees gva, and OUTS from there */
void ins(struct vcpu *cpu, __u64 gva, const __u8 *data, __u32 size);
void outs(struct vcpu *cpu, __u64 gva, __u8 *data, __u32 size);

#endif

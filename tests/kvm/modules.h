/* SPDX-License-Identifier: GPL-2.0-only */
/* All modules that make KVM what the tests need, from the user's to the used one. */
#ifndef TESTS_KVM_MODULES_H
#define TESTS_KVM_MODULES_H

/* kvm_amd or kvm_intel */
const char *modules_vendor(void);

/* Both fail the test or work. Nobody may use any of them. */
void modules_unload(void);
void modules_load(void);

#endif

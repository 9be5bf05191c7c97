/* SPDX-License-Identifier: GPL-2.0-only */
/* All modules that make KVM what the tests need, from the user's to the used one. */
#ifndef TESTS_KVM_MODULES_H
#define TESTS_KVM_MODULES_H

/* kvm_amd or kvm_intel */
const char *modules_vendor(void);

/*
 * All fail the test or work. What is unloaded no file or VM may use; the second
 * leaves kvm_private and what is below it.
 */
void modules_unload(void);
void modules_unload_kvm(void);
void modules_load(void);

#endif

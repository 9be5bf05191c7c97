/* SPDX-License-Identifier: GPL-2.0-only */
/* All modules that make up the tests' KVM */
#ifndef TESTS_KVM_MODULES_H
#define TESTS_KVM_MODULES_H

/* kvm_amd or kvm_intel */
const char *modules_vendor(void);

/*
 * All fail the test or work. No file or VM may use a module that is unloaded.
 * modules_unload_kvm() leaves kvm_private and the modules below it.
 */
void modules_unload(void);
void modules_unload_kvm(void);
void modules_load(void);

#endif

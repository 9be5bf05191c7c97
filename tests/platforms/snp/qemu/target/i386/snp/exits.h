/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The exits of guests whose registers are in a VMSA: automatic ones, and those
 * that the guest gets a #VC for instead
 */
#ifndef SNP_EXITS_H
#define SNP_EXITS_H

#define SVM_EXIT_EFER_WRITE_TRAP    0x08f
#define SVM_EXIT_CR0_WRITE_TRAP     0x090
#define SVM_EXIT_CR15_WRITE_TRAP    0x09f
#define SVM_EXIT_VMGEXIT            0x403

/*
 * Returns if the exit is one that the hypervisor sees; raises a #VC with the
 * exit's code otherwise.
 */
void snp_filter_exit(CPUX86State *env, uint32_t code, uint64_t info,
                     uintptr_t retaddr);

/*
 * For instructions that the hypervisor can't skip: an intercepted one exits
 * after it. Returns if the guest isn't one of these or doesn't exit.
 */
void snp_exit_after(CPUX86State *env, uint32_t code, int length);

#endif

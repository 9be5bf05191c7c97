/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * VMRUN and #VMEXIT of a guest whose registers are in a VMSA. QEMU's own code
 * calls these at the points that their names say; each does nothing for other
 * guests.
 */
#ifndef SNP_VMSA_H
#define SNP_VMSA_H

/* The VMCB's controls are loaded; the guest's registers aren't yet. */
void snp_vmrun_begin(CPUX86State *env, uint64_t nested_ctl, uint32_t asid,
                     uintptr_t retaddr);
/* QEMU has loaded what it knows of the registers. */
void snp_vmrun_loaded(CPUX86State *env);
/* The guest's registers aren't saved yet. */
void snp_vmexit_begin(CPUX86State *env);
/* QEMU has saved what it knows of them. */
void snp_vmexit_saved(CPUX86State *env);
/* QEMU has loaded what it knows of the host's registers. */
void snp_vmexit_loaded(CPUX86State *env);

/* Does a processor run a guest with this VMSA? */
bool snp_vmsa_in_use(uint64_t vmsa);

#endif

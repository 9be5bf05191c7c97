/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guests: short routines in long mode that end with HLT. Arguments are in
 * RDI, RSI, RDX and RCX, the result is in RAX.
 */
#ifndef TESTS_KVM_GUESTS_H
#define TESTS_KVM_GUESTS_H

/* All of them lie between these two and are copied to CODE_GPA as one piece. */
extern const char guests_begin[];
extern const char guests_end[];

/* In whole pages */
#define CODE_SIZE	((guests_end - guests_begin + 4095) & -4096)

/* RAX = word at RDI */
extern const char guest_peek[];
/* word at RDI = RSI */
extern const char guest_poke[];
/* All words of RSI pages from RDI on = RDX + address of their page */
extern const char guest_fill[];
/*
 * Checks the words that guest_fill wrote: RAX = number of words that are neither
 * those nor zero (the first of them: R8 address, R9 value), RBX = number of zero
 * words.
 */
extern const char guest_check[];
/*
 * The same for the first word of each page alone; here zero is wrong as well:
 * RAX = number of wrong words (the first of them: R8 address, R9 value).
 */
extern const char guest_fill_heads[];
extern const char guest_check_heads[];
/*
 * Goes over RSI pages from RDI on for ever and counts the rounds in the word at
 * RCX, for the host to see. HLT if the first or the last word of a page isn't the
 * one that guest_fill wrote.
 */
extern const char guest_watch[];

/*
 * Goes over RSI pages from RDI on for ever and looks at the first and the last
 * word of each. Each of their bytes must be zero, or that of the page's address
 * plus R10, R11 or R12; else HLT with R8 = address, R9 = value. Unless RDX is 0
 * it then writes RDX + the page's address to both. R10 to R12 and RDX have
 * nothing but their top byte. R15 counts rounds.
 */
extern const char guest_patrol[];

/* RCX bytes from port DX to RDI, or from RSI to port DX, as string I/O */
extern const char guest_ins[];
extern const char guest_outs[];
/* RCX quadwords from RSI to RDI with one rep movsq */
extern const char guest_movs[];
/* MSR DI = RSI */
extern const char guest_wrmsr[];
/* LGDT and LIDT from RDI and RDI + 16; SGDT, SIDT, SLDT and STR to RDI + 32 and on */
extern const char guest_descriptors[];
/* VMRUN with the VMCB at RAX, see svm.c */
extern const char guest_vmrun[];
/* VMLAUNCH as RSP tells, and what follows L2's exit, see vmx.c */
extern const char guest_vmlaunch[];
extern const char guest_vmexit[];

/*
 * With KVM's forced emulation prefix, so that KVM's emulator executes the one
 * instruction: a load and a store as guest_peek and guest_poke, a locked
 * compare-and-exchange (expects RSI at RDI, puts RDX there, RAX = what it found),
 * a locked exchange-and-add (adds RSI, RAX = the value before), and guest_patrol
 * with every load and store.
 */
extern const char guest_emulated_peek[];
extern const char guest_emulated_poke[];
extern const char guest_emulated_cmpxchg[];
extern const char guest_emulated_xadd[];
extern const char guest_emulated_patrol[];

#endif

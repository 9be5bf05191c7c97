/* SPDX-License-Identifier: GPL-2.0-only */
/* Included by guests: instructions of SEV-SNP that the assembler may not know */
#define GHCB_MSR	0xc0010130

	/* RAX, RCX and RDX as the instruction wants and leaves them */
	.macro PVALIDATE
	.byte	0xf2, 0x0f, 0x01, 0xff
	.endm

	.macro RMPADJUST
	.byte	0xf3, 0x0f, 0x01, 0xfe
	.endm

	/* With RAX in the GHCB's MSR; overwrites RCX and RDX. */
	.macro VMGEXIT
	mov	%rax, %rdx
	shr	$32, %rdx
	mov	$GHCB_MSR, %ecx
	wrmsr
	.byte	0xf3, 0x0f, 0x01, 0xd9
	.endm

	/* The same; RAX gets what the MSR has then. */
	.macro VMGEXIT_ANSWERED
	VMGEXIT
	rdmsr
	shl	$32, %rdx
	or	%rdx, %rax
	.endm

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where an SNP guest's firmware would be. Linux expects that all of its memory is valid, and
 * only a guest can validate it: 2 MiB at once where the RMP has them so. RSI is Linux's.
 */
#include "snp_stub.h"

#define GHCB_MSR	0xc0010130
#define GHCB_TERMINATE	0x100

#define PAGE_SIZE	0x1000
#define LARGE_SIZE	0x200000
#define SIZE_MISMATCH	6	/* of PVALIDATE */

	/* RAX: the page, ECX: whether it is large. Then EAX: the result, DL: no effect */
	.macro VALIDATE
	mov	$1, %edx
	.byte	0xf2, 0x0f, 0x01, 0xff
	setc	%dl
	.endm

	.section .rodata.snp_stub, "a", @progbits
	.code64

	.balign 4096
	.globl snp_stub_begin
snp_stub_begin:
	lea	snp_stub_begin+STUB_RANGES(%rip), %rbx
next_range:
	mov	(%rbx), %r8
	mov	8(%rbx), %r9
	add	$16, %rbx
	test	%r9, %r9
	jz	done
next_page:
	cmp	%r9, %r8
	jae	next_range
	test	$(LARGE_SIZE - 1), %r8
	jnz	small
	lea	LARGE_SIZE(%r8), %r10
	cmp	%r9, %r10
	ja	small
	mov	%r8, %rax
	mov	$1, %ecx
	VALIDATE
	cmp	$SIZE_MISMATCH, %eax
	je	small
	or	%dl, %al
	jnz	failed
	mov	%r10, %r8
	jmp	next_page
small:
	mov	%r8, %rax
	xor	%ecx, %ecx
	VALIDATE
	or	%dl, %al
	jnz	failed
	add	$PAGE_SIZE, %r8
	jmp	next_page
done:
	jmp	*snp_stub_begin+STUB_ENTRY(%rip)
failed:
	mov	$(GHCB_TERMINATE | STUB_REASON_SET << 12), %eax
	xor	%edx, %edx
	mov	$GHCB_MSR, %ecx
	wrmsr
	.byte	0xf3, 0x0f, 0x01, 0xd9
	jmp	failed

	/* The assembler refuses to go back if the code is longer. */
	.org	snp_stub_begin + STUB_ENTRY
	.globl snp_stub_end
snp_stub_end:

	.section .note.GNU-stack, "", @progbits

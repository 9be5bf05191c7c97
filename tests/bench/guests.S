/* SPDX-License-Identifier: GPL-2.0-only */

	.macro GUEST name
	.globl \name
	.balign 16
\name:
	.endm

	/*
	 * Does \what with RCX words in each page, which are RAX, and then
	 * \after.
	 */
	.macro EACH_PAGE what:req, after
	cld
	mov	%rcx, %r8
	mov	%rdi, %rbx
1:	lea	(%rbx, %rdx), %rax
	mov	%rbx, %rdi
	mov	%r8, %rcx
	\what
	\after
	add	$4096, %rbx
	dec	%rsi
	jnz	1b
	.endm

	.macro COUNT_DIFFERENT
	je	2f
	inc	%r9
2:
	.endm

	.section .rodata.guests, "a", @progbits
	.code64

	.balign 4096
	.globl guests_begin
guests_begin:

GUEST guest_write
	EACH_PAGE "rep stosq"
	hlt

GUEST guest_read
	xor	%r9d, %r9d
	EACH_PAGE "repe scasq", COUNT_DIFFERENT
	mov	%r9, %rax
	hlt

GUEST guest_copy
	cld
	rep movsq
	hlt

	.globl guests_end
guests_end:

	.section .note.GNU-stack, "", @progbits

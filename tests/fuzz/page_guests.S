/* SPDX-License-Identifier: GPL-2.0-only */
/* The accesses of the fuzzer's guests to a page; see page_guests.h. */

	.section .rodata.guests, "a", @progbits
	.code64

	.balign 4096
	.globl guests_begin
guests_begin:

	.globl guest_read
guest_read:
	mov	(%rdi), %rax
	mov	8(%rdi), %rbx
	mov	2048(%rdi), %rcx
	mov	4088(%rdi), %rdx
	hlt

	.globl guest_write
guest_write:
	mov	%rsi, (%rdi)
	hlt

	.globl guest_write_all
guest_write_all:
	mov	%rsi, (%rdi)
	mov	%rcx, 4088(%rdi)
	add	$8, %rdi
	mov	%rdx, %rax
	mov	$510, %ecx
	cld
	rep stosq
	hlt

	.globl guests_end
guests_end:

	.section .note.GNU-stack, "", @progbits

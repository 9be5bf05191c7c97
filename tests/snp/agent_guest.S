/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that carries out the orders which its host puts in a mailbox, one after the other.
 * It handles one exception: #VC of a page that isn't validated.
 *
 * RBX: top of the stack, R12: the request by which it rings for its host, R14: the mailbox.
 */
#include "agent_layout.h"
#include "guest_instructions.S"

#define EFER_MSR	0xc0000080
#define CR0_TS		8
#define PAGE_SIZE	0x1000
#define LARGE_SIZE	0x200000

	.section .rodata.guests, "a", @progbits
	.code64

	.balign 4096
	.globl guests_begin
guests_begin:
	mov	BOX_ADDRESS(%r14), %rdi
	mov	BOX_SIZE(%r14), %rsi
	mov	BOX_VALUE(%r14), %rdx
	mov	BOX_ORDER(%r14), %eax
	xor	%r15d, %r15d
	xor	%r13d, %r13d
	cmp	$ORDER_VALIDATE, %eax
	je	validate
	cmp	$ORDER_FILL, %eax
	je	fill
	cmp	$ORDER_CHECK, %eax
	je	check
	cmp	$ORDER_PATROL, %eax
	je	patrol
	cmp	$ORDER_SCRIBBLE, %eax
	je	scribble
	cmp	$ORDER_CONTROL, %eax
	je	control
	cmp	$ORDER_VMGEXIT, %eax
	je	vmgexit
	cmp	$ORDER_RMPADJUST, %eax
	je	rmpadjust
	hlt

	/* RAX: the result, RDI: its address */
answer:
	mov	%rax, BOX_RESULT(%r14)
	mov	%rdi, BOX_AT(%r14)
	mov	%r15, BOX_VALIDATED(%r14)
	mov	%r12, %rax
	VMGEXIT
	jmp	guests_begin

validate:
	mov	$PAGE_SIZE, %r8d
	mov	%edx, %ecx
	shr	$1, %ecx
	jz	1f
	mov	$LARGE_SIZE, %r8d
1:	and	$1, %edx
2:	mov	%rdi, %rax
	PVALIDATE
	jc	3f
	mov	%eax, %eax
	test	%eax, %eax
	jnz	answer
	add	%r8, %rdi
	sub	%r8, %rsi
	ja	2b
	jmp	answer
3:	mov	$RESULT_SAME, %eax
	jmp	answer

fill:
	mov	%rdx, (%rdi)
	add	$8, %rdx
	add	$8, %rdi
	sub	$8, %rsi
	ja	fill
	xor	%eax, %eax
	jmp	answer

	/* R8: the first address that has another word */
check:
	xor	%eax, %eax
	xor	%r8d, %r8d
1:	cmp	%rdx, (%rdi)
	je	2f
	test	%eax, %eax
	cmovz	%rdi, %r8
	inc	%rax
2:	add	$8, %rdx
	add	$8, %rdi
	sub	$8, %rsi
	ja	1b
	mov	%r8, %rdi
	jmp	answer

	/* R13: a page is to be validated, and the access repeated */
patrol:
	mov	$1, %r13d
1:	mov	%rdi, %r8
	mov	%rsi, %r9
2:	mov	%r15, %r10
	mov	%rdx, (%r8)
	mov	(%r8), %rax
	cmp	%rax, %rdx
	je	3f
	cmp	%r10, %r15
	je	4f
3:	add	$PAGE_SIZE, %r8
	sub	$PAGE_SIZE, %r9
	ja	2b
	inc	%rdx
	incq	BOX_ROUNDS(%r14)
	cmpq	$0, BOX_STOP(%r14)
	je	1b
	xor	%eax, %eax
	jmp	answer
4:	mov	%r8, %rdi
	mov	$1, %eax
	jmp	answer

scribble:
	mov	%rdi, %r8
	mov	%rsi, %r9
1:	mov	%rdx, (%r8)
	add	$PAGE_SIZE, %r8
	sub	$PAGE_SIZE, %r9
	ja	1b
	inc	%rdx
	incq	BOX_ROUNDS(%r14)
	cmpq	$0, BOX_STOP(%r14)
	je	scribble
	xor	%eax, %eax
	jmp	answer

	.macro FLIP register
	mov	\register, %rax
	xor	%rdx, %rax
	mov	%rax, \register
	mov	\register, %rax
	jmp	answer
	.endm

control:
	cmp	$CONTROL_CR4, %edi
	je	1f
	cmp	$CONTROL_CR8, %edi
	je	2f
	cmp	$CONTROL_EFER, %edi
	je	3f
	cmp	$CONTROL_CLTS, %edi
	je	4f
	cmp	$CONTROL_LMSW, %edi
	je	5f
	FLIP	%cr0
1:	FLIP	%cr4
2:	FLIP	%cr8
3:	mov	$EFER_MSR, %ecx
	mov	%edx, %r8d
	rdmsr
	xor	%r8d, %eax
	wrmsr
	rdmsr
	jmp	answer
4:	clts
	jmp	6f
5:	smsw	%eax
	or	$CR0_TS, %eax
	lmsw	%ax
6:	mov	%cr0, %rax
	jmp	answer

vmgexit:
	mov	%rdi, %rax
	VMGEXIT_ANSWERED
	jmp	answer

rmpadjust:
	mov	%rdi, %rax
	xor	%ecx, %ecx
	RMPADJUST
	mov	%eax, %eax
	jmp	answer

	.globl agent_vc
agent_vc:
	test	%r13, %r13
	jnz	1f
	pop	%rax
	mov	%rbx, %rsp
	movabs	$RESULT_FAULT, %rcx
	or	%rcx, %rax
	mov	%cr2, %rdi
	jmp	answer
1:	push	%rax
	push	%rcx
	push	%rdx
	mov	%cr2, %rax
	and	$-PAGE_SIZE, %rax
	xor	%ecx, %ecx
	mov	$1, %edx
	PVALIDATE
	inc	%r15
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$8, %rsp
	iretq

	.globl guests_end
guests_end:

	.section .note.GNU-stack, "", @progbits

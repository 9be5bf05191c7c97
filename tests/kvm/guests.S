/* SPDX-License-Identifier: GPL-2.0-only */

	.macro GUEST name
	.globl \name
	.balign 16
\name:
	.endm

	/* KVM emulates the next instruction: ud2 and the letters "kvm". */
	.macro EMULATED
	.byte 0x0f, 0x0b, 'k', 'v', 'm'
	.endm

	.section .rodata.guests, "a", @progbits
	.code64

	.balign 4096
	.globl guests_begin
guests_begin:

GUEST guest_peek
	mov	(%rdi), %rax
	hlt

GUEST guest_poke
	mov	%rsi, (%rdi)
	hlt

GUEST guest_fill
	cld
1:	lea	(%rdi, %rdx), %rax
	mov	$512, %ecx
	rep stosq
	dec	%rsi
	jnz	1b
	hlt

GUEST guest_check
	xor	%eax, %eax
	xor	%ebx, %ebx
1:	lea	(%rdi, %rdx), %r10
	mov	$512, %ecx
2:	mov	(%rdi), %r11
	test	%r11, %r11
	jz	4f
	cmp	%r10, %r11
	je	5f
	test	%rax, %rax
	jnz	3f
	mov	%rdi, %r8
	mov	%r11, %r9
3:	inc	%rax
	jmp	5f
4:	inc	%rbx
5:	add	$8, %rdi
	dec	%ecx
	jnz	2b
	dec	%rsi
	jnz	1b
	hlt

GUEST guest_check_heads
	xor	%eax, %eax
1:	lea	(%rdi, %rdx), %r10
	mov	(%rdi), %r11
	cmp	%r10, %r11
	je	3f
	test	%rax, %rax
	jnz	2f
	mov	%rdi, %r8
	mov	%r11, %r9
2:	inc	%rax
3:	add	$4096, %rdi
	dec	%rsi
	jnz	1b
	hlt

GUEST guest_fill_heads
1:	lea	(%rdi, %rdx), %rax
	mov	%rax, (%rdi)
	add	$4096, %rdi
	dec	%rsi
	jnz	1b
	hlt

GUEST guest_watch
1:	mov	%rdi, %rbx
	mov	%rsi, %r9
2:	lea	(%rbx, %rdx), %rax
	cmp	%rax, (%rbx)
	jne	3f
	cmp	%rax, 4088(%rbx)
	jne	3f
	add	$4096, %rbx
	dec	%r9
	jnz	2b
	incq	(%rcx)
	jmp	1b
3:	hlt

	/*
	 * Looks at the word at \offset of the page at RBX, and jumps to 9 if it
	 * is bad. KVM and the file copy byte by byte, so that the guest may see
	 * a word half written. So each byte is compared for itself.
	 */
	.macro LOOK offset, prefix
	\prefix
	mov	\offset(%rbx), %r9
	lea	\offset(%rbx), %r8
	mov	%r9, %rax
	mov	%rbx, %r13
	mov	$7, %r14d
6:	test	%al, %al
	jz	7f
	cmp	%r13b, %al
	jne	9f
7:	shr	$8, %rax
	shr	$8, %r13
	dec	%r14d
	jnz	6b
	test	%al, %al
	jz	8f
	cmp	%r10b, %al
	je	8f
	cmp	%r11b, %al
	je	8f
	cmp	%r12b, %al
	jne	9f
8:
	.endm

	.macro PATROL prefix
	xor	%r15d, %r15d
	shr	$56, %r10
	shr	$56, %r11
	shr	$56, %r12
1:	mov	%rdi, %rbx
	mov	%rsi, %rcx
2:	LOOK	0, \prefix
	LOOK	4088, \prefix
	test	%rdx, %rdx
	jz	3f
	lea	(%rbx, %rdx), %rax
	\prefix
	mov	%rax, (%rbx)
	\prefix
	mov	%rax, 4088(%rbx)
3:	add	$4096, %rbx
	dec	%rcx
	jnz	2b
	inc	%r15
	jmp	1b
9:	hlt
	.endm

GUEST guest_patrol
	PATROL

GUEST guest_emulated_patrol
	PATROL	EMULATED

GUEST guest_ins
	cld
	rep insb
	hlt

GUEST guest_outs
	cld
	rep outsb
	hlt

GUEST guest_movs
	cld
	rep movsq
	hlt

GUEST guest_wrmsr
	mov	%edi, %ecx
	mov	%esi, %eax
	mov	%rsi, %rdx
	shr	$32, %rdx
	wrmsr
	hlt

GUEST guest_descriptors
	lgdt	(%rdi)
	lidt	16(%rdi)
	sgdt	32(%rdi)
	sidt	48(%rdi)
	sldt	64(%rdi)
	str	66(%rdi)
	hlt

GUEST guest_vmrun
	vmrun
	hlt

	/* RSP + 40 tells what failed: one of these, or the field that was written */
	.macro STEP number
	movq	$\number, 40(%rsp)
	.endm

GUEST guest_vmlaunch
	STEP	1
	vmxon	(%rsp)
	jbe	2f
	STEP	2
	vmclear	8(%rsp)
	jbe	2f
	STEP	3
	vmptrld	8(%rsp)
	jbe	2f
	lea	72(%rsp), %r14
	mov	64(%rsp), %r15
1:	mov	(%r14), %r13
	mov	8(%r14), %r12
	mov	%r13, 40(%rsp)
	vmwrite	%r12, %r13
	jbe	2f
	add	$16, %r14
	dec	%r15
	jnz	1b
	STEP	4
	mov	$2, %r13d
	invept	48(%rsp), %r13
	jbe	2f
	STEP	5
	vmlaunch
2:	hlt

GUEST guest_vmexit
	STEP	0
	mov	%rax, 16(%rsp)
	mov	$0x4402, %eax
	vmread	%rax, 24(%rsp)
	mov	$0x681e, %eax
	vmread	%rax, 32(%rsp)
	vmxoff
	hlt

GUEST guest_emulated_peek
	EMULATED
	mov	(%rdi), %rax
	hlt

GUEST guest_emulated_poke
	EMULATED
	mov	%rsi, (%rdi)
	hlt

GUEST guest_emulated_cmpxchg
	mov	%rsi, %rax
	EMULATED
	lock cmpxchg %rdx, (%rdi)
	hlt

GUEST guest_emulated_xadd
	mov	%rsi, %rax
	EMULATED
	lock xadd %rax, (%rdi)
	hlt

	.globl guests_end
guests_end:

	.section .note.GNU-stack, "", @progbits

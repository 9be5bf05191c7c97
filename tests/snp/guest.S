/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest without stack, interrupts and exceptions: any fault ends it. It talks
 * to its host through the GHCB MSR alone. With R15 set it rehearses in a
 * software-protected VM: hypercalls take the place of the MSR and of the
 * termination request, and no page is validated.
 */
#include "guest_instructions.S"
#include "layout.h"

#define GHCB_PSC	0x014
#define GHCB_PSC_DONE	0x015
#define GHCB_TERMINATE	0x100

#define MAP_GPA_RANGE	12
#define TO_PRIVATE	1
#define TO_SHARED	2

#define PAGE_SIZE	0x1000
#define LARGE_SIZE	0x200000
#define SIZE_MISMATCH	6	/* of PVALIDATE */

	.macro END code
	mov	$\code, %ebp
	jmp	the_end
	.endm

	.macro FILL address, words
	mov	$\address, %rdi
	movabs	$\words, %rax
	mov	$PAGE_WORDS, %ecx
1:	mov	%rax, (%rdi)
	inc	%rax
	add	$8, %rdi
	dec	%ecx
	jnz	1b
	.endm

	.macro EXPECT address, words, code
	mov	$\address, %rdi
	movabs	$\words, %rax
	mov	$PAGE_WORDS, %ecx
1:	cmp	%rax, (%rdi)
	jne	2f
	inc	%rax
	add	$8, %rdi
	dec	%ecx
	jnz	1b
	jmp	3f
2:	END	\code
3:
	.endm

	/* Asks the host for a page state change. */
	.macro CHANGE gpa, to, code
	test	%r15, %r15
	jnz	1f
	movabs	$(\to << 52 | \gpa | GHCB_PSC), %rax
	VMGEXIT_ANSWERED
	cmp	$GHCB_PSC_DONE, %rax
	je	3f
	jmp	2f
1:	mov	$MAP_GPA_RANGE, %eax
	mov	$\gpa, %ebx
	mov	$1, %ecx
	mov	$((2 - \to) << 4), %edx
	vmmcall
	test	%rax, %rax
	jz	3f
2:	END	\code
3:
	.endm

	/* Validates 2 MiB at once, or page by page if the RMP has them so. */
	.macro VALIDATE_ALL gpa, code
	test	%r15, %r15
	jnz	4f
	mov	$\gpa, %rax
	mov	$1, %ecx
	mov	$1, %edx
	PVALIDATE
	jc	3f
	test	%eax, %eax
	jz	4f
	cmp	$SIZE_MISMATCH, %eax
	jne	3f
	mov	$\gpa, %rbx
1:	mov	%rbx, %rax
	xor	%ecx, %ecx
	mov	$1, %edx
	PVALIDATE
	jc	3f
	test	%eax, %eax
	jnz	3f
	add	$PAGE_SIZE, %rbx
	cmp	$(\gpa + LARGE_SIZE), %rbx
	jb	1b
	jmp	4f
3:	END	\code
4:
	.endm

	/* An instruction without effect is an error too (CF). */
	.macro VALIDATE gpa, on, code
	test	%r15, %r15
	jnz	2f
	mov	$\gpa, %rax
	xor	%ecx, %ecx
	mov	$\on, %edx
	PVALIDATE
	jc	1f
	test	%eax, %eax
	jz	2f
1:	END	\code
2:
	.endm

	.section .rodata.guests, "a", @progbits
	.code64

	.balign 4096
	.globl guests_begin
guests_begin:
	EXPECT	INPLACE_GPA, INPLACE_WORDS, END_INPLACE
	EXPECT	SOURCE_GPA, SOURCE_WORDS, END_SOURCE

	/* Share a page, read the host's words, answer. */
	VALIDATE TALK_GPA, 0, END_RESCIND
	CHANGE	TALK_GPA, TO_SHARED, END_SHARE
	EXPECT	FINE_VA + TALK_GPA, HOST_WORDS, END_HOST_WORDS
	FILL	FINE_VA + TALK_GPA, GUEST_WORDS

	/* Take it back and keep a secret in it; give it away with that. */
	CHANGE	TALK_GPA, TO_PRIVATE, END_TAKE_BACK
	VALIDATE TALK_GPA, 1, END_VALIDATE
	FILL	TALK_GPA, SECRET_WORDS
	EXPECT	TALK_GPA, SECRET_WORDS, END_SECRET
	VALIDATE TALK_GPA, 0, END_RESCIND_AGAIN
	CHANGE	TALK_GPA, TO_SHARED, END_SHARE_AGAIN

	/* Two pages of one large page, and all of another */
	VALIDATE PIECES_GPA+3*PAGE_SIZE, 1, END_PIECES
	VALIDATE PIECES_GPA+4*PAGE_SIZE, 1, END_PIECES
	FILL	PIECES_GPA+3*PAGE_SIZE, PIECES_WORDS
	FILL	PIECES_GPA+4*PAGE_SIZE, PIECES_WORDS
	EXPECT	PIECES_GPA+3*PAGE_SIZE, PIECES_WORDS, END_NOT_KEPT
	EXPECT	PIECES_GPA+4*PAGE_SIZE, PIECES_WORDS, END_NOT_KEPT
	VALIDATE_ALL WHOLE_GPA, END_WHOLE
	FILL	WHOLE_GPA, WHOLE_WORDS
	FILL	WHOLE_LAST, WHOLE_WORDS
	EXPECT	WHOLE_GPA, WHOLE_WORDS, END_NOT_KEPT
	EXPECT	WHOLE_LAST, WHOLE_WORDS, END_NOT_KEPT

	/* Ring for the host, which punches a page that was in use. */
	FILL	HOLE_GPA, SECRET_WORDS
	CHANGE	HOLE_GPA, TO_PRIVATE, END_BELL
	VALIDATE HOLE_GPA, 1, END_NOT_REPLACED
	test	%r15, %r15
	jz	1f
	cmpq	$0, HOLE_GPA
	je	1f
	END	END_NOT_REPLACED
1:
	FILL	HOLE_GPA, REFILL_WORDS
	EXPECT	HOLE_GPA, REFILL_WORDS, END_REFILL

	mov	$END_DONE, %ebp

the_end:
	test	%r15, %r15
	jnz	1f
	mov	%rbp, %rax
	shl	$16, %rax
	or	$GHCB_TERMINATE, %rax
	VMGEXIT_ANSWERED
1:	hlt
	jmp	the_end

	.globl guests_end
guests_end:

	.section .note.GNU-stack, "", @progbits

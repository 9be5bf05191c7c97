/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that shows its host the keys for messages to the firmware, and then
 * sends each message that the host has written, without a look at it.
 */
#include "guest_instructions.S"
#include "requester_layout.h"

#define GHCB_REGISTER		0x012
#define GHCB_PSC		0x014
#define TO_SHARED		2

#define GHCB_EXIT_CODE		0x390
#define GHCB_EXIT_INFO_1	0x398
/* Of the bitmap: these three are valid. */
#define GHCB_VALID_EXIT		0x3fe
#define VALID_EXIT		0x1c
#define GHCB_VERSION		0xffa
#define GHCB_USAGE		0xffc

#define EXIT_GUEST_REQUEST	0x80000011

	.section .rodata.guests, "a", @progbits
	.code64

	.balign 4096
	.globl requester_code
requester_code:
	mov	$(SECRETS_GPA + SECRETS_KEYS), %rsi
	mov	$(SHARED_VA + KEYS_GPA), %rdi
	mov	$KEYS_SIZE, %ecx
	rep movsb

	mov	$(GHCB_GPA | GHCB_REGISTER), %eax
	VMGEXIT

1:	movabs	$(TO_SHARED << 52 | BELL_GPA | GHCB_PSC), %rax
	VMGEXIT

	mov	$(SHARED_VA + GHCB_GPA), %rdi
	mov	$EXIT_GUEST_REQUEST, %eax
	mov	%rax, GHCB_EXIT_CODE(%rdi)
	movq	$REQUEST_GPA, GHCB_EXIT_INFO_1(%rdi)
	movq	$RESPONSE_GPA, GHCB_EXIT_INFO_2(%rdi)
	movb	$VALID_EXIT, GHCB_VALID_EXIT(%rdi)
	movw	$2, GHCB_VERSION(%rdi)
	movl	$0, GHCB_USAGE(%rdi)
	mov	$GHCB_GPA, %eax
	VMGEXIT
	jmp	1b

	.globl requester_code_end
requester_code_end:

	.section .note.GNU-stack, "", @progbits

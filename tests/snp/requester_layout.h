/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agreement of requester_guest.S and its host. The first 2 MiB are mapped
 * twice: one to one as private memory, and from SHARED_VA on as shared one.
 */
#ifndef TESTS_SNP_REQUESTER_LAYOUT_H
#define TESTS_SNP_REQUESTER_LAYOUT_H

#include "../kvm/layout.h"

#define REQUESTER_SIZE	0x200000
#define SHARED_VA	FINE_VA

#define SHARED_PD_GPA	0x4000
#define REQUESTER_TABLES_SIZE	0x4000

#define SECRETS_GPA	0x20000

/* The host writes a request and finds the response; both are pages. */
#define SHARED_GPA	0x100000
#define GHCB_GPA	0x100000
#define REQUEST_GPA	0x101000
#define RESPONSE_GPA	0x102000
/* The guest's keys, which it gives away since this is a test */
#define KEYS_GPA	0x103000
#define SHARED_SIZE	0x4000

/* Not in a slot: the guest asks for its conversion to say that it is ready. */
#define BELL_GPA	0x180000

#define SECRETS_KEYS	0x20
#define KEYS_SIZE	0x80

#define GHCB_EXIT_INFO_2	0x3a0

#endif

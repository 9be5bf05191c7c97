/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Guests of SEV and SEV-ES, for the files with their commands. The RMP has
 * nothing to do with them: their pages are the hypervisor's. A guest's key is
 * all that keeps others from reading its memory.
 */
#ifndef PSP_SEV_GUEST_H
#define PSP_SEV_GUEST_H

#include "psp.h"

#define PSP_POLICY_NO_DEBUG     (1u << 0)
#define PSP_POLICY_ES           (1u << 2)
#define PSP_POLICY_API_MINOR(p) ((p) >> 24)
#define PSP_POLICY_API_MAJOR(p) ((p) >> 16 & 0xff)

/* Addresses and sizes of what is encrypted are multiples of this. */
#define PSP_SEV_UNIT            16

#define PSP_SEV_DIGEST_SIZE     32

typedef enum PSPSevState {
    PSP_SEV_LAUNCH_UPDATE = 1,
    PSP_SEV_LAUNCH_SECRET = 2,
    PSP_SEV_RUNNING = 3,
} PSPSevState;

typedef struct PSPSevGuest {
    PSPSevState state;
    uint32_t policy;
    uint32_t asid;      /* 0 while it isn't active */
    uint64_t key;
    uint8_t integrity_key[PSP_SEV_DIGEST_SIZE];
    GChecksum *launched;
} PSPSevGuest;

/* Finds none for a handle that isn't one. */
PSPSevGuest *psp_sev_guest(PSPState *s, uint32_t handle);
/* Takes the guest over and returns its handle. */
uint32_t psp_sev_add_guest(PSPState *s, PSPSevGuest *guest);

#endif

/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Messages of guests to the firmware: what each type answers
 */
#ifndef PSP_MESSAGE_H
#define PSP_MESSAGE_H

#include "psp.h"

typedef struct PSPRequest {
    PSPState *psp;
    const PSPGuest *guest;
    /* The VMPL whose key the guest used */
    unsigned vmpl;
    const void *text;
} PSPRequest;

/*
 * These fill a response that is all zeros, but for the status with which it
 * begins: the guest gets it even if its request is refused.
 */
PSPStatus psp_answer_report(const PSPRequest *request, void *response);
PSPStatus psp_answer_key(const PSPRequest *request, void *response);

/*
 * Is there the key of the chip that a guest asks for: whichever there is (0),
 * the VCEK (1) or the VLEK (2)? No VLEK is ever loaded.
 */
static inline bool psp_has_chip_key(const PSPGuest *guest, uint32_t key)
{
    return key <= 1 && !guest->vcek_disabled;
}

#define PSP_REPORT_REQUEST_SIZE     0x60
#define PSP_REPORT_RESPONSE_SIZE    0x4c0
#define PSP_KEY_REQUEST_SIZE        0x20
#define PSP_KEY_RESPONSE_SIZE       0x40

#endif

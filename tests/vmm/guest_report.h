/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_GUEST_REPORT_H
#define TESTS_VMM_GUEST_REPORT_H

#include "../snp/message.h"
#include "guest_process.h"

/*
 * Has the guest, a shell of which listens, ask the platform's firmware for an attestation
 * report with @nonce in it, through Linux's own driver
 */
void guest_report(struct guest_process *guest, const char *nonce, struct report *report);

#endif /* TESTS_VMM_GUEST_REPORT_H */

/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * MSG_REPORT: the attestation report
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "cpu.h"
#include "crypto.h"
#include "message.h"

struct QEMU_PACKED report {
    uint32_t version;
    uint32_t guest_svn;
    uint64_t policy;
    uint8_t family[16];
    uint8_t image[16];
    uint32_t vmpl;
    uint32_t signature_algorithm;
    uint64_t current_tcb;
    uint64_t platform;
    uint32_t keys;
    uint32_t reserved;
    uint8_t data[64];
    uint8_t measurement[PSP_DIGEST_SIZE];
    uint8_t host_data[32];
    uint8_t id_key_digest[PSP_DIGEST_SIZE];
    uint8_t author_key_digest[PSP_DIGEST_SIZE];
    uint8_t report_id[32];
    uint8_t report_id_agent[32];
    uint64_t reported_tcb;
    uint8_t reserved_2[24];
    char chip_id[64];
    uint64_t committed_tcb;
    uint8_t current_version[4];     /* build, minor and major number */
    uint8_t committed_version[4];
    uint64_t launch_tcb;
    uint8_t reserved_3[168];
    uint8_t r[PSP_NUMBER_SIZE];
    uint8_t s[PSP_NUMBER_SIZE];
    uint8_t reserved_4[368];
};
QEMU_BUILD_BUG_ON(sizeof(struct report) != 0x4a0);

#define REPORT_VERSION      2
#define ECDSA_P384_SHA384   1
/* In "keys"; no flag of these: it is signed with the VCEK. */
#define KEYS_AUTHOR         (1u << 0)
#define KEYS_MASK_CHIP_KEY  (1u << 1)
#define KEYS_UNSIGNED       (7u << 2)

struct QEMU_PACKED report_request {
    uint8_t data[64];
    uint32_t vmpl;
    uint32_t key;
    uint8_t reserved[24];
};
QEMU_BUILD_BUG_ON(sizeof(struct report_request) != PSP_REPORT_REQUEST_SIZE);

struct QEMU_PACKED report_response {
    uint32_t status;
    uint32_t size;
    uint8_t reserved[24];
    struct report report;
};
QEMU_BUILD_BUG_ON(sizeof(struct report_response) != PSP_REPORT_RESPONSE_SIZE);

static const char chip_id[64] = "emulated, this is no chip";

static void fill_report(const PSPRequest *request, struct report *report)
{
    const struct report_request *asked = request->text;
    const PSPGuest *guest = request->guest;
    const PSPState *psp = request->psp;

    *report = (struct report) {
        .version = REPORT_VERSION,
        .guest_svn = guest->id.guest_svn,
        .policy = guest->policy,
        .vmpl = asked->vmpl,
        .signature_algorithm = ECDSA_P384_SHA384,
        .current_tcb = PSP_TCB,
        .keys = psp->mask_chip_key ? KEYS_MASK_CHIP_KEY | KEYS_UNSIGNED : 0,
        .reported_tcb = psp->reported_tcb,
        .committed_tcb = PSP_TCB,
        .current_version = { PSP_BUILD, PSP_API_MINOR, PSP_API_MAJOR },
        .committed_version = { PSP_BUILD, PSP_API_MINOR, PSP_API_MAJOR },
        .launch_tcb = PSP_TCB,
    };
    memcpy(report->family, guest->id.family, sizeof(report->family));
    memcpy(report->image, guest->id.image, sizeof(report->image));
    memcpy(report->data, asked->data, sizeof(report->data));
    memcpy(report->measurement, guest->digest, sizeof(report->measurement));
    memcpy(report->host_data, guest->host_data, sizeof(report->host_data));
    memcpy(report->id_key_digest, guest->id_key_digest,
           sizeof(report->id_key_digest));
    memcpy(report->author_key_digest, guest->author_key_digest,
           sizeof(report->author_key_digest));
    report->keys |= guest->has_author_key ? KEYS_AUTHOR : 0;
    memcpy(report->report_id, guest->report_id, sizeof(report->report_id));
    /* No migration agent */
    memset(report->report_id_agent, 0xff, sizeof(report->report_id_agent));
    if (!psp->mask_chip_id) {
        memcpy(report->chip_id, chip_id, sizeof(report->chip_id));
    }
}

PSPStatus psp_answer_report(const PSPRequest *request, void *to)
{
    const struct report_request *asked = request->text;
    struct report_response *response = to;

    response->size = sizeof(response->report);
    if (!buffer_is_zero(asked->reserved, sizeof(asked->reserved)) ||
        asked->vmpl < request->vmpl || asked->vmpl >= SNP_VMPLS) {
        return PSP_INVALID_PARAM;
    }
    if (!psp_has_chip_key(request->guest, asked->key)) {
        return PSP_INVALID_KEY;
    }
    fill_report(request, &response->report);
    if (!request->psp->mask_chip_key) {
        psp_sign(response->report.r, response->report.s, &response->report,
                 offsetof(struct report, r));
    }
    return PSP_SUCCESS;
}

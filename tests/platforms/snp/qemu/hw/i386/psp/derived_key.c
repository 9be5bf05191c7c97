/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * MSG_KEY: a key for the guest, made from another one and from what it is
 */
#include "qemu/osdep.h"
#include "cpu.h"
#include "message.h"

struct QEMU_PACKED key_request {
    uint32_t root;
    uint32_t reserved;
    uint64_t fields;
    uint32_t vmpl;
    uint32_t guest_svn;
    uint64_t tcb;
};
QEMU_BUILD_BUG_ON(sizeof(struct key_request) != PSP_KEY_REQUEST_SIZE);

struct QEMU_PACKED key_response {
    uint32_t status;
    uint8_t reserved[28];
    uint8_t key[PSP_KEY_SIZE];
};
QEMU_BUILD_BUG_ON(sizeof(struct key_response) != PSP_KEY_RESPONSE_SIZE);

#define ROOT_GUEST          (1u << 0)
#define ROOT_KEY(root)      ((root) >> 1 & 3)
#define ROOT_RESERVED       (~7u)

/* The guest chooses which of these are mixed into a key. */
#define FIELD_POLICY        (1u << 0)
#define FIELD_IMAGE         (1u << 1)
#define FIELD_FAMILY        (1u << 2)
#define FIELD_MEASUREMENT   (1u << 3)
#define FIELD_SVN           (1u << 4)
#define FIELD_TCB           (1u << 5)
#define FIELDS              0x3f

struct QEMU_PACKED mixed {
    struct key_request asked;
    uint64_t policy;
    uint8_t image[16];
    uint8_t family[16];
    uint8_t measurement[PSP_DIGEST_SIZE];
    uint8_t host_data[32];
    uint8_t id_key_digest[PSP_DIGEST_SIZE];
    uint8_t author_key_digest[PSP_DIGEST_SIZE];
};

static void mix(const PSPGuest *guest, struct mixed *mixed)
{
    const uint64_t fields = mixed->asked.fields;

    memcpy(mixed->host_data, guest->host_data, sizeof(mixed->host_data));
    memcpy(mixed->id_key_digest, guest->id_key_digest,
           sizeof(mixed->id_key_digest));
    memcpy(mixed->author_key_digest, guest->author_key_digest,
           sizeof(mixed->author_key_digest));
    if (fields & FIELD_POLICY) {
        mixed->policy = guest->policy;
    }
    if (fields & FIELD_IMAGE) {
        memcpy(mixed->image, guest->id.image, sizeof(mixed->image));
    }
    if (fields & FIELD_FAMILY) {
        memcpy(mixed->family, guest->id.family, sizeof(mixed->family));
    }
    if (fields & FIELD_MEASUREMENT) {
        memcpy(mixed->measurement, guest->digest, sizeof(mixed->measurement));
    }
    if (!(fields & FIELD_SVN)) {
        mixed->asked.guest_svn = 0;
    }
    if (!(fields & FIELD_TCB)) {
        mixed->asked.tcb = 0;
    }
}

static PSPStatus check_key_request(const PSPRequest *request)
{
    const struct key_request *asked = request->text;
    const PSPGuest *guest = request->guest;

    if (asked->root & ROOT_RESERVED || asked->reserved ||
        asked->vmpl < request->vmpl || asked->vmpl >= SNP_VMPLS ||
        asked->fields & ~(uint64_t)FIELDS) {
        return PSP_INVALID_PARAM;
    }
    if (!(asked->root & ROOT_GUEST) &&
        (request->psp->mask_chip_key ||
         !psp_has_chip_key(guest, ROOT_KEY(asked->root)))) {
        return PSP_INVALID_KEY;
    }
    if (asked->fields & FIELD_SVN && asked->guest_svn > guest->id.guest_svn) {
        return PSP_INVALID_PARAM;
    }
    if (asked->fields & FIELD_TCB && !psp_tcb_reached(asked->tcb)) {
        return PSP_INVALID_PARAM;
    }
    return PSP_SUCCESS;
}

/* Of the chip: as little a secret as the key that signs */
static const uint8_t chip_root[PSP_KEY_SIZE] = "the root of keys, for tests";

PSPStatus psp_answer_key(const PSPRequest *request, void *to)
{
    const struct key_request *asked = request->text;
    struct mixed mixed = { .asked = *asked };
    struct key_response *response = to;
    PSPStatus status = check_key_request(request);

    if (status) {
        return status;
    }
    mix(request->guest, &mixed);
    psp_derive(response->key, asked->root & ROOT_GUEST ?
               request->guest->root : chip_root, &mixed, sizeof(mixed));
    return PSP_SUCCESS;
}

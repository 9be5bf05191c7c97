/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * SNP_GUEST_REQUEST: a guest's message, which the hypervisor carries but can
 * neither read nor change
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "cpu.h"
#include "exec/cpu-common.h"
#include "crypto.h"
#include "message.h"
#include "snp/rmp.h"

struct QEMU_PACKED snp_guest_request {
    uint64_t context;
    uint64_t request;
    uint64_t response;
};

struct QEMU_PACKED header {
    uint8_t tag[32];
    uint64_t sequence;
    uint8_t reserved[8];
    /* From here on it is authenticated. */
    uint8_t algorithm;
    uint8_t version;
    uint16_t size;
    uint8_t type;
    uint8_t type_version;
    uint16_t text_size;
    uint32_t reserved_2;
    uint8_t vmpl;
    uint8_t reserved_3[35];
};
QEMU_BUILD_BUG_ON(sizeof(struct header) != 0x60);

#define AUTHENTICATED       offsetof(struct header, algorithm)
#define AES_256_GCM         1
#define HEADER_VERSION      1
#define TYPE_VERSION        1
#define TEXT_ALIGNMENT      16

struct message {
    struct header header;
    uint8_t text[SNP_PAGE - sizeof(struct header)];
};

typedef struct MessageType {
    uint8_t id;         /* that of the answer is greater by one */
    uint16_t request_size;
    uint16_t response_size;
    PSPStatus (*answer)(const PSPRequest *request, void *response);
} MessageType;

static const MessageType types[] = {
    { 3, PSP_KEY_REQUEST_SIZE, PSP_KEY_RESPONSE_SIZE, psp_answer_key },
    { 5, PSP_REPORT_REQUEST_SIZE, PSP_REPORT_RESPONSE_SIZE,
      psp_answer_report },
};

static const MessageType *find_type(const struct header *header)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (types[i].id == header->type &&
            header->type_version == TYPE_VERSION &&
            header->text_size >= types[i].request_size) {
            return &types[i];
        }
    }
    return NULL;
}

static PSPSealed sealed(const PSPGuest *guest, const struct header *header)
{
    return (PSPSealed) {
        .key = guest->keys[header->vmpl],
        .sequence = header->sequence,
        .header = &header->algorithm,
        .header_size = sizeof(*header) - AUTHENTICATED,
        .size = header->text_size,
    };
}

static bool is_good_header(const struct header *header, hwaddr at)
{
    return header->algorithm == AES_256_GCM &&
           header->version == HEADER_VERSION &&
           header->size == sizeof(*header) &&
           header->text_size && header->text_size % TEXT_ALIGNMENT == 0 &&
           at % SNP_PAGE + sizeof(*header) + header->text_size <= SNP_PAGE &&
           header->vmpl < SNP_VMPLS;
}

/* Reads the message, whose text is plain then. */
static PSPStatus receive(PSPGuest *guest, hwaddr at, struct message *message)
{
    const struct header *header = &message->header;
    PSPSealed what;

    if (at % SNP_PAGE + sizeof(*header) > SNP_PAGE) {
        return PSP_INVALID_PARAM;
    }
    cpu_physical_memory_read(at, &message->header, sizeof(*header));
    if (!is_good_header(header, at)) {
        return PSP_INVALID_PARAM;
    }
    cpu_physical_memory_read(at + sizeof(*header), message->text,
                             header->text_size);
    what = sealed(guest, header);
    if (!psp_unseal(&what, message->text, message->text, header->tag)) {
        return PSP_BAD_MEASUREMENT;
    }
    /* The same nonce must not serve twice. */
    if (header->sequence != guest->messages[header->vmpl] + 1) {
        return PSP_AEAD_OFLOW;
    }
    return PSP_SUCCESS;
}

static void respond(PSPGuest *guest, hwaddr at, struct message *message)
{
    struct header *header = &message->header;
    PSPSealed what = sealed(guest, header);

    psp_seal(&what, message->text, message->text, header->tag);
    guest->messages[header->vmpl] += 2;
    cpu_physical_memory_write(at, message,
                              sizeof(*header) + header->text_size);
}

static PSPStatus answer(PSPState *s, PSPGuest *guest,
                        const struct message *request, hwaddr at)
{
    const MessageType *type = find_type(&request->header);
    PSPRequest asked = {
        .psp = s, .guest = guest,
        .vmpl = request->header.vmpl, .text = request->text,
    };
    struct message response = {
        .header = {
            .sequence = request->header.sequence + 1,
            .algorithm = AES_256_GCM,
            .version = HEADER_VERSION,
            .size = sizeof(response.header),
            .type_version = TYPE_VERSION,
            .vmpl = request->header.vmpl,
        },
    };

    if (!type || at % SNP_PAGE + sizeof(response.header) +
                 type->response_size > SNP_PAGE) {
        return PSP_INVALID_PARAM;
    }
    response.header.type = type->id + 1;
    response.header.text_size = type->response_size;
    stl_le_p(response.text, type->answer(&asked, response.text));
    respond(guest, at, &response);
    return PSP_SUCCESS;
}

static PSPStatus check_pages(const struct snp_guest_request *request)
{
    if (psp_page_state(request->request) == PSP_PAGE_NONE) {
        return PSP_INVALID_ADDRESS;
    }
    if (!psp_is_firmware_page(request->response)) {
        return PSP_INVALID_PAGE_STATE;
    }
    if (snp_rmp_large(request->request) || snp_rmp_large(request->response)) {
        return PSP_INVALID_PAGE_SIZE;
    }
    return PSP_SUCCESS;
}

PSPStatus psp_guest_request(PSPState *s, hwaddr buffer)
{
    struct snp_guest_request request;
    struct message message;
    PSPGuest *guest;
    PSPStatus status;

    cpu_physical_memory_read(buffer, &request, sizeof(request));
    request.request &= ~SNP_C_MASK;
    request.response &= ~SNP_C_MASK;
    guest = psp_guest(s, request.context);
    if (!guest) {
        return PSP_INVALID_GUEST;
    }
    status = check_pages(&request);
    if (!status && guest->state != PSP_GUEST_RUNNING) {
        status = PSP_INVALID_GUEST_STATE;
    }
    if (!status) {
        status = receive(guest, request.request, &message);
    }
    if (!status) {
        status = answer(s, guest, &message, request.response);
    }
    return status;
}

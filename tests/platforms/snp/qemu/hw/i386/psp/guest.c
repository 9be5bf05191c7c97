/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Guest contexts and their ASIDs
 */
#include "qemu/osdep.h"
#include "cpu.h"
#include "exec/cpu-common.h"
#include "psp.h"
#include "snp/memory_key.h"
#include "snp/rmp.h"

struct QEMU_PACKED snp_activate {
    uint64_t context;
    uint32_t asid;
};

struct QEMU_PACKED guest_status_request {
    uint64_t context;
    uint64_t at;
};

struct QEMU_PACKED guest_status {
    uint64_t policy;
    uint32_t asid;
    uint8_t state;
};

PSPGuest *psp_guest(PSPState *s, hwaddr context)
{
    uint64_t page = context;

    return g_hash_table_lookup(s->guests, &page);
}

static hwaddr read_address(hwaddr buffer)
{
    uint64_t address;

    cpu_physical_memory_read(buffer, &address, sizeof(address));
    return address;
}

PSPStatus psp_guest_create(PSPState *s, hwaddr buffer)
{
    uint64_t context = read_address(buffer);

    if (context % SNP_PAGE) {
        return PSP_INVALID_ADDRESS;
    }
    if (!psp_is_firmware_page(context)) {
        return PSP_INVALID_PAGE_STATE;
    }
    psp_set_context_page(context, true);
    g_hash_table_insert(s->guests, g_memdup2(&context, sizeof(context)),
                        g_new0(PSPGuest, 1));
    return PSP_SUCCESS;
}

PSPStatus psp_guest_activate(PSPState *s, hwaddr buffer)
{
    struct snp_activate activate;
    PSPGuest *guest;

    cpu_physical_memory_read(buffer, &activate, sizeof(activate));
    guest = psp_guest(s, activate.context);
    if (!guest) {
        return PSP_INVALID_GUEST;
    }
    if (guest->state == PSP_GUEST_INIT) {
        return PSP_INVALID_GUEST_STATE;
    }
    if (guest->asid) {
        return PSP_ACTIVE;
    }
    if (!activate.asid || activate.asid >= SNP_MIN_SEV_ASID) {
        return PSP_INVALID_ASID;
    }
    if (s->owners[activate.asid]) {
        return PSP_ASID_OWNED;
    }
    if (s->unflushed[activate.asid]) {
        return PSP_DF_FLUSH_REQUIRED;
    }
    snp_new_key(activate.asid);
    guest->asid = activate.asid;
    s->owners[activate.asid] = guest;
    return PSP_SUCCESS;
}

PSPStatus psp_guest_status(PSPState *s, hwaddr buffer)
{
    struct guest_status_request request;
    struct guest_status status;
    PSPGuest *guest;

    cpu_physical_memory_read(buffer, &request, sizeof(request));
    guest = psp_guest(s, request.context);
    if (!guest) {
        return PSP_INVALID_GUEST;
    }
    if (!psp_is_firmware_page(request.at)) {
        return PSP_INVALID_PAGE_STATE;
    }
    status = (struct guest_status) {
        .policy = guest->policy,
        .asid = guest->asid,
        .state = guest->state,
    };
    cpu_physical_memory_write(request.at, &status, sizeof(status));
    return PSP_SUCCESS;
}

PSPStatus psp_guest_decommission(PSPState *s, hwaddr buffer)
{
    uint64_t context = read_address(buffer);
    PSPGuest *guest = psp_guest(s, context);

    if (!guest) {
        return PSP_INVALID_GUEST;
    }
    if (guest->asid) {
        s->owners[guest->asid] = NULL;
        s->unflushed[guest->asid] = true;
    }
    psp_set_context_page(context, false);
    g_hash_table_remove(s->guests, &context);
    return PSP_SUCCESS;
}

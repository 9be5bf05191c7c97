/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Guests of SEV and SEV-ES, which the firmware keeps by their handles
 */
#include "qemu/osdep.h"
#include "cpu.h"
#include "exec/cpu-common.h"
#include "psp.h"
#include "sev_guest.h"
#include "snp/memory_key.h"

struct QEMU_PACKED activate {
    uint32_t handle;
    uint32_t asid;
};

struct QEMU_PACKED status {
    uint32_t handle;
    uint32_t policy;
    uint32_t asid;
    uint8_t state;
};

static void free_guest(gpointer opaque)
{
    PSPSevGuest *guest = opaque;

    g_checksum_free(guest->launched);
    g_free(guest);
}

void psp_sev_guests_init(PSPState *s)
{
    s->sev_guests = g_hash_table_new_full(NULL, NULL, NULL, free_guest);
}

PSPSevGuest *psp_sev_guest(PSPState *s, uint32_t handle)
{
    return g_hash_table_lookup(s->sev_guests, GUINT_TO_POINTER(handle));
}

uint32_t psp_sev_add_guest(PSPState *s, PSPSevGuest *guest)
{
    g_hash_table_insert(s->sev_guests, GUINT_TO_POINTER(++s->last_handle),
                        guest);
    return s->last_handle;
}

static void deactivate(PSPState *s, PSPSevGuest *guest)
{
    /* Nothing can be read with the guest's key any more. */
    snp_new_key(guest->asid);
    s->owners[guest->asid] = NULL;
    s->unflushed[guest->asid] = true;
    guest->asid = 0;
}

static gboolean forget(gpointer handle, gpointer guest, gpointer s)
{
    if (((PSPSevGuest *)guest)->asid) {
        deactivate(s, guest);
    }
    return true;
}

void psp_sev_forget_guests(PSPState *s)
{
    g_hash_table_foreach_remove(s->sev_guests, forget, s);
}

static uint32_t read_handle(hwaddr buffer)
{
    uint32_t handle;

    cpu_physical_memory_read(buffer, &handle, sizeof(handle));
    return handle;
}

/* Guests with encrypted registers have ASIDs of their own. */
static bool fits(const PSPSevGuest *guest, uint32_t asid)
{
    if (guest->policy & PSP_POLICY_ES) {
        return asid && asid < SNP_MIN_SEV_ASID;
    }
    return asid >= SNP_MIN_SEV_ASID && asid <= SNP_MAX_ASID;
}

PSPStatus psp_sev_activate(PSPState *s, hwaddr buffer)
{
    struct activate activate;
    PSPSevGuest *guest;

    cpu_physical_memory_read(buffer, &activate, sizeof(activate));
    guest = psp_sev_guest(s, activate.handle);
    if (!guest) {
        return PSP_INVALID_GUEST;
    }
    if (guest->asid) {
        return PSP_ACTIVE;
    }
    if (!fits(guest, activate.asid)) {
        return PSP_INVALID_ASID;
    }
    if (s->owners[activate.asid]) {
        return PSP_ASID_OWNED;
    }
    if (s->unflushed[activate.asid]) {
        return PSP_DF_FLUSH_REQUIRED;
    }
    snp_set_key(activate.asid, guest->key);
    guest->asid = activate.asid;
    s->owners[activate.asid] = guest;
    return PSP_SUCCESS;
}

PSPStatus psp_sev_deactivate(PSPState *s, hwaddr buffer)
{
    PSPSevGuest *guest = psp_sev_guest(s, read_handle(buffer));

    if (!guest) {
        return PSP_INVALID_GUEST;
    }
    if (!guest->asid) {
        return PSP_INACTIVE;
    }
    deactivate(s, guest);
    return PSP_SUCCESS;
}

PSPStatus psp_sev_decommission(PSPState *s, hwaddr buffer)
{
    uint32_t handle = read_handle(buffer);
    PSPSevGuest *guest = psp_sev_guest(s, handle);

    if (!guest) {
        return PSP_INVALID_GUEST;
    }
    if (guest->asid) {
        return PSP_ACTIVE;
    }
    g_hash_table_remove(s->sev_guests, GUINT_TO_POINTER(handle));
    return PSP_SUCCESS;
}

PSPStatus psp_sev_guest_status(PSPState *s, hwaddr buffer)
{
    struct status status = { .handle = read_handle(buffer) };
    PSPSevGuest *guest = psp_sev_guest(s, status.handle);

    if (!guest) {
        return PSP_INVALID_GUEST;
    }
    if (!psp_may_write(s, buffer, sizeof(status))) {
        return PSP_INVALID_PAGE_STATE;
    }
    status.policy = guest->policy;
    status.asid = guest->asid;
    status.state = guest->state;
    cpu_physical_memory_write(buffer, &status, sizeof(status));
    return PSP_SUCCESS;
}

/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Launching a guest of SEV or SEV-ES: its memory is encrypted where it is, and
 * measured
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/guest-random.h"
#include "cpu.h"
#include "exec/cpu-common.h"
#include "psp.h"
#include "sev_guest.h"
#include "snp/memory_key.h"
#include "snp/rmp.h"

struct QEMU_PACKED start {
    uint32_t handle;
    uint32_t policy;
    uint64_t certificate;
    uint32_t certificate_size;
    uint32_t reserved;
    uint64_t session;
    uint32_t session_size;
};

/* Of LAUNCH_UPDATE_DATA, LAUNCH_UPDATE_VMSA and LAUNCH_MEASURE */
struct QEMU_PACKED area {
    uint32_t handle;
    uint32_t reserved;
    uint64_t address;
    uint32_t size;
};

#define NONCE_SIZE          16
#define MEASUREMENT_CONTEXT 0x04

struct QEMU_PACKED measured {
    uint8_t context;
    uint8_t api_major;
    uint8_t api_minor;
    uint8_t build;
    uint32_t policy;
    uint8_t digest[PSP_SEV_DIGEST_SIZE];
    uint8_t nonce[NONCE_SIZE];
};

struct QEMU_PACKED measurement {
    uint8_t code[PSP_SEV_DIGEST_SIZE];
    uint8_t nonce[NONCE_SIZE];
};

static bool is_too_new(uint32_t policy)
{
    uint32_t major = PSP_POLICY_API_MAJOR(policy);

    return major > PSP_API_MAJOR ||
           (major == PSP_API_MAJOR &&
            PSP_POLICY_API_MINOR(policy) > PSP_API_MINOR);
}

/* Without a session of the guest's owner the guest's keys are random ones. */
static PSPSevGuest *new_guest(uint32_t policy)
{
    PSPSevGuest *guest = g_new0(PSPSevGuest, 1);

    guest->state = PSP_SEV_LAUNCH_UPDATE;
    guest->policy = policy;
    guest->launched = g_checksum_new(G_CHECKSUM_SHA256);
    qemu_guest_getrandom_nofail(&guest->key, sizeof(guest->key));
    qemu_guest_getrandom_nofail(guest->integrity_key,
                                sizeof(guest->integrity_key));
    return guest;
}

PSPStatus psp_sev_launch_start(PSPState *s, hwaddr buffer)
{
    struct start start;

    cpu_physical_memory_read(buffer, &start, sizeof(start));
    if (!s->sev_ready) {
        return PSP_INVALID_PLATFORM_STATE;
    }
    if (!psp_may_write(s, buffer, sizeof(start))) {
        return PSP_INVALID_PAGE_STATE;
    }
    if (start.handle || start.session) {
        return PSP_UNSUPPORTED;
    }
    if (is_too_new(start.policy)) {
        return PSP_POLICY_FAILURE;
    }
    start.handle = psp_sev_add_guest(s, new_guest(start.policy));
    cpu_physical_memory_write(buffer, &start, sizeof(start));
    return PSP_SUCCESS;
}

static PSPStatus find_launching(PSPState *s, const struct area *area,
                                PSPSevGuest **guest)
{
    *guest = psp_sev_guest(s, area->handle);
    if (!*guest) {
        return PSP_INVALID_GUEST;
    }
    return (*guest)->state == PSP_SEV_LAUNCH_UPDATE ? PSP_SUCCESS :
                                                      PSP_INVALID_GUEST_STATE;
}

static void encrypt(PSPSevGuest *guest, const struct area *area)
{
    g_autofree uint8_t *content = g_malloc(area->size);

    cpu_physical_memory_read(area->address, content, area->size);
    g_checksum_update(guest->launched, content, area->size);
    snp_crypt(content, area->address, area->size, guest->asid);
    cpu_physical_memory_write(area->address, content, area->size);
}

static PSPStatus update(PSPState *s, PSPSevGuest *guest,
                        const struct area *area)
{
    if (!guest->asid) {
        return PSP_INACTIVE;
    }
    if (area->address % PSP_SEV_UNIT) {
        return PSP_INVALID_ADDRESS;
    }
    if (!area->size || area->size % PSP_SEV_UNIT) {
        return PSP_INVALID_LENGTH;
    }
    if (!psp_may_write(s, area->address, area->size)) {
        return PSP_INVALID_PAGE_STATE;
    }
    encrypt(guest, area);
    return PSP_SUCCESS;
}

static void read_area(hwaddr buffer, struct area *area)
{
    cpu_physical_memory_read(buffer, area, sizeof(*area));
    area->address &= ~SNP_C_MASK;
}

PSPStatus psp_sev_launch_update_data(PSPState *s, hwaddr buffer)
{
    struct area area;
    PSPSevGuest *guest;
    PSPStatus status;

    read_area(buffer, &area);
    status = find_launching(s, &area, &guest);
    return status ? status : update(s, guest, &area);
}

PSPStatus psp_sev_launch_update_vmsa(PSPState *s, hwaddr buffer)
{
    struct area area;
    PSPSevGuest *guest;
    PSPStatus status;

    read_area(buffer, &area);
    status = find_launching(s, &area, &guest);
    if (status) {
        return status;
    }
    if (!(guest->policy & PSP_POLICY_ES)) {
        return PSP_POLICY_FAILURE;
    }
    if (area.address % SNP_PAGE) {
        return PSP_INVALID_ADDRESS;
    }
    if (area.size != SNP_PAGE) {
        return PSP_INVALID_LENGTH;
    }
    return update(s, guest, &area);
}

static void measure(const PSPSevGuest *guest, struct measurement *measurement)
{
    g_autoptr(GChecksum) launched = g_checksum_copy(guest->launched);
    g_autoptr(GHmac) hmac = g_hmac_new(G_CHECKSUM_SHA256, guest->integrity_key,
                                       sizeof(guest->integrity_key));
    gsize size = PSP_SEV_DIGEST_SIZE;
    struct measured measured = {
        .context = MEASUREMENT_CONTEXT,
        .api_major = PSP_API_MAJOR,
        .api_minor = PSP_API_MINOR,
        .build = PSP_BUILD,
        .policy = cpu_to_le32(guest->policy),
    };

    g_checksum_get_digest(launched, measured.digest, &size);
    qemu_guest_getrandom_nofail(measured.nonce, sizeof(measured.nonce));
    memcpy(measurement->nonce, measured.nonce, sizeof(measurement->nonce));
    g_hmac_update(hmac, (const guchar *)&measured, sizeof(measured));
    g_hmac_get_digest(hmac, measurement->code, &size);
}

/* A caller whose buffer is too small learns the size. */
PSPStatus psp_sev_launch_measure(PSPState *s, hwaddr buffer)
{
    struct measurement measurement;
    struct area area;
    uint32_t size;
    PSPSevGuest *guest;
    PSPStatus status;

    read_area(buffer, &area);
    status = find_launching(s, &area, &guest);
    if (status) {
        return status;
    }
    size = area.size;
    area.size = sizeof(measurement);
    if (!psp_may_write(s, buffer, sizeof(area)) ||
        (size >= area.size && !psp_may_write(s, area.address, area.size))) {
        return PSP_INVALID_PAGE_STATE;
    }
    cpu_physical_memory_write(buffer, &area, sizeof(area));
    if (size < area.size) {
        return PSP_INVALID_LENGTH;
    }
    measure(guest, &measurement);
    cpu_physical_memory_write(area.address, &measurement, sizeof(measurement));
    guest->state = PSP_SEV_LAUNCH_SECRET;
    return PSP_SUCCESS;
}

PSPStatus psp_sev_launch_finish(PSPState *s, hwaddr buffer)
{
    uint32_t handle;
    PSPSevGuest *guest;

    cpu_physical_memory_read(buffer, &handle, sizeof(handle));
    guest = psp_sev_guest(s, handle);
    if (!guest) {
        return PSP_INVALID_GUEST;
    }
    if (guest->state != PSP_SEV_LAUNCH_SECRET) {
        return PSP_INVALID_GUEST_STATE;
    }
    guest->state = PSP_SEV_RUNNING;
    return PSP_SUCCESS;
}

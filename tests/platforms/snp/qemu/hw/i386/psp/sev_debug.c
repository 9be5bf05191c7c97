/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Memory of guests of SEV and SEV-ES, for debuggers that a guest's policy lets
 * read and write it
 */
#include "qemu/osdep.h"
#include "cpu.h"
#include "exec/cpu-common.h"
#include "psp.h"
#include "sev_guest.h"
#include "snp/memory_key.h"

struct QEMU_PACKED copy {
    uint32_t handle;
    uint32_t reserved;
    uint64_t from;
    uint64_t to;
    uint32_t size;
};

static PSPStatus check(PSPState *s, const PSPSevGuest *guest,
                       const struct copy *copy)
{
    if (!guest) {
        return PSP_INVALID_GUEST;
    }
    if (guest->policy & PSP_POLICY_NO_DEBUG) {
        return PSP_POLICY_FAILURE;
    }
    if (!guest->asid) {
        return PSP_INACTIVE;
    }
    if (copy->from % PSP_SEV_UNIT || copy->to % PSP_SEV_UNIT) {
        return PSP_INVALID_ADDRESS;
    }
    if (!copy->size || copy->size % PSP_SEV_UNIT) {
        return PSP_INVALID_LENGTH;
    }
    return psp_may_write(s, copy->to, copy->size) ? PSP_SUCCESS :
                                                    PSP_INVALID_PAGE_STATE;
}

/* The content changes as if it were where the guest has it. */
static PSPStatus run(PSPState *s, hwaddr buffer, bool decrypt)
{
    g_autofree uint8_t *content = NULL;
    PSPSevGuest *guest;
    PSPStatus status;
    struct copy copy;

    cpu_physical_memory_read(buffer, &copy, sizeof(copy));
    copy.from &= ~SNP_C_MASK;
    copy.to &= ~SNP_C_MASK;
    guest = psp_sev_guest(s, copy.handle);
    status = check(s, guest, &copy);
    if (status) {
        return status;
    }
    content = g_malloc(copy.size);
    cpu_physical_memory_read(copy.from, content, copy.size);
    snp_crypt(content, decrypt ? copy.from : copy.to, copy.size, guest->asid);
    cpu_physical_memory_write(copy.to, content, copy.size);
    return PSP_SUCCESS;
}

PSPStatus psp_sev_debug_decrypt(PSPState *s, hwaddr buffer)
{
    return run(s, buffer, true);
}

PSPStatus psp_sev_debug_encrypt(PSPState *s, hwaddr buffer)
{
    return run(s, buffer, false);
}

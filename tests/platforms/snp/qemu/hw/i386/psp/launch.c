/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Filling a guest with its first pages
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/guest-random.h"
#include "cpu.h"
#include "exec/cpu-common.h"
#include "psp.h"
#include "snp/memory_key.h"
#include "snp/rmp.h"

enum {
    PAGE_NORMAL = 1,
    PAGE_VMSA = 2,
    PAGE_ZERO = 3,
    PAGE_UNMEASURED = 4,
    PAGE_SECRETS = 5,
    PAGE_CPUID = 6,
};

struct QEMU_PACKED snp_launch_start {
    uint64_t context;
    uint64_t policy;
    uint64_t migration_agent;
    uint32_t flags;
    uint32_t tsc_khz;
    uint8_t gosvw[16];
};

struct QEMU_PACKED snp_launch_update {
    uint64_t context;
    uint32_t flags;
    uint32_t reserved;
    uint64_t address;
    uint8_t rights[SNP_VMPLS];  /* that of VMPL 0 is reserved */
    uint32_t reserved_2;
};

struct QEMU_PACKED snp_launch_finish {
    uint64_t context;
    uint64_t id_block;
    uint64_t id_auth;
    uint64_t flags;
    uint8_t host_data[32];
};

/* The keys with which the ID block is signed, and their signatures */
struct QEMU_PACKED id_authentication {
    uint32_t id_algorithm;
    uint32_t author_algorithm;
    uint8_t reserved[56];
    uint8_t id_signature[512];
    uint8_t id_key[1028];
    uint8_t reserved_2[60];
    uint8_t id_key_signature[512];
    uint8_t author_key[1028];
};
QEMU_BUILD_BUG_ON(offsetof(struct id_authentication, author_key) != 0x880);

#define ID_BLOCK_VERSION        1

#define FINISH_ID_BLOCK         (1ULL << 0)
#define FINISH_AUTHOR_KEY       (1ULL << 1)
#define FINISH_NO_VCEK          (1ULL << 2)
#define START_FLAGS             3u
#define UPDATE_LARGE            (1u << 0)
#define UPDATE_TYPE(flags)      ((flags) >> 1 & 7)

#define POLICY_RESERVED_1       (1ULL << 17)

struct QEMU_PACKED secrets {
    uint32_t version;
    uint32_t flags;
    uint32_t family_model_stepping;
    uint32_t reserved;
    uint8_t gosvw[16];
    uint8_t keys[SNP_VMPLS][32];
};

PSPStatus psp_launch_start(PSPState *s, hwaddr buffer)
{
    struct snp_launch_start start;
    PSPGuest *guest;

    cpu_physical_memory_read(buffer, &start, sizeof(start));
    guest = psp_guest(s, start.context);
    if (!guest) {
        return PSP_INVALID_GUEST;
    }
    if (guest->state != PSP_GUEST_INIT) {
        return PSP_INVALID_GUEST_STATE;
    }
    if (start.flags & ~START_FLAGS) {
        return PSP_INVALID_PARAM;
    }
    if (start.flags) {
        return PSP_UNSUPPORTED;
    }
    if (!(start.policy & POLICY_RESERVED_1)) {
        return PSP_POLICY_FAILURE;
    }
    guest->policy = start.policy;
    guest->state = PSP_GUEST_LAUNCH;
    qemu_guest_getrandom_nofail(guest->keys, sizeof(guest->keys));
    qemu_guest_getrandom_nofail(guest->root, sizeof(guest->root));
    qemu_guest_getrandom_nofail(guest->report_id, sizeof(guest->report_id));
    return PSP_SUCCESS;
}

static PSPStatus check_page(const PSPGuest *guest,
                            const struct snp_launch_update *update)
{
    const uint64_t wanted = RMP_ASSIGNED | RMP_IMMUTABLE;
    RMPEntry entry;

    if (update->address % SNP_PAGE ||
        !snp_rmp_covers(update->address, SNP_PAGE)) {
        return PSP_INVALID_ADDRESS;
    }
    entry = snp_rmp_get(update->address);
    if ((entry.state & (wanted | RMP_VALIDATED)) != wanted) {
        return PSP_INVALID_PAGE_STATE;
    }
    if (snp_rmp_asid(entry) != guest->asid) {
        return PSP_INVALID_PAGE_OWNER;
    }
    if (snp_rmp_large(update->address)) {
        return PSP_INVALID_PAGE_SIZE;
    }
    return PSP_SUCCESS;
}

static void fill_secrets(const PSPGuest *guest, uint8_t *page)
{
    struct secrets *secrets = (struct secrets *)page;

    memset(page, 0, SNP_PAGE);
    secrets->version = 3;
    memcpy(secrets->keys, guest->keys, sizeof(secrets->keys));
}

/* Returns whether the page's content is part of the digest. */
static bool fill_page(const PSPGuest *guest, unsigned type, uint8_t *page)
{
    switch (type) {
    case PAGE_ZERO:
        memset(page, 0, SNP_PAGE);
        return false;
    case PAGE_SECRETS:
        fill_secrets(guest, page);
        return false;
    case PAGE_NORMAL:
    case PAGE_VMSA:
        return true;
    }
    return false;
}

/* A page that is refused is left as it is read without the guest's key. */
static PSPStatus check_cpuid(const PSPGuest *guest, hwaddr address)
{
    uint64_t page[SNP_PAGE / sizeof(uint64_t)];
    PSPStatus status;

    snp_recrypt(address, guest->asid);
    cpu_physical_memory_read(address, page, sizeof(page));
    status = psp_check_cpuid(page);
    cpu_physical_memory_write(address, page, sizeof(page));
    snp_recrypt(address, guest->asid);
    return status;
}

static void hand_over(PSPGuest *guest, const struct snp_launch_update *update)
{
    unsigned type = UPDATE_TYPE(update->flags);
    RMPEntry entry = snp_rmp_get(update->address);
    PSPPageInfo info = { .type = type, .gpa = entry.state & RMP_GPA };
    uint8_t page[SNP_PAGE];

    /* Until now it was the guest's noise; this is what the host wrote. */
    snp_recrypt(update->address, guest->asid);
    cpu_physical_memory_read(update->address, page, sizeof(page));
    info.content = fill_page(guest, type, page) ? page : NULL;
    cpu_physical_memory_write(update->address, page, sizeof(page));
    memcpy(info.rights, update->rights, sizeof(info.rights));
    psp_measure(guest->digest, &info);

    entry.state &= ~RMP_IMMUTABLE;
    entry.state |= RMP_VALIDATED | (type == PAGE_VMSA ? RMP_VMSA : 0);
    entry.rights = RMP_RIGHTS;
    for (unsigned vmpl = 1; vmpl < SNP_VMPLS; vmpl++) {
        entry.rights = deposit64(entry.rights, vmpl * RMP_RIGHT_BITS,
                                 RMP_RIGHT_BITS, update->rights[vmpl]);
    }
    snp_rmp_set(update->address, entry);
    snp_flush_tlbs();
}

PSPStatus psp_launch_update(PSPState *s, hwaddr buffer)
{
    struct snp_launch_update update;
    PSPGuest *guest;
    PSPStatus status;
    unsigned type;

    cpu_physical_memory_read(buffer, &update, sizeof(update));
    update.address &= ~SNP_C_MASK;
    type = UPDATE_TYPE(update.flags);
    guest = psp_guest(s, update.context);
    if (!guest) {
        return PSP_INVALID_GUEST;
    }
    if (guest->state != PSP_GUEST_LAUNCH) {
        return PSP_INVALID_GUEST_STATE;
    }
    if (!guest->asid) {
        return PSP_INACTIVE;
    }
    if (type < PAGE_NORMAL || type > PAGE_CPUID) {
        return PSP_INVALID_PARAM;
    }
    if (update.flags & UPDATE_LARGE) {
        return PSP_INVALID_PAGE_SIZE;
    }
    status = check_page(guest, &update);
    if (!status && type == PAGE_CPUID) {
        status = check_cpuid(guest, update.address);
    }
    if (!status) {
        hand_over(guest, &update);
    }
    return status;
}

/* The owner of the guest says what it has to be. No signature is read. */
static PSPStatus take_id_block(PSPGuest *guest,
                               const struct snp_launch_finish *finish)
{
    struct id_authentication authentication;
    PSPIDBlock block;

    cpu_physical_memory_read(finish->id_block & ~SNP_C_MASK, &block,
                             sizeof(block));
    cpu_physical_memory_read(finish->id_auth & ~SNP_C_MASK, &authentication,
                             sizeof(authentication));
    if (block.version != ID_BLOCK_VERSION) {
        return PSP_INVALID_PARAM;
    }
    if (memcmp(block.digest, guest->digest, sizeof(block.digest))) {
        return PSP_BAD_MEASUREMENT;
    }
    if (block.policy != guest->policy) {
        return PSP_POLICY_FAILURE;
    }
    guest->id = block;
    psp_hash(guest->id_key_digest, authentication.id_key,
             sizeof(authentication.id_key));
    if (finish->flags & FINISH_AUTHOR_KEY) {
        guest->has_author_key = true;
        psp_hash(guest->author_key_digest, authentication.author_key,
                 sizeof(authentication.author_key));
    }
    return PSP_SUCCESS;
}

PSPStatus psp_launch_finish(PSPState *s, hwaddr buffer)
{
    struct snp_launch_finish finish;
    PSPStatus status = PSP_SUCCESS;
    PSPGuest *guest;

    cpu_physical_memory_read(buffer, &finish, sizeof(finish));
    guest = psp_guest(s, finish.context);
    if (!guest) {
        return PSP_INVALID_GUEST;
    }
    if (guest->state != PSP_GUEST_LAUNCH) {
        return PSP_INVALID_GUEST_STATE;
    }
    if (finish.flags & FINISH_ID_BLOCK) {
        status = take_id_block(guest, &finish);
    }
    if (status) {
        return status;
    }
    memcpy(guest->host_data, finish.host_data, sizeof(guest->host_data));
    guest->vcek_disabled = finish.flags & FINISH_NO_VCEK;
    guest->state = PSP_GUEST_RUNNING;
    return PSP_SUCCESS;
}

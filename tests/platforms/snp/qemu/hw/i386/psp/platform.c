/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Commands about the platform
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "cpu.h"
#include "exec/cpu-common.h"
#include "psp.h"
#include "snp/rmp.h"

#define SNP_INIT_RMP        (1u << 0)
#define SNP_INIT_LIST       (1u << 1)

struct QEMU_PACKED sev_status {
    uint8_t api_major;
    uint8_t api_minor;
    uint8_t state;
    uint32_t flags;
    uint8_t build;
    uint32_t guest_count;
};

struct QEMU_PACKED snp_init_ex {
    uint32_t flags;
    uint32_t reserved;
    uint64_t list;
};

struct QEMU_PACKED range {
    uint64_t base;
    uint32_t pages;
    uint32_t reserved;
};

struct QEMU_PACKED range_list {
    uint32_t count;
    uint32_t reserved;
    struct range ranges[(SNP_PAGE - 8) / sizeof(struct range)];
};

struct QEMU_PACKED snp_status {
    uint8_t api_major;
    uint8_t api_minor;
    uint8_t state;
    uint8_t rmp_ready;
    uint32_t build;
    uint32_t flags;
    uint32_t guest_count;
    uint64_t current_tcb;
    uint64_t reported_tcb;
};

PSPStatus psp_sev_status(PSPState *s, hwaddr buffer)
{
    struct sev_status status = {
        .api_major = PSP_API_MAJOR,
        .api_minor = PSP_API_MINOR,
        .state = s->sev_ready,
        .build = PSP_BUILD,
        .guest_count = g_hash_table_size(s->sev_guests),
    };

    if (s->snp_ready && !psp_is_firmware_page(buffer)) {
        return PSP_INVALID_PAGE_STATE;
    }
    cpu_physical_memory_write(buffer, &status, sizeof(status));
    return PSP_SUCCESS;
}

PSPStatus psp_sev_init(PSPState *s, hwaddr buffer)
{
    if (s->sev_ready) {
        return PSP_INVALID_PLATFORM_STATE;
    }
    s->sev_ready = true;
    return PSP_SUCCESS;
}

PSPStatus psp_sev_shutdown(PSPState *s, hwaddr buffer)
{
    psp_sev_forget_guests(s);
    s->sev_ready = false;
    return PSP_SUCCESS;
}

PSPStatus psp_df_flush(PSPState *s, hwaddr buffer)
{
    memset(s->unflushed, 0, sizeof(s->unflushed));
    return PSP_SUCCESS;
}

static void set_state(hwaddr base, uint64_t pages, uint64_t state)
{
    for (uint64_t i = 0; i < pages; i++) {
        hwaddr page = base + i * SNP_PAGE;

        if (snp_rmp_covers(page, SNP_PAGE)) {
            snp_rmp_set(page, (RMPEntry) { .state = state });
        }
    }
}

/* From here on the table can be changed by instructions only. */
static void protect_rmp(void)
{
    uint64_t size = snp_platform.rmp_end + 1 - snp_platform.rmp_base;

    set_state(snp_platform.rmp_base, DIV_ROUND_UP(size, SNP_PAGE),
              RMP_ASSIGNED | RMP_IMMUTABLE);
    snp_flush_tlbs();
}

PSPStatus psp_snp_init(PSPState *s, hwaddr buffer)
{
    if (s->snp_ready || s->sev_ready || !snp_enabled()) {
        return PSP_INVALID_PLATFORM_STATE;
    }
    protect_rmp();
    s->snp_ready = true;
    return PSP_SUCCESS;
}

/* Pages that stay the hypervisor's */
static PSPStatus fix_pages(hwaddr at)
{
    g_autofree struct range_list *list = g_new0(struct range_list, 1);

    if (at % SNP_PAGE) {
        return PSP_INVALID_ADDRESS;
    }
    cpu_physical_memory_read(at, list, sizeof(*list));
    if (list->count > ARRAY_SIZE(list->ranges)) {
        return PSP_INVALID_PARAM;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->ranges[i].base % SNP_PAGE) {
            return PSP_INVALID_ADDRESS;
        }
        set_state(list->ranges[i].base, list->ranges[i].pages, RMP_IMMUTABLE);
    }
    return PSP_SUCCESS;
}

PSPStatus psp_snp_init_ex(PSPState *s, hwaddr buffer)
{
    struct snp_init_ex init;
    PSPStatus status = PSP_SUCCESS;

    cpu_physical_memory_read(buffer, &init, sizeof(init));
    if (s->snp_ready || s->sev_ready || !snp_enabled()) {
        return PSP_INVALID_PLATFORM_STATE;
    }
    if (!(init.flags & SNP_INIT_RMP)) {
        return PSP_RMP_INIT_REQUIRED;
    }
    if (init.flags & SNP_INIT_LIST) {
        status = fix_pages(init.list);
    }
    return status ? status : psp_snp_init(s, buffer);
}

PSPStatus psp_snp_shutdown(PSPState *s, hwaddr buffer)
{
    if (s->sev_ready || g_hash_table_size(s->guests)) {
        return PSP_INVALID_PLATFORM_STATE;
    }
    s->snp_ready = false;
    return PSP_SUCCESS;
}

struct QEMU_PACKED snp_config {
    uint64_t reported_tcb;
    uint32_t flags;
    uint8_t reserved[52];
};

#define MASK_CHIP_ID        (1u << 0)
#define MASK_CHIP_KEY       (1u << 1)
#define CONFIG_FLAGS        (MASK_CHIP_ID | MASK_CHIP_KEY)

PSPStatus psp_snp_status(PSPState *s, hwaddr buffer)
{
    struct snp_status status = {
        .api_major = PSP_API_MAJOR,
        .api_minor = PSP_API_MINOR,
        .state = s->snp_ready,
        .rmp_ready = s->snp_ready,
        .build = PSP_BUILD,
        .flags = (s->mask_chip_id ? MASK_CHIP_ID : 0) |
                 (s->mask_chip_key ? MASK_CHIP_KEY : 0),
        .guest_count = g_hash_table_size(s->guests),
        .current_tcb = PSP_TCB,
        .reported_tcb = s->reported_tcb,
    };
    hwaddr at;

    cpu_physical_memory_read(buffer, &at, sizeof(at));
    if (s->snp_ready && !psp_is_firmware_page(at)) {
        return PSP_INVALID_PAGE_STATE;
    }
    cpu_physical_memory_write(at, &status, sizeof(status));
    return PSP_SUCCESS;
}

bool psp_tcb_reached(uint64_t tcb)
{
    for (unsigned shift = 0; shift < 64; shift += 8) {
        if ((uint8_t)(tcb >> shift) > (uint8_t)(PSP_TCB >> shift)) {
            return false;
        }
    }
    return true;
}

/* Reports show these alone. */
PSPStatus psp_snp_config(PSPState *s, hwaddr buffer)
{
    struct snp_config config;

    cpu_physical_memory_read(buffer, &config, sizeof(config));
    if (config.flags & ~CONFIG_FLAGS ||
        !buffer_is_zero(config.reserved, sizeof(config.reserved)) ||
        !psp_tcb_reached(config.reported_tcb)) {
        return PSP_INVALID_PARAM;
    }
    s->reported_tcb = config.reported_tcb ? config.reported_tcb : PSP_TCB;
    s->mask_chip_id = config.flags & MASK_CHIP_ID;
    s->mask_chip_key = config.flags & MASK_CHIP_KEY;
    return PSP_SUCCESS;
}

/* There is no other firmware to which it could go back. */
PSPStatus psp_snp_commit(PSPState *s, hwaddr buffer)
{
    uint32_t length;

    cpu_physical_memory_read(buffer, &length, sizeof(length));
    return length == sizeof(length) ? PSP_SUCCESS : PSP_INVALID_PARAM;
}

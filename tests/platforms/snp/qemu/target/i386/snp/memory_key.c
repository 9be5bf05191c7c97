/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The keys of the ASIDs and the view of memory without them
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/guest-random.h"
#include "cpu.h"
#include "exec/address-spaces.h"
#include "snp/memory_key.h"
#include "snp/platform.h"
#include "snp/rmp.h"

#define WORD    sizeof(uint64_t)

static uint64_t keys[SNP_MAX_ASID + 1];
static MemoryRegion foreign_view;

/* The word of the stream for an address: a mix with good diffusion */
static uint64_t stream(uint64_t key, hwaddr at)
{
    uint64_t x = key ^ at / WORD;

    for (int i = 0; i < 3; i++) {
        x *= 0xd1342543de82ef95ULL;
        x ^= x >> 29;
    }
    return x;
}

static void recrypt_with(hwaddr page, uint64_t key)
{
    uint64_t words[SNP_PAGE / WORD];

    cpu_physical_memory_read(page, words, sizeof(words));
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        words[i] ^= cpu_to_le64(stream(key, page + i * WORD));
    }
    cpu_physical_memory_write(page, words, sizeof(words));
}

void snp_recrypt(hwaddr page, uint32_t asid)
{
    recrypt_with(page, keys[asid]);
}

struct rekey {
    uint64_t from, to;
};

static void rekey_page(hwaddr page, void *opaque)
{
    struct rekey *rekey = opaque;

    recrypt_with(page, rekey->from);
    recrypt_with(page, rekey->to);
}

void snp_new_key(uint32_t asid)
{
    struct rekey rekey = { .from = keys[asid] };

    qemu_guest_getrandom_nofail(&rekey.to, sizeof(rekey.to));
    snp_rmp_each(asid, rekey_page, &rekey);
    keys[asid] = rekey.to;
}

static uint8_t foreign_byte(hwaddr at)
{
    uint32_t asid = 0;
    uint8_t byte;

    cpu_physical_memory_read(at, &byte, 1);
    if (snp_rmp_covers(at, 1)) {
        asid = snp_rmp_asid(snp_rmp_get(at));
    }
    if (asid) {
        byte ^= extract64(stream(keys[asid], at), at % WORD * 8, 8);
    }
    return byte;
}

static uint64_t foreign_read(void *opaque, hwaddr at, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++) {
        value = deposit64(value, i * 8, 8, foreign_byte(at + i));
    }
    return value;
}

/* The page tables allow none. */
static void foreign_write(void *opaque, hwaddr at, uint64_t value,
                          unsigned size)
{
    g_assert_not_reached();
}

static const MemoryRegionOps foreign_ops = {
    .read = foreign_read,
    .write = foreign_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

void snp_foreign_view_init(Object *owner)
{
    memory_region_init_io(&foreign_view, owner, &foreign_ops, NULL,
                          "snp-foreign-view", SNP_FOREIGN_SIZE);
    memory_region_add_subregion(get_system_memory(), SNP_FOREIGN_VIEW,
                                &foreign_view);
}

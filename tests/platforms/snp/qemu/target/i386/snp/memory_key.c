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

static void crypt_with(uint8_t *bytes, hwaddr at, uint64_t size, uint64_t key)
{
    for (uint64_t i = 0; i < size; ) {
        uint64_t word = stream(key, at + i);

        do {
            bytes[i] ^= extract64(word, (at + i) % WORD * 8, 8);
            i++;
        } while (i < size && (at + i) % WORD);
    }
}

void snp_crypt(void *bytes, hwaddr at, uint64_t size, uint32_t asid)
{
    crypt_with(bytes, at, size, keys[asid]);
}

static void recrypt_with(hwaddr page, uint64_t key)
{
    uint8_t bytes[SNP_PAGE];

    cpu_physical_memory_read(page, bytes, sizeof(bytes));
    crypt_with(bytes, page, sizeof(bytes), key);
    cpu_physical_memory_write(page, bytes, sizeof(bytes));
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

void snp_set_key(uint32_t asid, uint64_t key)
{
    struct rekey rekey = { .from = keys[asid], .to = key };

    snp_rmp_each(asid, rekey_page, &rekey);
    keys[asid] = key;
}

void snp_new_key(uint32_t asid)
{
    uint64_t key;

    qemu_guest_getrandom_nofail(&key, sizeof(key));
    snp_set_key(asid, key);
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
        snp_crypt(&byte, at, 1, asid);
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

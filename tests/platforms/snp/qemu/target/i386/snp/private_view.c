/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The view of memory through the running guest's key
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "cpu.h"
#include "exec/address-spaces.h"
#include "snp/memory_key.h"
#include "snp/platform.h"
#include "snp/private_view.h"

static MemoryRegion private_view;

static uint32_t running_asid(void)
{
    return X86_CPU(current_cpu)->env.snp.asid;
}

static uint64_t private_read(void *opaque, hwaddr at, unsigned size)
{
    uint8_t bytes[8];

    cpu_physical_memory_read(at, bytes, size);
    snp_crypt(bytes, at, size, running_asid());
    return ldn_le_p(bytes, size);
}

static void private_write(void *opaque, hwaddr at, uint64_t value,
                          unsigned size)
{
    uint8_t bytes[8];

    stn_le_p(bytes, size, value);
    snp_crypt(bytes, at, size, running_asid());
    cpu_physical_memory_write(at, bytes, size);
}

static const MemoryRegionOps private_ops = {
    .read = private_read,
    .write = private_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

void snp_private_view_init(Object *owner)
{
    memory_region_init_io(&private_view, owner, &private_ops, NULL,
                          "snp-private-view", SNP_PRIVATE_SIZE);
    memory_region_add_subregion(get_system_memory(), SNP_PRIVATE_VIEW,
                                &private_view);
}

/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The security processor as a PCI device: its registers and its interrupt. A
 * command is done when the write that starts it returns.
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/units.h"
#include "cpu.h"
#include "hw/pci/msi.h"
#include "hw/qdev-properties.h"
#include "qapi/error.h"
#include "psp.h"
#include "snp/memory_key.h"
#include "snp/private_view.h"

#define REGISTERS_BAR       2
#define REGISTERS_SIZE      (1 * MiB)

#define REG_COMMAND         0x10980
#define REG_BUFFER_LOW      0x109e0
#define REG_BUFFER_HIGH     0x109e4
#define REG_CAPABILITIES    0x109fc
#define REG_INTERRUPTS_ON   0x10690
#define REG_INTERRUPTS      0x10694

#define COMMAND_INTERRUPT   (1u << 0)
#define COMMAND_DONE        (1u << 31)
#define COMMAND_ID_SHIFT    16
#define COMMAND_ID_BITS     11

#define CAPABILITY_SEV      (1u << 0)
#define INTERRUPT_COMMAND   (1u << 1)

static uint64_t psp_read(void *opaque, hwaddr at, unsigned size)
{
    PSPState *s = opaque;

    switch (at) {
    case REG_COMMAND:
        return s->command;
    case REG_BUFFER_LOW:
        return s->buffer_low;
    case REG_BUFFER_HIGH:
        return s->buffer_high;
    case REG_CAPABILITIES:
        return CAPABILITY_SEV;
    case REG_INTERRUPTS_ON:
        return s->interrupts_enabled;
    case REG_INTERRUPTS:
        return s->interrupts;
    }
    return 0;
}

static void start_command(PSPState *s, uint32_t value)
{
    unsigned id = extract32(value, COMMAND_ID_SHIFT, COMMAND_ID_BITS);
    hwaddr buffer = s->buffer_low | (hwaddr)s->buffer_high << 32;

    s->command = COMMAND_DONE | id << COMMAND_ID_SHIFT |
                 psp_run(s, id, buffer & ~SNP_C_MASK);
    if (value & COMMAND_INTERRUPT) {
        s->interrupts |= INTERRUPT_COMMAND;
        msi_notify(PCI_DEVICE(s), 0);
    }
}

static void psp_write(void *opaque, hwaddr at, uint64_t value, unsigned size)
{
    PSPState *s = opaque;

    switch (at) {
    case REG_COMMAND:
        start_command(s, value);
        break;
    case REG_BUFFER_LOW:
        s->buffer_low = value;
        break;
    case REG_BUFFER_HIGH:
        s->buffer_high = value;
        break;
    case REG_INTERRUPTS_ON:
        s->interrupts_enabled = value;
        break;
    case REG_INTERRUPTS:
        s->interrupts &= ~value;
        break;
    }
}

static const MemoryRegionOps psp_ops = {
    .read = psp_read,
    .write = psp_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
};

static void psp_realize(PCIDevice *device, Error **errp)
{
    PSPState *s = PSP(device);

    if (snp_platform.present) {
        error_setg(errp, "a machine has one security processor");
        return;
    }
    if (!s->rmp_base || !s->rmp_size) {
        error_setg(errp, "rmp-base and rmp-size say where the RMP is");
        return;
    }
    if (msi_init(device, 0, 1, true, false, errp)) {
        return;
    }
    s->reported_tcb = PSP_TCB;
    s->guests = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
                                      g_free);
    psp_sev_guests_init(s);
    memory_region_init_io(&s->registers, OBJECT(s), &psp_ops, s, TYPE_PSP,
                          REGISTERS_SIZE);
    pci_register_bar(device, REGISTERS_BAR, PCI_BASE_ADDRESS_SPACE_MEMORY,
                     &s->registers);
    psp_test_port_init(s);
    snp_foreign_view_init(OBJECT(s));
    snp_private_view_init(OBJECT(s));
    snp_platform.present = true;
    snp_platform.rmp_base = s->rmp_base;
    snp_platform.rmp_end = s->rmp_base + s->rmp_size - 1;
}

static Property psp_properties[] = {
    DEFINE_PROP_UINT64("rmp-base", PSPState, rmp_base, 0),
    DEFINE_PROP_UINT64("rmp-size", PSPState, rmp_size, 0),
    DEFINE_PROP_END_OF_LIST(),
};

static void psp_class_init(ObjectClass *class, void *data)
{
    PCIDeviceClass *pci = PCI_DEVICE_CLASS(class);

    device_class_set_props(DEVICE_CLASS(class), psp_properties);
    DEVICE_CLASS(class)->hotpluggable = false;
    pci->realize = psp_realize;
    pci->vendor_id = PCI_VENDOR_ID_AMD;
    pci->device_id = 0x14ca;
    pci->class_id = 0x1080;     /* encryption, none of the named kinds */
}

static const TypeInfo psp_info = {
    .name = TYPE_PSP,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(PSPState),
    .class_init = psp_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_CONVENTIONAL_PCI_DEVICE },
        { },
    },
};

static void psp_register_types(void)
{
    type_register_static(&psp_info);
}

type_init(psp_register_types)

/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * I/O ports that no hardware has, by which a test in the machine makes commands
 * fail and asks how often the RMP was changed. Each register has 32 bits.
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "cpu.h"
#include "exec/address-spaces.h"
#include "psp.h"
#include "snp/rmp.h"

#define PORT            0x5e0

/*
 * A command's number, and then the status that it is to have until another one
 * is written; 0 lets it run. In bits 31:16 of the latter: how many of these
 * commands run before.
 */
#define FAILING         0x0
#define FAILURE         0x4
#define FAILURE_STATUS  0xffff
#define FAILURE_SKIP    16
/*
 * The number of an event, and how often it has been. The number after the last
 * one's: how many pages belong to guests
 */
#define EVENT           0x8
#define EVENT_COUNT     0xc
#define PORT_SIZE       0x10

PSPStatus psp_failure(PSPState *s, unsigned command)
{
    PSPStatus status = s->failure & FAILURE_STATUS;

    if (!status || command != s->failing) {
        return PSP_SUCCESS;
    }
    if (s->failure >> FAILURE_SKIP) {
        s->failure -= 1u << FAILURE_SKIP;
        return PSP_SUCCESS;
    }
    return status;
}

static uint32_t count(uint32_t event)
{
    if (event == SNP_EVENTS) {
        return snp_rmp_guest_pages();
    }
    return event < SNP_EVENTS ? snp_events[event] : 0;
}

static uint64_t port_read(void *opaque, hwaddr at, unsigned size)
{
    PSPState *s = opaque;

    switch (at) {
    case FAILURE:
        return s->failure;
    case EVENT_COUNT:
        return count(s->event);
    }
    return 0;
}

static void port_write(void *opaque, hwaddr at, uint64_t value, unsigned size)
{
    PSPState *s = opaque;

    switch (at) {
    case FAILING:
        s->failing = value;
        break;
    case FAILURE:
        s->failure = value;
        break;
    case EVENT:
        s->event = value;
        break;
    }
}

static const MemoryRegionOps port_ops = {
    .read = port_read,
    .write = port_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
};

void psp_test_port_init(PSPState *s)
{
    memory_region_init_io(&s->test_port, OBJECT(s), &port_ops, s,
                          "amd-psp-test-port", PORT_SIZE);
    memory_region_add_subregion(get_system_io(), PORT, &s->test_port);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells the guest its CPUs and how interrupts reach them, in the format of
 * Intel's MultiProcessor Specification 1.4. KVM's I/O APIC gets ISA interrupt n
 * on pin n. Without such a table Linux can't rely on its timer interrupt and
 * hangs now and then in "Calibrating delay loop".
 */
#include "mptable.h"

#include <assert.h>
#include <string.h>

#define LOCAL_APIC_GPA	0xfee00000U
#define IO_APIC_GPA	0xfec00000U

#define APIC_VERSION	0x14
#define ISA_BUS		0
#define ISA_IRQS	16
#define CASCADE_IRQ	2
#define ALL_LOCAL_APICS	0xff

enum entry_type {
	ENTRY_CPU,
	ENTRY_BUS,
	ENTRY_IO_APIC,
	ENTRY_IO_INTERRUPT,
	ENTRY_LOCAL_INTERRUPT,
};

enum interrupt_type {
	INTERRUPT_VECTORED = 0,
	INTERRUPT_NMI = 1,
	INTERRUPT_EXTINT = 3,
};

enum { ENABLED = 1, BOOT_CPU = 2 };

struct pointer {
	char signature[4];
	__u32 table;
	__u8 paragraphs;
	__u8 revision;
	__u8 checksum;
	__u8 features[5];
};

struct header {
	char signature[4];
	__u16 length;
	__u8 revision;
	__u8 checksum;
	char vendor[8];
	char product[12];
	__u32 oem_table;
	__u16 oem_size;
	__u16 entries;
	__u32 local_apic;
	__u32 extended;
};

struct cpu {
	__u8 type;
	__u8 apic_id;
	__u8 apic_version;
	__u8 flags;
	__u32 signature;
	__u32 features;
	__u32 reserved[2];
};

struct bus {
	__u8 type;
	__u8 id;
	char name[6];
};

struct io_apic {
	__u8 type;
	__u8 id;
	__u8 version;
	__u8 flags;
	__u32 address;
};

struct interrupt {
	__u8 type;
	__u8 kind;
	__u16 flags;
	__u8 bus;
	__u8 irq;
	__u8 apic;
	__u8 pin;
};

struct builder {
	struct pointer pointer;
	struct header header;
	__u8 entries[4096 - sizeof(struct pointer) - sizeof(struct header)];
	size_t used;
};

static_assert(sizeof(struct pointer) == 16, "MP specification 4.1");
static_assert(sizeof(struct header) == 44, "MP specification 4.2");
static_assert(sizeof(struct cpu) == 20, "MP specification 4.3.1");

static void add(struct builder *builder, const void *entry, size_t size)
{
	assert(size <= sizeof(builder->entries) - builder->used);
	memcpy(builder->entries + builder->used, entry, size);
	builder->used += size;
	builder->header.entries++;
}

static void add_cpus(struct builder *builder, unsigned int nr_cpus)
{
	for (unsigned int i = 0; i < nr_cpus; i++) {
		struct cpu cpu = {
			.type = ENTRY_CPU,
			.apic_id = i,
			.apic_version = APIC_VERSION,
			.flags = ENABLED | (i ? 0 : BOOT_CPU),
		};

		add(builder, &cpu, sizeof(cpu));
	}
}

static void add_interrupts(struct builder *builder, unsigned int io_apic_id)
{
	struct interrupt line = {
		.type = ENTRY_IO_INTERRUPT,
		.kind = INTERRUPT_VECTORED,
		.bus = ISA_BUS,
		.apic = io_apic_id,
	};
	struct interrupt local = {
		.type = ENTRY_LOCAL_INTERRUPT,
		.bus = ISA_BUS,
		.apic = ALL_LOCAL_APICS,
	};

	for (unsigned int irq = 0; irq < ISA_IRQS; irq++) {
		if (irq == CASCADE_IRQ)
			continue;
		line.irq = irq;
		line.pin = irq;
		add(builder, &line, sizeof(line));
	}

	local.kind = INTERRUPT_EXTINT;
	local.pin = 0;
	add(builder, &local, sizeof(local));
	local.kind = INTERRUPT_NMI;
	local.pin = 1;
	add(builder, &local, sizeof(local));
}

static __u8 checksum(const void *data, size_t size)
{
	const __u8 *bytes = data;
	__u8 sum = 0;

	while (size--)
		sum += *bytes++;
	return -sum;
}

void mptable_place(struct guest_memory *memory, unsigned int nr_cpus)
{
	struct builder builder = {
		.pointer = {
			.signature = "_MP_",
			.table = MPTABLE_GPA + sizeof(struct pointer),
			.paragraphs = 1,
			.revision = 4,
		},
		.header = {
			.signature = "PCMP",
			.revision = 4,
			.vendor = "EXAMPLE ",
			.product = "KVM_PRIVATE ",
			.local_apic = LOCAL_APIC_GPA,
		},
	};
	struct bus bus = {
		.type = ENTRY_BUS,
		.id = ISA_BUS,
		.name = "ISA   ",
	};
	struct io_apic io_apic = {
		.type = ENTRY_IO_APIC,
		.id = nr_cpus,
		.version = APIC_VERSION,
		.flags = ENABLED,
		.address = IO_APIC_GPA,
	};

	add_cpus(&builder, nr_cpus);
	add(&builder, &bus, sizeof(bus));
	add(&builder, &io_apic, sizeof(io_apic));
	add_interrupts(&builder, io_apic.id);

	builder.header.length = sizeof(builder.header) + builder.used;
	builder.header.checksum = checksum(&builder.header,
					   builder.header.length);
	builder.pointer.checksum = checksum(&builder.pointer,
					    sizeof(builder.pointer));

	memory_place(memory, MPTABLE_GPA, &builder,
		     sizeof(builder.pointer) + builder.header.length);
}

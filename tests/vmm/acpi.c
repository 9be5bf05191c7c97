// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells an SNP guest its CPUs and how interrupts reach them, in the tables of the ACPI
 * specification 6.4: Linux looks for no MP table there, since it searches no memory that a
 * firmware may not have validated. No device is described.
 */
#include "acpi.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define LOCAL_APIC_GPA	0xfee00000U
#define IO_APIC_GPA	0xfec00000U

/* Nothing is behind these ports: no event comes, and no power button is there. */
#define PM1_EVENT_PORT	0x600
#define PM1_CONTROL_PORT 0x604
#define SCI_IRQ		9

#define OEM	"EXAMPL"

#define PACKED __attribute__((__packed__))

struct PACKED rsdp {
	char signature[8];
	__u8 checksum;
	char oem[6];
	__u8 revision;
	__u32 rsdt;
	__u32 length;
	__u64 xsdt;
	__u8 extended_checksum;
	__u8 reserved[3];
};

struct PACKED header {
	char signature[4];
	__u32 length;
	__u8 revision;
	__u8 checksum;
	char oem[6];
	char oem_table[8];
	__u32 oem_revision;
	char creator[4];
	__u32 creator_revision;
};

struct PACKED fadt {
	struct header header;
	__u32 facs;
	__u32 dsdt;
	__u8 reserved_1[2];
	__u16 sci_irq;
	__u8 reserved_2[8];
	__u32 pm1_event;
	__u32 pm1b_event;
	__u32 pm1_control;
	__u8 reserved_3[20];
	__u8 pm1_event_size;
	__u8 pm1_control_size;
	__u8 reserved_4[6];
	__u16 c2_latency;
	__u16 c3_latency;
	__u8 reserved_5[9];
	__u16 boot_flags;
	__u8 reserved_6;
	__u32 flags;
	__u8 reserved_7[128];
};

#define BOOT_LEGACY_DEVICES	(1 << 0)
#define BOOT_NO_VGA		(1 << 2)

#define FLAG_WBINVD		(1 << 0)
#define FLAG_C1			(1 << 2)
#define FLAG_NO_POWER_BUTTON	(1 << 4)
#define FLAG_NO_SLEEP_BUTTON	(1 << 5)
#define FLAG_NO_RTC_EVENT	(1 << 6)

/* Longer than the longest that the specification allows */
#define NO_C2			101
#define NO_C3			1001

struct PACKED local_apic {
	__u8 type;
	__u8 length;
	__u8 processor;
	__u8 id;
	__u32 flags;
};

struct PACKED io_apic {
	__u8 type;
	__u8 length;
	__u8 id;
	__u8 reserved;
	__u32 address;
	__u32 first_interrupt;
};

struct PACKED madt {
	struct header header;
	__u32 local_apic;
	__u32 flags;
	struct io_apic io_apic;
	struct local_apic cpus[ACPI_MAX_CPUS];
};

enum { ENTRY_LOCAL_APIC, ENTRY_IO_APIC };

#define MADT_HAS_8259		1
#define CPU_ENABLED		1

struct PACKED tables {
	struct rsdp rsdp;
	struct PACKED {
		struct header header;
		__u64 tables[2];
	} xsdt;
	struct fadt fadt;
	struct header dsdt;
	/* The last one, whose length is that of its CPUs */
	struct madt madt;
};

static_assert(sizeof(struct rsdp) == 36, "ACPI 6.4, 5.2.5.3");
static_assert(sizeof(struct header) == 36, "ACPI 6.4, 5.2.6");
static_assert(offsetof(struct fadt, pm1_event_size) == 88, "ACPI 6.4, 5.2.9");
static_assert(offsetof(struct fadt, boot_flags) == 109, "ACPI 6.4, 5.2.9");
static_assert(sizeof(struct fadt) == 244, "ACPI 6.4, 5.2.9, without what is optional");
static_assert(sizeof(struct tables) <= ACPI_SIZE, "the tables' page");

#define GPA_OF(table)	(ACPI_GPA + offsetof(struct tables, table))

static __u8 checksum(const void *data, size_t size)
{
	const __u8 *bytes = data;
	__u8 sum = 0;

	while (size--)
		sum += *bytes++;
	return -sum;
}

/* The table behind the header is complete. */
static void finish(struct header *header, const char *signature, __u8 revision, __u32 length)
{
	memcpy(header->signature, signature, sizeof(header->signature));
	memcpy(header->oem, OEM, sizeof(header->oem));
	memcpy(header->oem_table, "KVM_PRIV", sizeof(header->oem_table));
	memcpy(header->creator, "TEST", sizeof(header->creator));
	header->revision = revision;
	header->length = length;
	header->checksum = checksum(header, length);
}

static void fill_fadt(struct fadt *fadt)
{
	fadt->dsdt = GPA_OF(dsdt);
	fadt->sci_irq = SCI_IRQ;
	fadt->pm1_event = PM1_EVENT_PORT;
	fadt->pm1_control = PM1_CONTROL_PORT;
	fadt->pm1_event_size = 4;
	fadt->pm1_control_size = 2;
	fadt->c2_latency = NO_C2;
	fadt->c3_latency = NO_C3;
	fadt->boot_flags = BOOT_LEGACY_DEVICES | BOOT_NO_VGA;
	fadt->flags = FLAG_WBINVD | FLAG_C1 | FLAG_NO_POWER_BUTTON |
		      FLAG_NO_SLEEP_BUTTON | FLAG_NO_RTC_EVENT;
	finish(&fadt->header, "FACP", 3, sizeof(*fadt));
}

/* As mptable.c has it: interrupt n of the ISA bus is on the I/O APIC's pin n. */
static void fill_madt(struct madt *madt, unsigned int nr_cpus)
{
	madt->local_apic = LOCAL_APIC_GPA;
	madt->flags = MADT_HAS_8259;
	madt->io_apic = (struct io_apic){
		.type = ENTRY_IO_APIC,
		.length = sizeof(madt->io_apic),
		.id = nr_cpus,
		.address = IO_APIC_GPA,
	};
	for (unsigned int i = 0; i < nr_cpus; i++)
		madt->cpus[i] = (struct local_apic){
			.type = ENTRY_LOCAL_APIC,
			.length = sizeof(madt->cpus[i]),
			.processor = i,
			.id = i,
			.flags = CPU_ENABLED,
		};
	finish(&madt->header, "APIC", 3,
	       offsetof(struct madt, cpus) + nr_cpus * sizeof(madt->cpus[0]));
}

void acpi_place(struct guest_memory *memory, unsigned int nr_cpus)
{
	struct tables tables = {
		.rsdp = {
			.revision = 2,
			.length = sizeof(tables.rsdp),
			.xsdt = GPA_OF(xsdt),
		},
		.xsdt.tables = { GPA_OF(fadt), GPA_OF(madt) },
	};

	memcpy(tables.rsdp.signature, "RSD PTR ", sizeof(tables.rsdp.signature));
	memcpy(tables.rsdp.oem, OEM, sizeof(tables.rsdp.oem));
	tables.rsdp.checksum = checksum(&tables.rsdp, offsetof(struct rsdp, length));
	tables.rsdp.extended_checksum = checksum(&tables.rsdp, sizeof(tables.rsdp));
	finish(&tables.xsdt.header, "XSDT", 1, sizeof(tables.xsdt));
	finish(&tables.dsdt, "DSDT", 2, sizeof(tables.dsdt));
	fill_fadt(&tables.fadt);
	fill_madt(&tables.madt, nr_cpus);
	memory_place(memory, ACPI_GPA, &tables, sizeof(tables));
}

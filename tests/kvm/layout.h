/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The places in the memory of a test guest. The tables map the first GiB onto
 * itself with large pages, and one more far above it with a single entry. From
 * FINE_VA on they have one page table of 4 KiB pages, whose entries the tests
 * write.
 */
#ifndef TESTS_KVM_LAYOUT_H
#define TESTS_KVM_LAYOUT_H

#define PML4_GPA	0x1000
#define PDPT_GPA	0x2000
#define PD_GPA		0x3000
#define FINE_PD_GPA	0x4000
#define FINE_PT_GPA	0x5000
#define TABLES_SIZE	0x5000

#define CODE_GPA	0x10000

/* The addresses above are free for a test to use. */
#define DATA_GPA	0x100000
#define MEM_SIZE	0x400000

/* No slot is here, so that every access is an exit. */
#define MMIO_GPA	0x30000000

#define FINE_VA		0x40000000

/* Room for slots of up to 1 GiB, aligned to that */
#define FAR_GPA		0x100000000ULL

#define PTE_PRESENT	0x01ULL
#define PTE_WRITE	0x02ULL
#define PTE_ACCESSED	0x20ULL
#define PTE_DIRTY	0x40ULL
#define PTE_LARGE	0x80ULL

#endif

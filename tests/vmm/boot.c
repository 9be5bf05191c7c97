// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux's 64-bit boot protocol (Documentation/arch/x86/boot.rst): puts kernel,
 * initrd, command line and boot_params into the guest's memory.
 */
#include "boot.h"

#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <asm/bootparam.h>

#include "acpi.h"
#include "snp.h"

#define PAGE_SIZE		4096UL

/* Below 640 KiB; long_mode.c has its tables there too, from 0x8000 on. */
#define BOOT_PARAMS_GPA		0x10000
#define COMMAND_LINE_GPA	0x20000
#define LOW_RAM_END		0xa0000
#define HIGH_RAM_START		0x100000

#define MEMORY_RAM		1
#define MEMORY_ACPI		3

#define HEADER_OFFSET		0x1f1
#define SECTOR			512
#define DEFAULT_SETUP_SECTORS	4
#define ENTRY_64		0x200

#define MAGIC			0x53726448	/* "HdrS" */
#define PROTOCOL_2_12		0x020c		/* the first with xloadflags */
#define LOADER_UNKNOWN		0xff

struct image {
	const unsigned char *data;
	size_t size;
};

static struct image image_open(const char *path)
{
	struct image image;
	struct stat status;
	void *data;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status))
		err(1, "can't open %s", path);
	if (!status.st_size)
		errx(1, "%s is empty", path);

	data = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		err(1, "can't read %s", path);
	close(fd);

	image.data = data;
	image.size = status.st_size;
	return image;
}

static void image_close(struct image *image)
{
	munmap((void *)image->data, image->size);
}

static struct setup_header read_header(const struct image *kernel,
				       const char *path)
{
	struct setup_header header;

	if (kernel->size < HEADER_OFFSET + sizeof(header))
		errx(1, "%s is too short to be a Linux kernel", path);
	memcpy(&header, kernel->data + HEADER_OFFSET, sizeof(header));

	if (header.header != MAGIC || header.version < PROTOCOL_2_12 ||
	    !(header.xloadflags & XLF_KERNEL_64) ||
	    !(header.loadflags & LOADED_HIGH))
		errx(1, "%s is not a 64-bit bzImage; give a file like /boot/vmlinuz-VERSION",
		     path);
	return header;
}

static void place_kernel(struct guest_memory *memory,
			 const struct image *kernel,
			 const struct setup_header *header, const char *path)
{
	unsigned int sectors = header->setup_sects ?: DEFAULT_SETUP_SECTORS;
	size_t start = (sectors + 1) * SECTOR;

	if (start >= kernel->size)
		errx(1, "%s has been cut off", path);
	if (header->pref_address + header->init_size > memory->size)
		errx(1, "%s needs at least %llu MiB of memory", path,
		     (header->pref_address + header->init_size) >> 20);

	memory_place(memory, header->pref_address, kernel->data + start,
		     kernel->size - start);
}

/* As high as possible, out of the kernel's way while that unpacks itself */
static void place_initrd(struct guest_memory *memory,
			 struct setup_header *header, const char *path)
{
	struct image initrd = image_open(path);
	__u64 end = memory->size;
	__u64 gpa;

	if (end > (__u64)header->initrd_addr_max + 1)
		end = (__u64)header->initrd_addr_max + 1;
	gpa = (end - initrd.size) & ~(PAGE_SIZE - 1);
	if (initrd.size > end ||
	    gpa < header->pref_address + header->init_size)
		errx(1, "%s doesn't fit into the guest; give it more memory with --mem",
		     path);

	memory_place(memory, gpa, initrd.data, initrd.size);
	header->ramdisk_image = gpa;
	header->ramdisk_size = initrd.size;
	image_close(&initrd);
}

static void place_command_line(struct guest_memory *memory,
			       struct setup_header *header, const char *text)
{
	if (strlen(text) > header->cmdline_size)
		errx(1, "the kernel takes %u bytes of command line, not %zu",
		     header->cmdline_size, strlen(text));

	memory_place(memory, COMMAND_LINE_GPA, text, strlen(text) + 1);
	header->cmd_line_ptr = COMMAND_LINE_GPA;
}

static void add_memory(struct boot_params *params, __u64 start, __u64 end, __u32 type)
{
	struct boot_e820_entry *entry =
		&params->e820_table[params->e820_entries++];

	entry->addr = start;
	entry->size = end - start;
	entry->type = type;
}

static void place_boot_params(struct guest_memory *memory,
			      const struct setup_header *header, bool snp)
{
	struct boot_params params = { .hdr = *header };

	/*
	 * The memory between the two has what a PC has there: the MP table's
	 * place.
	 */
	add_memory(&params, 0, LOW_RAM_END, MEMORY_RAM);
	if (snp) {
		add_memory(&params, ACPI_GPA, ACPI_GPA + ACPI_SIZE, MEMORY_ACPI);
		params.acpi_rsdp_addr = ACPI_GPA;
	}
	add_memory(&params, HIGH_RAM_START, memory->size, MEMORY_RAM);

	memory_place(memory, BOOT_PARAMS_GPA, &params, sizeof(params));
}

struct boot_entry boot_load(struct guest_memory *memory, const char *kernel,
			    const char *initrd, const char *command_line,
			    bool snp)
{
	struct image image = image_open(kernel);
	struct setup_header header = read_header(&image, kernel);
	struct boot_entry entry = {
		.rip = header.pref_address + ENTRY_64,
		.boot_params = BOOT_PARAMS_GPA,
	};

	header.type_of_loader = LOADER_UNKNOWN;
	if (snp)
		header.setup_data = SNP_SETUP_DATA_GPA;

	place_kernel(memory, &image, &header, kernel);
	if (initrd)
		place_initrd(memory, &header, initrd);
	place_command_line(memory, &header, command_line);
	place_boot_params(memory, &header, snp);

	image_close(&image);
	return entry;
}

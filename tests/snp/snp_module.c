// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "snp_module.h"
#include "unit.h"

#define MODULE		"kvm_snp_test"

static int device = -1;

void module_open(void)
{
	int fd = expect_ok(open(MODULE ".ko", O_RDONLY | O_CLOEXEC),
			   "opening the module that tests/build-module makes");

	expect_ok(syscall(SYS_finit_module, fd, "", 0), "loading " MODULE);
	close(fd);
	device = expect_ok(open(SNPT_DEVICE, O_RDWR | O_CLOEXEC), SNPT_DEVICE);
}

void module_close(void)
{
	close(device);
	expect_ok(syscall(SYS_delete_module, MODULE, O_NONBLOCK), "unloading " MODULE);
}

__u64 page_address(__u32 page)
{
	__u64 address;

	expect_ok(ioctl(device, SNPT_ADDRESS, &address), "SNPT_ADDRESS");
	return address + (__u64)page * SNPT_PAGE_SIZE;
}

__u32 rmp_update(const struct snpt_update *update)
{
	struct snpt_update args = *update;

	expect_ok(ioctl(device, SNPT_UPDATE, &args), "SNPT_UPDATE");
	return args.result;
}

static void expect_update(const struct snpt_update *update)
{
	__u32 result = rmp_update(update);

	if (result)
		fail_msg("RMPUPDATE of page %u: %u", update->page, result);
}

void rmp_assign(__u32 page, __u32 asid, __u64 gpa, bool immutable)
{
	expect_update(&(struct snpt_update){
		.page = page, .asid = asid, .gpa = gpa, .assigned = 1, .immutable = immutable,
	});
}

void rmp_donate(__u32 page)
{
	rmp_assign(page, 0, 0, true);
}

void rmp_release(__u32 page)
{
	expect_update(&(struct snpt_update){ .page = page });
}

bool rmp_is_large(__u32 page)
{
	struct snpt_entry entry = { .page = page };

	expect_ok(ioctl(device, SNPT_ENTRY, &entry), "SNPT_ENTRY");
	return entry.assigned && entry.large;
}

__u32 firmware(__u32 command, const void *buffer, size_t size)
{
	struct snpt_command args = { .id = command, .size = size };

	assert_true(size <= sizeof(args.buffer));
	if (size)
		memcpy(args.buffer, buffer, size);
	expect_ok(ioctl(device, SNPT_COMMAND, &args), "command %#x", command);
	return args.status;
}

__u32 firmware_page(__u32 command, __u32 page, __u64 flags)
{
	__u64 address = page_address(page) | flags;

	return firmware(command, &address, sizeof(address));
}

__u32 firmware_plain(__u32 command)
{
	return firmware(command, NULL, 0);
}

static void copy(unsigned long request, __u32 page, __u8 *content)
{
	struct snpt_copy args = { .page = page, .user = (uintptr_t)content };

	expect_ok(ioctl(device, request, &args), "access to page %u", page);
}

void page_fill(__u32 page, __u8 byte)
{
	__u8 content[SNPT_PAGE_SIZE];

	memset(content, byte, sizeof(content));
	copy(SNPT_WRITE, page, content);
}

void page_read(__u32 page, __u8 *content)
{
	copy(SNPT_READ, page, content);
}

void page_dma(__u32 page, bool write)
{
	struct snpt_dma args = { .page = page, .write = write };

	expect_ok(ioctl(device, SNPT_DMA, &args), "DMA with page %u", page);
}

int read_through_assigned_table(const void *address)
{
	struct snpt_table args = { .address = (uintptr_t)address };

	expect_ok(ioctl(device, SNPT_TABLE, &args), "SNPT_TABLE");
	return args.error;
}

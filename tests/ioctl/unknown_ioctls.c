// SPDX-License-Identifier: GPL-2.0-only
/* Numbers that are no ioctl of the module's, on the device and on a file. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "unit.h"

/* KVM's ioctls, of which a file knows one */
#define KVM_IOC_TYPE 0xae

static int device;
static int file;
static char *argument;

/*
 * Every number of a type, in every direction, with sizes that a program could
 * mean.
 */
static void sweep(int fd, unsigned int type, const unsigned long *known)
{
	static const unsigned int sizes[] = {
		0, 1, 4, 8, 16, 24, 32, 40, 48, 56, 63, 64, 65, 72, 96, 128,
		256, 4096, 16383,
	};
	unsigned int direction;
	unsigned int number;
	unsigned int i;
	const unsigned long *k;

	for (number = 0; number < 256; number++) {
		for (direction = 0; direction < 4; direction++) {
			for (i = 0; i < ARRAY_SIZE(sizes); i++) {
				unsigned long cmd = _IOC(direction, type,
							 number, sizes[i]);

				for (k = known; *k && *k != cmd; k++)
					;
				if (*k)
					continue;
				expect_error(ENOTTY, ioctl(fd, cmd, argument),
					     "ioctl %#lx", cmd);
			}
		}
	}
}

TEST(numbers_on_the_device)
{
	static const unsigned long known[] = {
		KVM_PRIVATE_GET_INFO, KVM_PRIVATE_CREATE, 0,
	};
	static const unsigned long none[] = { 0 };

	sweep(device, KVM_PRIVATE_IOC_TYPE, known);
	sweep(device, KVM_IOC_TYPE, none);
}

TEST(numbers_on_a_file)
{
	static const unsigned long known[] = {
		KVM_PRIVATE_POPULATE, KVM_PRIVATE_COLLAPSE, KVM_PRIVATE_SET_POLICY, 0,
	};
	static const unsigned long kvms[] = { KVM_SET_MEMORY_ATTRIBUTES2, 0 };

	sweep(file, KVM_PRIVATE_IOC_TYPE, known);
	sweep(file, KVM_IOC_TYPE, kvms);
	assert_int_equal(file_allocated(file), 0);
}

TEST(no_type_at_all)
{
	struct kvm_private_info info = { .size = sizeof(info) };

	expect_error(ENOTTY, ioctl(device, 0xffffffffUL, &info), "all ones");
	expect_error(ENOTTY, ioctl(file, 0xffffffffUL, &info), "all ones");
	expect_error(ENOTTY, ioctl(device, 0, &info), "zero");
	expect_error(ENOTTY, ioctl(file, 0, &info), "zero");
}

static int setup(void **state)
{
	(void)state;
	device = device_open();
	file = file_create_on(device, MIB, 0);
	/*
	 * The argument is zeros: with that an ioctl that does exist would give
	 * EINVAL, which is not ENOTTY.
	 */
	argument = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return argument == MAP_FAILED ? -1 : 0;
}

TEST_MAIN("unknown_ioctls", .setup = setup)

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers that are no ioctl of the module's, on the device and on a file: those that the table
 * in ioctls.c hasn't.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "ioctls.h"
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
static void sweep(int fd, unsigned int type)
{
	static const unsigned int sizes[] = {
		0, 1, 4, 8, 16, 24, 32, 40, 48, 56, 63, 64, 65, 72, 96, 128,
		256, 4096, 16383,
	};
	unsigned int direction;
	unsigned int number;
	unsigned int i;

	for (number = 0; number < 256; number++) {
		for (direction = 0; direction < 4; direction++) {
			for (i = 0; i < ARRAY_SIZE(sizes); i++) {
				unsigned long cmd = _IOC(direction, type,
							 number, sizes[i]);

				if (!ioctl_is_known(fd == device, cmd))
					expect_error(ENOTTY, ioctl(fd, cmd, argument),
						     "ioctl %#lx", cmd);
			}
		}
	}
}

TEST(numbers_on_the_device)
{
	sweep(device, KVM_PRIVATE_IOC_TYPE);
	sweep(device, KVM_IOC_TYPE);
}

TEST(numbers_on_a_file)
{
	sweep(file, KVM_PRIVATE_IOC_TYPE);
	sweep(file, KVM_IOC_TYPE);
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

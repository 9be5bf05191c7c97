// SPDX-License-Identifier: GPL-2.0-only
/* Failing: the device, and new files. */
#include <unistd.h>

#include "huge.h"
#include "sweep.h"
#include "unit.h"

static long call_open(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	scene->made = open(KVM_PRIVATE_DEVICE, O_RDWR | O_CLOEXEC);
	return scene->made;
}

static long call_get_info(const struct sweep *sweep, struct scene *scene)
{
	struct kvm_private_info info = { .size = sizeof(info) };

	(void)sweep;
	return ioctl(scene->device, KVM_PRIVATE_GET_INFO, &info);
}

static void check_open(const struct sweep *sweep, struct scene *scene)
{
	const struct scene device = { .device = scene->made };

	assert_int_equal(call_get_info(sweep, (struct scene *)&device), 0);
}

static void check_get_info(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	(void)scene;
}

static void prepare_device(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	scene->device = device_open();
}

/* The sweep's argument is the page shift; the flags are those of the last file. */
static long create(const struct sweep *sweep, struct scene *scene, __u64 flags)
{
	scene->made = try_create_shift(scene->device, GIB, flags,
				       sweep->argument);
	return scene->made;
}

static long call_create(const struct sweep *sweep, struct scene *scene)
{
	return create(sweep, scene, 0);
}

static long call_create_shared(const struct sweep *sweep, struct scene *scene)
{
	return create(sweep, scene, KVM_PRIVATE_FLAG_MMAP |
				    KVM_PRIVATE_FLAG_INIT_SHARED);
}

static long call_create_strict(const struct sweep *sweep, struct scene *scene)
{
	return create(sweep, scene, KVM_PRIVATE_FLAG_HUGE_STRICT |
				    KVM_PRIVATE_FLAG_NO_AUTO_ALLOC);
}

static void check_create(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	assert_int_equal(lseek(scene->made, 0, SEEK_END), GIB);
	assert_int_equal(file_allocated(scene->made), 0);
}

/* A call that gets no descriptor or no file must fail, too. */
static const int create_errors[] = { ENOMEM, EMFILE, ENFILE, 0 };

#define CREATE(shift, what)						\
	{								\
		.name = "create, pages of 2^" #shift " bytes, " #what,	\
		.argument = shift,					\
		.prepare = prepare_device,				\
		.call = call_##what,					\
		.check = check_create,					\
		.errors = create_errors,				\
		.needs_ipc_lock = true,					\
	}

static const struct sweep sweeps[] = {
	{
		.name = "open",
		.call = call_open,
		.check = check_open,
		.errors = create_errors,
	}, {
		.name = "get_info",
		.prepare = prepare_device,
		.call = call_get_info,
		.check = check_get_info,
	},
	CREATE(12, create), CREATE(12, create_shared), CREATE(12, create_strict),
	CREATE(21, create), CREATE(21, create_shared), CREATE(21, create_strict),
	CREATE(30, create), CREATE(30, create_shared), CREATE(30, create_strict),
};

int main(void)
{
	return sweeps_run("failures: devices", sweeps, ARRAY_SIZE(sweeps), NULL,
			  NULL);
}

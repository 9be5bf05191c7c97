// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failing: loading the module. A point of its own that fails meanwhile is armed by
 * its parameters, since the module has no other interface yet.
 */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <libkmod.h>

#include "device.h"
#include "injectors.h"
#include "meminfo.h"
#include "own_points.h"
#include "poll_until.h"
#include "unit.h"

#define MODULE "kvm_private"

/* Failed loads, so many that a leak of a page in each shows */
#define ROUNDS 50

static struct kmod_ctx *kmod;
static struct kmod_module *module;

/* The module's file, opened before any failure is injected */
static int file = -1;

static int load(const char *parameters)
{
	return syscall(SYS_finit_module, file, parameters, 0);
}

static void unload(void)
{
	assert_int_equal(kmod_module_remove_module(module, KMOD_REMOVE_NOWAIT), 0);
}

static void expect_absent(void)
{
	struct poll poll = poll_start();

	assert_int_not_equal(kmod_module_get_initstate(module), KMOD_MODULE_LIVE);
	assert_int_equal(access("/sys/module/" MODULE, F_OK), -1);
	assert_int_equal(access("/sys/class/misc/" MODULE, F_OK), -1);
	while (!access(KVM_PRIVATE_DEVICE, F_OK))
		assert_true(poll_again(&poll));
}

static void expect_usable(void)
{
	struct poll poll = poll_start();
	int fd;

	while (access(KVM_PRIVATE_DEVICE, F_OK))
		assert_true(poll_again(&poll));
	fd = file_create(MIB, 0);
	expect_ok(file_allocate(fd, 0, MIB), "allocate");
	close(fd);
}

/* Denies the nth point; returns whether loading reaches that many. */
static bool fails_at(unsigned int nth)
{
	char parameter[32];
	int ret;

	snprintf(parameter, sizeof(parameter), "fail_nth=%u", nth);
	ret = load(parameter);
	if (!ret) {
		/*
		 * A number that is left over would deny the next call's request.
		 */
		injector_open(&own_points);
		assert_int_equal(injector_disarm(&own_points), 0);
		return false;
	}
	expect_error(ENOMEM, ret, "load with %s", parameter);
	expect_absent();
	expect_ok(load(""), "load again");
	expect_usable();
	unload();
	return true;
}

TEST(own_points, &(struct fixture){ .wanted = own_points.is_there })
{
	unsigned int nth = 1;
	__u64 before;

	unload();
	fails_at(1);
	before = settled_memfree();
	for (unsigned int i = 0; i < ROUNDS; i++)
		assert_int_equal(load("fail_nth=1"), -1);
	wait_for_memfree(before - MEMINFO_NOISE);

	while (fails_at(nth))
		nth++;
	expect_usable();
	/* The points that can fail while the module is loaded: see reached.c. */
	assert_int_equal(nth - 1, 4);
	print_message("# load: own points: failed %u times\n", nth - 1);
}

TEST(fail_nth, &(struct fixture){ .wanted = fail_nth.is_there })
{
	unsigned int nth, denied, refused = 0;
	char parameter[32];
	int ret;

	injector_open(&fail_nth);
	for (nth = 1;; nth++) {
		unload();
		expect_absent();
		snprintf(parameter, sizeof(parameter), "kernel_fail_nth=%u", nth);
		ret = load(parameter);
		denied = injector_disarm(&fail_nth);
		if (ret) {
			refused++;
			assert_int_equal(denied, 1);
			expect_error(ENOMEM, ret, "load with %s", parameter);
			expect_absent();
			expect_ok(load(""), "load again");
		}
		expect_usable();
		if (!denied)
			break;
	}
	assert_true(refused);
	print_message("# load: fail-nth: denied %u times, failed %u times\n",
		      nth - 1, refused);
}

static int setup(void **state)
{
	(void)state;
	kmod = kmod_new(NULL, NULL);
	if (!kmod || kmod_module_new_from_name(kmod, MODULE, &module) ||
	    !kmod_module_get_path(module))
		return -1;
	file = open(kmod_module_get_path(module), O_RDONLY | O_CLOEXEC);
	return file < 0 ? -1 : 0;
}

/* The following programs need the module. */
static int teardown(void **state)
{
	int ret = 0;

	(void)state;
	if (kmod_module_get_initstate(module) != KMOD_MODULE_LIVE)
		ret = load("");
	close(file);
	kmod_module_unref(module);
	kmod_unref(kmod);
	return ret;
}

TEST_MAIN("failures: load", .setup = setup, .teardown = teardown)

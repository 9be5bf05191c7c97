// SPDX-License-Identifier: GPL-2.0-only
/* The parameters of KVM for Linux 7.4's interface, tried by loading it anew */
#include <stdio.h>
#include <stdlib.h>

#include "../kvm/modules.h"
#include "kmod.h"
#include "memfd.h"
#include "text_file.h"

#define PARAMETERS "/sys/module/kvm/parameters/"

static const char *vendor;

/* Whether KVM loads with these parameters */
static bool load_kvm(const char *options)
{
	char load[256];

	snprintf(load, sizeof(load), "modprobe kvm %s 2>/dev/null", options);
	return !system(load);
}

static void expect_parameter(const char *name, const char *value)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	text_file_read(path, text, sizeof(text));
	assert_string_equal(text, value);
}

static void unload(void)
{
	expect_ok(module_unload("kvm"), "unloading kvm");
}

/*
 * A failed test may have left KVM loaded, and the next one would find its
 * parameters.
 */
static int without_kvm(void **state)
{
	(void)state;
	if (!access("/sys/module/kvm", F_OK)) {
		module_unload(vendor);
		return module_unload("kvm");
	}
	return 0;
}

static const struct fixture kvm_unloaded = { .setup = without_kvm };

/* Numbers of existing capabilities, and words that are no number */
TEST(refused_numbers, &kvm_unloaded)
{
	static const char * const bad[] = {
		"1", "112", "234", "250", "251", "0xfb", "-1", "4294967296", "x", "",
	};
	char option[64];

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(option, sizeof(option), "gmem_attributes_cap=%s", bad[i]);
		assert_false(load_kvm(option));
		expect_error(ENOENT, access("/sys/module/kvm", F_OK), "kvm with %s", option);
	}
}

TEST(taken_numbers, &kvm_unloaded)
{
	static const char * const good[] = { "0", "252", "0x100", "65535" };
	static const char * const shown[] = { "0\n", "252\n", "256\n", "65535\n" };
	char option[64];

	for (unsigned int i = 0; i < ARRAY_SIZE(good); i++) {
		snprintf(option, sizeof(option), "gmem_attributes_cap=%s", good[i]);
		assert_true(load_kvm(option));
		expect_parameter("gmem_attributes_cap", shown[i]);
		unload();
	}
}

/* KVM's own guest_memfd can't convert: the parameter reads as off. */
TEST(needs_the_provider, &kvm_unloaded)
{
	static const struct {
		const char *options, *shown;
	} rows[] = {
		{ "guest_memfd_provider=native gmem_in_place_conversion=1", "N\n" },
		{ "gmem_in_place_conversion=1 guest_memfd_provider=native", "N\n" },
		{ "guest_memfd_provider=kvm_private gmem_in_place_conversion=0", "N\n" },
		{ "guest_memfd_provider=kvm_private gmem_in_place_conversion=1", "Y\n" },
		{ "gmem_in_place_conversion guest_memfd_provider=kvm_private", "Y\n" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(load_kvm(rows[i].options));
		expect_parameter("gmem_in_place_conversion", rows[i].shown);
		unload();
	}
	assert_false(load_kvm("gmem_in_place_conversion=perhaps"));
}

/* The number alone changes nothing. */
TEST(number_without_conversion, &kvm_unloaded)
{
	char load[128];

	assert_true(load_kvm("gmem_in_place_conversion=0 gmem_attributes_cap=2048"));
	snprintf(load, sizeof(load), "modprobe %s", vendor);
	assert_int_equal(system(load), 0);
	assert_int_equal(system_cap(2048), 0);
	assert_int_equal(system_cap(KVM_CAP_MEMORY_ATTRIBUTES), KVM_MEMORY_ATTRIBUTE_PRIVATE);
	expect_ok(module_unload(vendor), "unloading %s", vendor);
	unload();
}

static int take_away(void **state)
{
	(void)state;
	vendor = modules_vendor();
	return module_unload(vendor) || module_unload("kvm");
}

static int bring_back(void **state)
{
	char load[64];

	if (without_kvm(state))
		return -1;
	snprintf(load, sizeof(load), "modprobe %s && known-races", vendor);
	return system(load);
}

TEST_MAIN("guest_memfd: parameters", .setup = take_away, .teardown = bring_back)

// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kmod.h"
#include "modules.h"
#include "unit.h"

/* Of tests/platform; if it is loaded it uses the module as KVM does. */
#define MODEL "kvm_private_platform"

static bool watched;

const char *modules_vendor(void)
{
	return access("/sys/module/kvm_amd", F_OK) ? "kvm_intel" : "kvm_amd";
}

static const char *vendor;

void modules_unload_kvm(void)
{
	vendor = modules_vendor();
	expect_ok(module_unload(vendor), "unloading %s", vendor);
	expect_ok(module_unload("kvm"), "unloading kvm");
}

void modules_unload(void)
{
	modules_unload_kvm();
	watched = !access("/sys/module/" MODEL, F_OK);
	if (watched)
		expect_ok(module_unload(MODEL), "unloading " MODEL);
	expect_ok(module_unload("kvm_private"), "unloading kvm_private");
}

void modules_load(void)
{
	char load[128];

	/* KCSAN knows KVM's functions by their addresses. */
	snprintf(load, sizeof(load), "modprobe kvm_private && %smodprobe %s && known-races",
		 watched ? "modprobe " MODEL " && " : "", vendor);
	assert_int_equal(system(load), 0);
	watched = false;
}

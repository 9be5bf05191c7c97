// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "emulated_only.h"
#include "launch.h"
#include "test_port.h"

#define NOT_HERE	3

int emulated_tests_run(const char *name, const struct fixture *fixture)
{
	if (!snp_supported() || !test_port_open()) {
		fprintf(stderr, "This is not the emulated platform\n");
		return NOT_HERE;
	}
	return tests_run(name, fixture);
}

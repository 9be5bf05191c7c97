/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_SNP_EMULATED_ONLY_H
#define TESTS_SNP_EMULATED_ONLY_H

#include "unit.h"

/* tests_run(), on the emulated platform with the test port open; elsewhere it returns 3. */
int emulated_tests_run(const char *name, const struct fixture *fixture);

/* TEST_MAIN() with that */
#define EMULATED_MAIN(name, ...)						\
	int main(void)								\
	{									\
		exit(emulated_tests_run(name, &(struct fixture){ __VA_ARGS__ }));	\
	}

#endif

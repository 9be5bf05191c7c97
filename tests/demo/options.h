/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_DEMO_OPTIONS_H
#define TESTS_DEMO_OPTIONS_H

#include <stdbool.h>

#include "vmm.h"

/**
 * struct options - what the demo is to do
 * @config: the guest, but for its console and the kind of its memory
 * @foreign: its initrd isn't ours: it won't take part in the story
 * @no_driver: its kernel isn't the one that our initrd has the driver for
 * @snp: the host has SEV-SNP: only the scene that needs it
 */
struct options {
	struct vmm_config config;
	bool foreign;
	bool no_driver;
	bool snp;
};

struct options options_parse(int argc, char **argv);

#endif /* TESTS_DEMO_OPTIONS_H */

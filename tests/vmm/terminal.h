/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_TERMINAL_H
#define TESTS_VMM_TERMINAL_H

#include <linux/types.h>

#include "serial.h"

/* For vmm_config: the guest's console is standard output. */
void terminal_output(void *context, __u8 byte);

/* From now on typed or piped input goes to the guest. */
void terminal_connect(struct serial *console);

#endif /* TESTS_VMM_TERMINAL_H */

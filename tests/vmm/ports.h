/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_PORTS_H
#define TESTS_VMM_PORTS_H

#include <pthread.h>
#include <stdbool.h>
#include <linux/types.h>

#include "rtc.h"
#include "serial.h"

/**
 * struct ports - the devices behind the guest's I/O ports
 * @console: the first serial port
 * @rtc: the clock
 * @rtc_lock: guards @rtc
 */
struct ports {
	struct serial console;
	struct rtc rtc;
	pthread_mutex_t rtc_lock;
};

void ports_init(struct ports *ports, const struct serial_host *host);
__u8 ports_read(struct ports *ports, __u16 port);
void ports_write(struct ports *ports, __u16 port, __u8 value);

#endif /* TESTS_VMM_PORTS_H */

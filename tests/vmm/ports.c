// SPDX-License-Identifier: GPL-2.0-only
/*
 * The devices behind the I/O ports. KVM itself has the timer and the interrupt
 * controllers.
 */
#include "ports.h"

static bool is_in(__u16 port, unsigned int first, unsigned int number)
{
	return port >= first && port < first + number;
}

void ports_init(struct ports *ports, const struct serial_host *host)
{
	serial_init(&ports->console, host);
	ports->rtc.chosen = 0;
	pthread_mutex_init(&ports->rtc_lock, NULL);
}

__u8 ports_read(struct ports *ports, __u16 port)
{
	__u8 value = 0xff;	/* the value that an empty bus reads as */

	if (is_in(port, SERIAL_PORT, SERIAL_PORTS)) {
		value = serial_read(&ports->console, port - SERIAL_PORT);
	} else if (is_in(port, RTC_PORT, RTC_PORTS)) {
		pthread_mutex_lock(&ports->rtc_lock);
		value = rtc_read(&ports->rtc, port - RTC_PORT);
		pthread_mutex_unlock(&ports->rtc_lock);
	}
	return value;
}

void ports_write(struct ports *ports, __u16 port, __u8 value)
{
	if (is_in(port, SERIAL_PORT, SERIAL_PORTS)) {
		serial_write(&ports->console, port - SERIAL_PORT, value);
	} else if (is_in(port, RTC_PORT, RTC_PORTS)) {
		pthread_mutex_lock(&ports->rtc_lock);
		rtc_write(&ports->rtc, port - RTC_PORT, value);
		pthread_mutex_unlock(&ports->rtc_lock);
	}
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PC's clock, read-only and in UTC. Without a device at its ports Linux
 * waits a second for it while it boots.
 */
#include "rtc.h"

#include <time.h>

enum { PORT_INDEX, PORT_DATA };

enum {
	SECONDS = 0,
	MINUTES = 2,
	HOURS = 4,
	WEEKDAY = 6,
	DAY = 7,
	MONTH = 8,
	YEAR = 9,
	STATUS_A = 10,
	STATUS_B = 11,
	STATUS_D = 13,
};

#define DIVIDER_32768_HZ	0x26
#define MODE_24_HOURS		0x02
#define BATTERY_GOOD		0x80

static __u8 bcd(int number)
{
	return number / 10 << 4 | number % 10;
}

__u8 rtc_read(struct rtc *rtc, unsigned int reg)
{
	time_t now = time(NULL);
	struct tm tm;

	if (reg != PORT_DATA)
		return 0xff;

	gmtime_r(&now, &tm);
	switch (rtc->chosen) {
	case SECONDS:
		return bcd(tm.tm_sec);
	case MINUTES:
		return bcd(tm.tm_min);
	case HOURS:
		return bcd(tm.tm_hour);
	case WEEKDAY:
		return bcd(tm.tm_wday + 1);
	case DAY:
		return bcd(tm.tm_mday);
	case MONTH:
		return bcd(tm.tm_mon + 1);
	case YEAR:
		return bcd(tm.tm_year % 100);
	case STATUS_A:
		return DIVIDER_32768_HZ;
	case STATUS_B:
		return MODE_24_HOURS;
	case STATUS_D:
		return BATTERY_GOOD;
	default:
		return 0;
	}
}

void rtc_write(struct rtc *rtc, unsigned int reg, __u8 value)
{
	if (reg == PORT_INDEX)
		rtc->chosen = value & 0x7f;
}

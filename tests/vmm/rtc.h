/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_RTC_H
#define TESTS_VMM_RTC_H

#include <linux/types.h>

#define RTC_PORT	0x70
#define RTC_PORTS	2

/* The register that the guest has chosen, under the caller's lock. */
struct rtc {
	__u8 chosen;
};

__u8 rtc_read(struct rtc *rtc, unsigned int reg);
void rtc_write(struct rtc *rtc, unsigned int reg, __u8 value);

#endif /* TESTS_VMM_RTC_H */

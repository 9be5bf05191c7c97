/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHARED_PAGE_H
#define SHARED_PAGE_H

#include <linux/ioctl.h>

/*
 * Each time it is opened, a new page of the guest's memory, which can be mapped
 * (MAP_SHARED). It starts private. Once it has become shared or private its
 * content is undefined.
 *
 * Both ioctls may be made in either state. EAGAIN: somebody of the host holds
 * the page, so it stays shared. EOPNOTSUPP: this host knows no shared
 * pages.
 */
#define SHARED_PAGE_DEVICE	"/dev/shared_page"

#define SHARED_PAGE_SHARE	_IO('P', 0)
#define SHARED_PAGE_TAKE_BACK	_IO('P', 1)

#endif /* SHARED_PAGE_H */

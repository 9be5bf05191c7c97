/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_BAD_RANGES_H
#define TESTS_LIB_BAD_RANGES_H

#include "device.h"

/* The size of the file that these ranges are wrong for. */
#define BAD_RANGES_FILE_SIZE (64 * PAGE)

/* An offset and a size that every ioctl of a file must refuse with EINVAL. */
struct bad_range {
	__u64 offset;
	__u64 size;
};

/* Empty, wrapping and past the end. Ends with a row of all ones. */
extern const struct bad_range bad_ranges[];

#define BAD_RANGES_END UINT64_MAX

#endif /* TESTS_LIB_BAD_RANGES_H */

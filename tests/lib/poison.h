/* SPDX-License-Identifier: GPL-2.0-only */
/* Hardware memory errors, as they are reported to the kernel. */
#ifndef TESTS_LIB_POISON_H
#define TESTS_LIB_POISON_H

#include <stdbool.h>
#include <linux/types.h>

/*
 * That page frame has an error from now on; the machine does without it for
 * good.
 */
void poison_frame(__u64 frame);
/* The same for any thread: 0, or -1 and errno */
int poison_try(__u64 frame);

/* Does the page allocator have that frame, to hand it out again? */
bool frame_is_free(__u64 frame);

#endif /* TESTS_LIB_POISON_H */

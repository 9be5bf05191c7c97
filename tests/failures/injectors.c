// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>

#include "injectors.h"

const struct injector * const injectors[] = {
	&own_points, &fail_nth, &fail_nth_for_good, NULL,
};

// SPDX-License-Identifier: GPL-2.0-only
#include "calls.h"
#include "huge.h"
#include "unit.h"

long call_allocate(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	return file_allocate(scene->fd, 0, scene->size);
}

void prepare_allocated(const struct sweep *sweep, struct scene *scene)
{
	expect_ok(call_allocate(sweep, scene), "allocate");
}

void check_allocated(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	assert_int_equal(file_allocated(scene->fd), scene->size);
}

long call_collapse(const struct sweep *sweep, struct scene *scene)
{
	struct kvm_private_collapse collapse = { .size = scene->size };

	(void)sweep;
	return file_collapse(scene->fd, &collapse);
}

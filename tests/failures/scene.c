// SPDX-License-Identifier: GPL-2.0-only
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "huge.h"
#include "scene.h"
#include "unit.h"

void scene_open(struct scene *scene, const struct scene_file *file)
{
	*scene = (struct scene){
		.device = -1, .fd = -1, .made = -1, .size = file->size,
	};
	if (!file->size)
		return;

	scene->device = device_open();
	scene->fd = expect_ok(try_create_shift(scene->device, file->size,
					       file->flags, file->page_shift),
			      "create the file");
	if (file->flags & KVM_PRIVATE_FLAG_MMAP)
		scene->map = file_map(scene->fd, file->size);
}

static void close_one(int fd)
{
	if (fd >= 0)
		close(fd);
}

void scene_close(struct scene *scene)
{
	if (scene->map)
		munmap(scene->map, scene->size);
	close_one(scene->made);
	close_one(scene->fd);
	close_one(scene->device);
}

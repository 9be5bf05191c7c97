/* SPDX-License-Identifier: GPL-2.0-only */
/* The state in which a failing call begins */
#ifndef TESTS_FAILURES_SCENE_H
#define TESTS_FAILURES_SCENE_H

#include <linux/types.h>

/* The file of a scene; none if @size is 0 */
struct scene_file {
	__u64 size;
	__u64 flags;
	__u32 page_shift;
};

/**
 * struct scene - a device, a file and what else a call needs
 * @device: /dev/kvm_private, or -1
 * @fd: the file, or -1
 * @map: all of the file, if it can be mapped
 * @size: of the file
 * @made: a descriptor that the call has made, or -1
 * @more: the sweep's own
 */
struct scene {
	int device;
	int fd;
	char *map;
	__u64 size;
	int made;
	void *more;
};

void scene_open(struct scene *scene, const struct scene_file *file);
void scene_close(struct scene *scene);

#endif /* TESTS_FAILURES_SCENE_H */

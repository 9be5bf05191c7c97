// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's binary statistics.
 */
#include "stats.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/kvm.h>

static void read_at(int fd, void *buffer, size_t size, off_t offset)
{
	if (pread(fd, buffer, size, offset) != (ssize_t)size)
		err(1, "can't read KVM's statistics");
}

int stats_open(int fd)
{
	int stats = ioctl(fd, KVM_GET_STATS_FD, NULL);

	if (stats < 0)
		err(1, "KVM_GET_STATS_FD");
	return stats;
}

__u64 stats_read(int stats, const char *name)
{
	struct kvm_stats_header header;
	struct kvm_stats_desc *entry;
	size_t size;
	__u64 value;

	read_at(stats, &header, sizeof(header), 0);

	size = sizeof(*entry) + header.name_size;
	entry = malloc(size);
	if (!entry)
		err(1, "KVM's statistics");

	for (__u32 i = 0; i < header.num_desc; i++) {
		read_at(stats, entry, size, header.desc_offset + i * size);
		if (strcmp(entry->name, name))
			continue;
		read_at(stats, &value, sizeof(value),
			header.data_offset + entry->offset);
		free(entry);
		return value;
	}
	errx(1, "this KVM doesn't count %s", name);
}

__u64 stats_get(int fd, const char *name)
{
	int stats = stats_open(fd);
	__u64 value = stats_read(stats, name);

	close(stats);
	return value;
}

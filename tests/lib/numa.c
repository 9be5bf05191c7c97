// SPDX-License-Identifier: GPL-2.0-only
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "device.h"
#include "fdinfo.h"
#include "numa.h"
#include "unit.h"

/*
 * Bits for more nodes than any kernel has; a kernel ignores those that are 0.
 */
#define MASK_WORDS 64
#define MASK_BITS (MASK_WORDS * 8 * sizeof(long))

unsigned int numa_nodes(void)
{
	FILE *file = fopen("/sys/devices/system/node/has_memory", "re");
	unsigned int last = 0;

	assert_non_null(file);
	/* "0" or "0-3" */
	assert_true(fscanf(file, "0-%u", &last) >= 0);
	fclose(file);
	return last + 1;
}

void need_two_nodes(void)
{
	unsigned int nr = numa_nodes();

	if (nr != 2) {
		print_error("run this with --numa 2; nodes with memory: %u\n",
			    nr);
		fail();
	}
}

int numa_stay_on_node_0(void **state)
{
	cpu_set_t first;

	(void)state;
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	return sched_setaffinity(0, sizeof(first), &first);
}

int numa_group_setup(void **state)
{
	need_two_nodes();
	return numa_stay_on_node_0(state);
}

int numa_bind(void *start, size_t size, int mode, unsigned long nodes,
	      unsigned int flags)
{
	unsigned long mask[MASK_WORDS] = { nodes };

	return syscall(SYS_mbind, start, size, mode, mask, MASK_BITS, flags);
}

int numa_set_task(int mode, unsigned long nodes)
{
	unsigned long mask[MASK_WORDS] = { nodes };

	return syscall(SYS_set_mempolicy, mode, mask, MASK_BITS);
}

int numa_get(const void *address, int *mode, unsigned long *nodes)
{
	unsigned long mask[MASK_WORDS] = { 0 };
	int ret = syscall(SYS_get_mempolicy, mode, mask, MASK_BITS, address,
			  MPOL_F_ADDR);

	*nodes = mask[0];
	return ret;
}

int numa_node(void *address)
{
	int status = -1;

	expect_ok(syscall(SYS_move_pages, 0, 1UL, &address, NULL, &status, 0),
		  "move_pages");
	return status;
}

__u64 file_on_node(int fd, unsigned int node)
{
	char text[256], name[16];
	const char *found;

	fdinfo_text(fd, "numa", text, sizeof(text));
	snprintf(name, sizeof(name), "N%u=", node);
	found = strstr(text, name);
	return found ? strtoull(found + strlen(name), NULL, 10) : 0;
}

__u64 node_free(unsigned int node)
{
	char path[64], line[128];
	unsigned long long kib = 0;
	FILE *file;
	bool found = false;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%u/meminfo",
		 node);
	file = fopen(path, "re");
	assert_non_null(file);
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, "Node %*u MemFree: %llu kB", &kib) == 1;
	fclose(file);
	assert_true(found);
	return kib * KIB;
}

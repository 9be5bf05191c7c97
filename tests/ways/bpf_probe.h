/* SPDX-License-Identifier: GPL-2.0-only */
/* BPF programs that read the kernel's memory */
#ifndef TESTS_WAYS_BPF_PROBE_H
#define TESTS_WAYS_BPF_PROBE_H

#include <stdbool.h>
#include <linux/types.h>

struct bpf_probe {
	int program;
	int map;
};

/*
 * A program in which the kernel's bpf_probe_read_kernel() copies a page. System call:
 * -1 and errno if there can be no such program
 */
int bpf_probe_load(struct bpf_probe *probe);

/*
 * A program that loads each word itself: bpf_rdonly_cast() lets it take any number for
 * the address of a structure. Linux 6.1 doesn't have that.
 */
bool bpf_probe_can_cast(void);
int bpf_probe_load_cast(struct bpf_probe *probe);

void bpf_probe_unload(const struct bpf_probe *probe);

/* Runs it for the page at a kernel address, or fails the test. */
void bpf_probe_read(const struct bpf_probe *probe, __u64 address, void *page);

#endif /* TESTS_WAYS_BPF_PROBE_H */

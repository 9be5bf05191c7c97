// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <string.h>
#include <unistd.h>

#include "bpf_probe.h"
#include "device.h"
#include "unit.h"

#define WORDS (PAGE / sizeof(__u64))

/* One whose first member is a number of 8 bytes */
#define STRUCTURE "timespec64"

static const struct bpf_insn argument_to_r6 = {
	.code = BPF_LDX | BPF_MEM | BPF_DW,
	.dst_reg = BPF_REG_6, .src_reg = BPF_REG_1,
};

/* Another instruction, of zeros, follows this one. */
#define MAP_TO_R7(map) {						\
	.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = BPF_REG_7,	\
	.src_reg = BPF_PSEUDO_MAP_VALUE, .imm = (map) }

#define COPY(to, from) {						\
	.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (to), .src_reg = (from) }

#define SET(to, number) {						\
	.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (to), .imm = (number) }

#define EXIT { .code = BPF_JMP | BPF_EXIT }

/*
 * Of all program types that may read the kernel's memory, this one is run by a call,
 * with an argument of ours. So no event has to be waited for.
 */
static int load(const struct bpf_insn *code, size_t nr)
{
	return bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, NULL, "GPL", code, nr, NULL);
}

static int load_copying(int map)
{
	const struct bpf_insn code[] = {
		argument_to_r6,
		MAP_TO_R7(map), { 0 },
		COPY(BPF_REG_1, BPF_REG_7),
		SET(BPF_REG_2, PAGE),
		COPY(BPF_REG_3, BPF_REG_6),
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel },
		EXIT,
	};

	return load(code, ARRAY_SIZE(code));
}

/* The id of one of the kernel's types or functions; negative if it has none */
static int find(const char *name, unsigned int kind)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int id;

	assert_non_null(btf);
	id = btf__find_by_name_kind(btf, name, kind);
	btf__free(btf);
	return id;
}

static int find_cast(void)
{
	return find("bpf_rdonly_cast", BTF_KIND_FUNC);
}

static int load_casting(int map)
{
	const struct bpf_insn head[] = {
		argument_to_r6,
		MAP_TO_R7(map), { 0 },
	};
	const struct bpf_insn word[] = {
		COPY(BPF_REG_1, BPF_REG_6),
		SET(BPF_REG_2, find(STRUCTURE, BTF_KIND_STRUCT)),
		{ .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_KFUNC_CALL,
		  .imm = find_cast() },
		{ .code = BPF_LDX | BPF_MEM | BPF_DW,
		  .dst_reg = BPF_REG_1, .src_reg = BPF_REG_0 },
		{ .code = BPF_STX | BPF_MEM | BPF_DW,
		  .dst_reg = BPF_REG_7, .src_reg = BPF_REG_1 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K,
		  .dst_reg = BPF_REG_6, .imm = sizeof(__u64) },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K,
		  .dst_reg = BPF_REG_7, .imm = sizeof(__u64) },
	};
	const struct bpf_insn tail[] = { SET(BPF_REG_0, 0), EXIT };
	struct bpf_insn code[ARRAY_SIZE(head) + WORDS * ARRAY_SIZE(word) +
			     ARRAY_SIZE(tail)];
	struct bpf_insn *at = mempcpy(code, head, sizeof(head));

	for (size_t i = 0; i < WORDS; i++)
		at = mempcpy(at, word, sizeof(word));
	memcpy(at, tail, sizeof(tail));
	return load(code, ARRAY_SIZE(code));
}

static int load_with_map(struct bpf_probe *probe, int (*load_program)(int map))
{
	int error;

	probe->map = bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, sizeof(__u32), PAGE, 1, NULL);
	if (probe->map < 0)
		return -1;
	probe->program = load_program(probe->map);
	if (probe->program >= 0)
		return 0;
	error = errno;
	close(probe->map);
	errno = error;
	return -1;
}

int bpf_probe_load(struct bpf_probe *probe)
{
	return load_with_map(probe, load_copying);
}

bool bpf_probe_can_cast(void)
{
	return find_cast() > 0;
}

int bpf_probe_load_cast(struct bpf_probe *probe)
{
	return load_with_map(probe, load_casting);
}

void bpf_probe_unload(const struct bpf_probe *probe)
{
	close(probe->program);
	close(probe->map);
}

void bpf_probe_read(const struct bpf_probe *probe, __u64 address, void *page)
{
	const __u32 key = 0;
	struct bpf_test_run_opts run = {
		.sz = sizeof(run),
		.ctx_in = &address, .ctx_size_in = sizeof(address),
	};

	expect_ok(bpf_prog_test_run_opts(probe->program, &run), "running the program");
	assert_int_equal(run.retval, 0);
	expect_ok(bpf_map_lookup_elem(probe->map, &key, page), "reading the map");
}

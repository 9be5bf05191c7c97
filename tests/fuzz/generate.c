// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random programs. The generator remembers earlier operations, so that most
 * operations have something to work on and most ranges lie inside. One argument in a
 * few is bad. The generator doesn't need to know how an operation ends.
 */
#include <linux/mempolicy.h>
#include <stdint.h>
#include <stdlib.h>

#include "chance.h"
#include "device.h"
#include "generate.h"
#include "world.h"

#define OPS_MIN		60
#define OPS_MAX		360
#define BAD_ONE_IN	24

struct planned_file {
	bool there;
	__u64 size;
	bool windows[WINDOWS];
	/* The subject of the last operation: the next ones often have the same. */
	__u64 offset;
	__u64 length;
};

struct planned_slot {
	__u64 gpa;
	__u64 size;
};

struct plan {
	struct chance chance;
	struct program *program;
	unsigned int room;
	struct planned_file files[THREADS_MAX][FILES];
	bool vms[THREADS_MAX][VMS];
	struct planned_slot slots[THREADS_MAX][VMS][SLOTS];
	__u64 value;
	bool guests;
};

static __u64 below(struct plan *p, __u64 n)
{
	return chance_below(&p->chance, n);
}

static bool one_in(struct plan *p, unsigned int n)
{
	return chance_one_in(&p->chance, n);
}

static struct op *add(struct plan *p, unsigned int thread, enum op_kind kind)
{
	struct op *op = &p->program->ops[p->program->nr_ops++];

	*op = (struct op){ .thread = thread, .kind = kind };
	return op;
}

static bool collides(const struct plan *p)
{
	return p->program->mode == MODE_COLLIDE;
}

static __u64 pick_file(struct plan *p)
{
	return collides(p) ? COMMON_FILE - below(p, 2) : below(p, FILES);
}

/* Mostly a file that exists, and is mapped if that is wanted */
static __u64 pick_for(struct plan *p, unsigned int thread, bool mapped)
{
	__u64 file = pick_file(p);

	for (unsigned int tries = 0; tries < 8; tries++) {
		const struct planned_file *f = &p->files[thread][file];

		if (f->there && (!mapped || f->windows[0] || f->windows[1]))
			break;
		file = pick_file(p);
	}
	return file;
}

static __u64 size_of(struct plan *p, unsigned int thread, __u64 file)
{
	const struct planned_file *f = &p->files[thread][file];

	return f->there ? f->size : HUGE_PAGE;
}

/* Often one of the last range, or beside it */
static __u64 pick_page(struct plan *p, unsigned int thread, __u64 file)
{
	const struct planned_file *f = &p->files[thread][file];
	const __u64 nr = size_of(p, thread, file) / PAGE ?: 1;
	const __u64 first = f->offset / PAGE, pages = f->length / PAGE;

	if (!pages || one_in(p, 3))
		return below(p, nr);
	switch (below(p, 4)) {
	case 0:
		return first;
	case 1:
		return first + pages - 1;
	case 2:
		return (first + pages) % nr;
	default:
		return first + below(p, pages);
	}
}

/* Numbers that are bad in a range */
static __u64 bad_number(struct plan *p)
{
	static const __u64 numbers[] = {
		0, 1, 0xfff, 0x1001, INT64_MAX, 1ULL << 63, -1ULL, -PAGE,
		LARGEST_FILE, INT64_MAX - PAGE + 1,
	};

	return numbers[below(p, sizeof(numbers) / sizeof(*numbers))];
}

/* Some pages, some batches, some blocks, or all */
static void pick_new_range(struct plan *p, __u64 size, __u64 *offset,
			   __u64 *length)
{
	static const __u64 grains[] = {
		PAGE, PAGE, PAGE, 16 * PAGE, 64 * PAGE, HUGE_PAGE,
	};
	__u64 grain = grains[below(p, sizeof(grains) / sizeof(*grains))];
	__u64 grains_there;

	if (grain > size)
		grain = PAGE;
	grains_there = size / grain;
	*offset = below(p, grains_there) * grain;
	*length = (1 + below(p, grains_there)) * grain;
	if (one_in(p, 2))
		*length = (1 + below(p, 4)) * grain;
	if (one_in(p, 12)) {
		*offset = 0;
		*length = size;
	}
	if (*length > size - *offset)
		*length = size - *offset;
}

static void pick_range(struct plan *p, unsigned int thread, __u64 file,
		       __u64 *offset, __u64 *length)
{
	struct planned_file *f = &p->files[thread][file];

	if (!f->length || one_in(p, 2))
		pick_new_range(p, size_of(p, thread, file), &f->offset,
			       &f->length);
	*offset = f->offset;
	*length = f->length;
	if (one_in(p, BAD_ONE_IN))
		*length += size_of(p, thread, file) - *offset;
	if (one_in(p, BAD_ONE_IN))
		*offset = bad_number(p);
	if (one_in(p, BAD_ONE_IN))
		*length = bad_number(p);
}

static __u64 pick_flags(struct plan *p)
{
	static const __u64 flags[] = {
		KVM_PRIVATE_FLAG_INIT_SHARED, KVM_PRIVATE_FLAG_NO_AUTO_ALLOC,
		KVM_PRIVATE_FLAG_HUGE_STRICT,
	};
	__u64 picked = one_in(p, 4) ? 0 : KVM_PRIVATE_FLAG_MMAP;

	for (unsigned int i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (one_in(p, i ? 6 : 2))
			picked |= flags[i];
	return picked;
}

static void plan_create(struct plan *p, unsigned int thread, __u64 file)
{
	static const __u64 shifts[] = { 0, 12, 21, 21, 21, 30 };
	struct planned_file *f = &p->files[thread][file];
	struct op *op = add(p, thread, OP_CREATE);

	op->arg[0] = file;
	op->arg[1] = (1 + below(p, one_in(p, 2) ? 64 : 4 * HUGE_PAGES)) * PAGE;
	op->arg[2] = pick_flags(p);
	op->arg[3] = shifts[below(p, sizeof(shifts) / sizeof(*shifts))];
	if (op->arg[3] == 21 && one_in(p, 2))
		op->arg[1] = (1 + below(p, 4)) * HUGE_PAGE;
	if (op->arg[3] == 30 && p->program->charged)
		return;
	if (one_in(p, 6)) {
		switch (below(p, 4)) {
		case 0:
			op->arg[1] = bad_number(p);
			break;
		case 1:
			op->arg[2] |= 1ULL << below(p, 64);
			break;
		case 2:
			op->arg[3] = below(p, 1ULL << (1 + below(p, 32)));
			break;
		default:
			op->arg[4] = below(p, 4);
		}
		return;
	}
	if (!f->there)
		*f = (struct planned_file){
			.there = true, .size = op->arg[1],
		};
}

/* Before the threads start; see make_common() */
static void plan_common(struct plan *p, __u64 file, __u64 pages, __u64 shift)
{
	struct op *op = add(p, 0, OP_CREATE);

	op->arg[0] = file;
	op->arg[1] = pages * PAGE;
	op->arg[2] = pick_flags(p);
	if (collides(p))
		op->arg[2] |= KVM_PRIVATE_FLAG_MMAP;
	op->arg[3] = shift;
	for (unsigned int i = 0; i < p->program->threads; i++)
		p->files[i][file] = (struct planned_file){
			.there = true, .size = op->arg[1],
		};
}

static void plan_populate(struct plan *p, unsigned int thread, __u64 file)
{
	struct op *op = add(p, thread, OP_POPULATE);

	op->arg[0] = file;
	pick_range(p, thread, file, &op->arg[1], &op->arg[2]);
	if (op->arg[2] > 96 * PAGE && op->arg[2] <= PAGES_MAX * PAGE && !one_in(p, 8))
		op->arg[2] = (1 + below(p, 96)) * PAGE;
	op->arg[3] = one_in(p, 3) ? below(p, 6) : 1;
	op->arg[4] = op->arg[3] == 4 ? below(p, 256 * FILES) : below(p, 64);
	op->arg[5] = p->value += 0x100000;
}

static void plan_convert(struct plan *p, unsigned int thread, __u64 file)
{
	struct op *op = add(p, thread, OP_CONVERT);

	op->arg[0] = file;
	pick_range(p, thread, file, &op->arg[1], &op->arg[2]);
	op->arg[3] = one_in(p, 2) ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0;
	op->arg[4] = op->arg[3] ? below(p, 2) * 2 : below(p, 3);
	if (one_in(p, BAD_ONE_IN))
		op->arg[3 + below(p, 2)] = 1ULL << below(p, 64);
}

static void plan_policy(struct plan *p, unsigned int thread, __u64 file)
{
	struct op *op = add(p, thread, OP_POLICY);

	op->arg[0] = file;
	pick_range(p, thread, file, &op->arg[1], &op->arg[2]);
	op->arg[3] = one_in(p, 8) ? 100 : below(p, 5);
	op->arg[4] = one_in(p, 4) ? below(p, 4) : op->arg[3] % 4 != 0;
	op->arg[5] = one_in(p, 4) ? below(p, 66) : 64;
	/*
	 * The policy is back to none in the end, so that base pages come in batches
	 * again.
	 */
	if (one_in(p, 2)) {
		op->arg[1] = 0;
		op->arg[3] = 0;
		op->arg[4] = 0;
		op->arg[2] = size_of(p, thread, file);
	}
}

/* A range without a whole block leaves a collapse little to do. */
static void plan_collapse(struct plan *p, unsigned int thread, struct op *op)
{
	const __u64 file = op->arg[0];

	pick_range(p, thread, file, &op->arg[1], &op->arg[2]);
	op->arg[3] = one_in(p, BAD_ONE_IN);
	if (one_in(p, 4))
		return;
	op->arg[1] = 0;
	op->arg[2] = size_of(p, thread, file);
	if (one_in(p, 2) && op->arg[2] > HUGE_PAGE)
		op->arg[1] = below(p, op->arg[2] / HUGE_PAGE) * HUGE_PAGE;
	op->arg[2] -= op->arg[1];
}

static void plan_ranged(struct plan *p, unsigned int thread, enum op_kind kind)
{
	const __u64 file = pick_for(p, thread, false);
	struct op *op;

	switch (kind) {
	case OP_CREATE:
		return plan_create(p, thread, below(p, COMMON_FILE));
	case OP_POPULATE:
		return plan_populate(p, thread, file);
	case OP_CONVERT:
		return plan_convert(p, thread, file);
	case OP_POLICY:
		return plan_policy(p, thread, file);
	default:
		break;
	}
	op = add(p, thread, kind);
	op->arg[0] = file;
	if (kind == OP_FALLOCATE) {
		static const __u64 modes[] = { 0, 1, 3, 3, 3 };

		op->arg[1] = modes[below(p, 5)];
		if (one_in(p, BAD_ONE_IN))
			op->arg[1] = 1ULL << below(p, 6);
		pick_range(p, thread, file, &op->arg[2], &op->arg[3]);
	} else if (kind == OP_SEEK) {
		op->arg[1] = below(p, 2);
		pick_range(p, thread, file, &op->arg[2], &op->arg[3]);
		op->arg[2] += one_in(p, 4) ? below(p, PAGE) : 0;
		op->arg[3] = 0;
	} else if (kind == OP_COLLAPSE) {
		plan_collapse(p, thread, op);
	} else if (kind == OP_REFUSED) {
		op->arg[1] = below(p, 7);
	}
}

static void plan_close(struct plan *p, unsigned int thread)
{
	const __u64 file = pick_for(p, thread, false);

	add(p, thread, OP_CLOSE)->arg[0] = file;
	/* The generator doesn't know whether the file has another descriptor. */
	if (file != COMMON_FILE && one_in(p, 2))
		p->files[thread][file].there = false;
}

static void plan_mapped(struct plan *p, unsigned int thread, enum op_kind kind)
{
	const __u64 file = pick_for(p, thread, kind != OP_MAP);
	bool *windows = p->files[thread][file].windows;
	struct op *op = add(p, thread, kind);

	op->arg[0] = file;
	op->arg[1] = below(p, WINDOWS);
	if (windows[0] != windows[1] && !one_in(p, 8))
		op->arg[1] = windows[1] == (kind != OP_MAP);
	if (kind == OP_MAP || kind == OP_UNMAP)
		windows[op->arg[1]] = kind == OP_MAP;
	switch (kind) {
	case OP_MAP:
		pick_range(p, thread, file, &op->arg[2], &op->arg[3]);
		if (one_in(p, 2)) {
			op->arg[2] = 0;
			op->arg[3] = size_of(p, thread, file);
		}
		op->arg[4] = one_in(p, 4) ? below(p, 3) : 0;
		return;
	case OP_WRITE:
		op->arg[3] = below(p, 3);
		op->arg[4] = p->value += 16;
		break;
	case OP_HOLD:
	case OP_REMOTE:
		op->arg[3] = below(p, 4);
		break;
	default:
		break;
	}
	op->arg[2] = pick_page(p, thread, file);
}

static __u64 pick_gpa(struct plan *p, unsigned int thread, __u64 vm)
{
	const struct planned_slot *slot = &p->slots[thread][vm][below(p, SLOTS)];

	if (!slot->size || one_in(p, 16))
		return GUEST_GPA + below(p, GUEST_PAGES) * PAGE;
	return slot->gpa + below(p, slot->size / PAGE) * PAGE;
}

static void plan_slot(struct plan *p, unsigned int thread, __u64 vm)
{
	struct op *op = add(p, thread, OP_SLOT);
	const __u64 file = pick_for(p, thread, false);
	const __u64 index = below(p, SLOTS);

	op->arg[0] = vm;
	op->arg[1] = index;
	op->arg[2] = file;
	pick_range(p, thread, file, &op->arg[3], &op->arg[5]);
	if (one_in(p, 2)) {
		op->arg[3] = 0;
		op->arg[5] = size_of(p, thread, file);
	}
	/* Aligned as in the file, or anyhow */
	op->arg[4] = GUEST_GPA + index * 4 * HUGE_PAGE + op->arg[3] % HUGE_PAGE;
	if (one_in(p, 3))
		op->arg[4] = GUEST_GPA + below(p, GUEST_PAGES) * PAGE;
	if (one_in(p, BAD_ONE_IN))
		op->arg[4] += below(p, PAGE);
	if (op->arg[5] >= PAGE && op->arg[5] <= PAGES_MAX * PAGE && op->arg[4] % PAGE == 0)
		p->slots[thread][vm][index] = (struct planned_slot){
			.gpa = op->arg[4], .size = op->arg[5],
		};
}

static void plan_attributes(struct plan *p, unsigned int thread, __u64 vm)
{
	struct op *op = add(p, thread, OP_ATTRIBUTES);

	op->arg[0] = vm;
	op->arg[1] = pick_gpa(p, thread, vm);
	op->arg[2] = (1 + below(p, 1024)) * PAGE;
	if (one_in(p, 2)) {
		op->arg[1] = GUEST_GPA;
		op->arg[2] = GUEST_PAGES * PAGE;
	}
	op->arg[3] = one_in(p, 4) ? 0 : KVM_MEMORY_ATTRIBUTE_PRIVATE;
	if (one_in(p, BAD_ONE_IN))
		op->arg[1 + below(p, 3)] += 1;
}

static void plan_guest(struct plan *p, unsigned int thread, enum op_kind kind)
{
	__u64 vm = collides(p) ? 0 : below(p, VMS);
	bool *vms = p->vms[thread];
	struct op *op;

	/* The first operation of a kind that needs a VM creates one. */
	if (!collides(p) && !vms[0] && !vms[1])
		kind = OP_VM;
	if (vms[0] != vms[1] && !one_in(p, 8))
		vm = vms[1] == (kind != OP_VM);
	if (kind == OP_VM || kind == OP_DESTROY)
		vms[vm] = kind == OP_VM;
	if (kind == OP_SLOT)
		return plan_slot(p, thread, vm);
	if (kind == OP_ATTRIBUTES)
		return plan_attributes(p, thread, vm);

	op = add(p, thread, kind);
	op->arg[0] = vm;
	switch (kind) {
	case OP_DELETE:
		op->arg[1] = below(p, SLOTS);
		break;
	case OP_PREFAULT:
		op->arg[2] = (1 + below(p, one_in(p, 4) ? 600 : 20)) * PAGE;
		op->arg[1] = pick_gpa(p, thread, vm) + one_in(p, BAD_ONE_IN);
		break;
	case OP_GUEST_READ:
		op->arg[1] = pick_gpa(p, thread, vm);
		break;
	case OP_GUEST_WRITE:
		op->arg[1] = pick_gpa(p, thread, vm);
		op->arg[2] = below(p, 3);
		op->arg[3] = p->value += 16;
		break;
	default:
		break;
	}
}

static void plan_limit(struct plan *p)
{
	if (p->program->mode == MODE_LIMITED)
		add(p, 0, OP_LIMIT)->arg[0] = below(p, 1ULL << (4 + below(p, 9)));
}

/* How often each kind comes */
static const unsigned char weights[NR_OPS] = {
	[OP_CREATE] = 5, [OP_CLOSE] = 2, [OP_DUP] = 2, [OP_FALLOCATE] = 14,
	[OP_POPULATE] = 12, [OP_CONVERT] = 14, [OP_COLLAPSE] = 6,
	[OP_POLICY] = 2, [OP_SEEK] = 4, [OP_STAT] = 6, [OP_REFUSED] = 2,
	[OP_MAP] = 6, [OP_UNMAP] = 2, [OP_ADVISE] = 2, [OP_READ] = 10,
	[OP_WRITE] = 12, [OP_HOLD] = 4, [OP_RELEASE] = 6, [OP_REMOTE] = 3,
	[OP_VM] = 2, [OP_DESTROY] = 1, [OP_SLOT] = 6, [OP_DELETE] = 3,
	[OP_ATTRIBUTES] = 4, [OP_GUEST_READ] = 10, [OP_GUEST_WRITE] = 10,
	[OP_PREFAULT] = 4, [OP_LIMIT] = 4,
};

static bool is_guests(enum op_kind kind)
{
	return kind >= OP_VM && kind <= OP_PREFAULT;
}

/* A thing of all threads exists once, from beginning to end. */
static bool is_life(enum op_kind kind)
{
	return kind == OP_CREATE || kind == OP_CLOSE || kind == OP_DUP ||
	       kind == OP_VM || kind == OP_DESTROY;
}

static enum op_kind pick_kind(struct plan *p)
{
	unsigned int sum = 0, picked;
	int kind;

	for (kind = 0; kind < NR_OPS; kind++)
		sum += weights[kind];
	do {
		picked = below(p, sum);
		for (kind = 0; picked >= weights[kind]; kind++)
			picked -= weights[kind];
	} while ((is_guests(kind) && !p->guests) ||
		 (is_life(kind) && collides(p)));
	return kind;
}

static void plan_one(struct plan *p)
{
	const unsigned int thread = below(p, p->program->threads);
	const enum op_kind kind = pick_kind(p);

	if (kind == OP_LIMIT)
		return plan_limit(p);
	if (kind == OP_CLOSE)
		return plan_close(p, thread);
	if (kind == OP_RELEASE) {
		add(p, thread, kind);
		return;
	}
	if (is_guests(kind))
		return plan_guest(p, thread, kind);
	if (kind >= OP_MAP && kind <= OP_REMOTE)
		return plan_mapped(p, thread, kind);
	plan_ranged(p, thread, kind);
}

static void plan_head(struct plan *p)
{
	static const enum mode modes[] = {
		MODE_EXACT, MODE_EXACT, MODE_EXACT, MODE_EXACT, MODE_LIMITED,
		MODE_COLLIDE, MODE_COLLIDE,
	};
	struct program *program = p->program;

	program->mode = modes[below(p, sizeof(modes) / sizeof(*modes))];
	program->threads = 1;
	if (program->mode == MODE_EXACT && one_in(p, 2))
		program->threads = 2 + below(p, 2);
	if (program->mode == MODE_COLLIDE)
		program->threads = 2 + below(p, THREADS_MAX - 1);
	program->charged = program->mode == MODE_LIMITED || one_in(p, 2);
}

void generate(struct program *program, __u64 seed, __u64 round, bool guests)
{
	struct plan plan = {
		.chance = chance_for(seed, round), .program = program,
		.value = 0x1000000000ULL * (round + 1), .guests = guests,
	};
	unsigned int nr;

	*program = (struct program){ 0 };
	plan_head(&plan);
	nr = OPS_MIN + below(&plan, OPS_MAX - OPS_MIN);
	program->ops = calloc(nr + THREADS_MAX, sizeof(*program->ops));
	if (!program->ops)
		abort();
	if (collides(&plan)) {
		plan_common(&plan, COMMON_FILE - 1, COMMON_PAGES / 2, 12);
		plan_common(&plan, COMMON_FILE, COMMON_PAGES, 21);
	} else if (program->threads > 1 || one_in(&plan, 4)) {
		plan_common(&plan, COMMON_FILE, COMMON_PAGES,
			    one_in(&plan, 2) ? 21 : 12);
	}
	for (unsigned int i = 0; i < program->threads && !collides(&plan); i++)
		plan_create(&plan, i, 0);
	while (program->nr_ops < nr)
		plan_one(&plan);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every wrong argument of every ioctl, made from the table in ioctls.c. A test shows first
 * that the good call works and that its work is seen. Then it spoils one field of that call,
 * in each way, and sees each time that the call is refused and its struct as before, and at
 * the end that nothing else has changed. All of it is done once more through the kernel's
 * entry for 32-bit programs.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bad_ranges.h"
#include "convert.h"
#include "huge.h"
#include "ioctl32.h"
#include "ioctls.h"
#include "memory.h"
#include "numa.h"
#include "text_file.h"
#include "unit.h"

#define FILE_SIZE BAD_RANGES_FILE_SIZE
#define NR_PAGES (FILE_SIZE / PAGE)
#define LARGEST_STRUCT 256
#define CANARY 0xa5

/**
 * struct trial - a test
 * @row: the ioctl
 * @field: the field that is spoilt; NULL: none
 * @spoil: does it
 * @call: ioctl() or ioctl32()
 */
struct trial {
	const struct ioctl_row *row;
	const struct ioctl_field *field;
	void (*spoil)(void);
	long (*call)(int fd, unsigned long number, void *argument);
};

static const struct trial *trial;
static int device, file, target;
static char *map;

/* The argument of calls; one byte behind it is a fault. */
static void *page;
static unsigned char *argument;

static unsigned char bad[LARGEST_STRUCT];

/* Some of the calls of the test were right. */
static bool worked;

static long call(void *pointer)
{
	return trial->call(target, trial->row->number, pointer);
}

/* All that a call could have changed */
struct snapshot {
	char fdinfo[1024];
	bool data[NR_PAGES];
	int policies[2];
	unsigned int fds;
};

static void take(struct snapshot *s)
{
	unsigned long nodes;
	char path[64];

	memset(s, 0, sizeof(*s));
	for (unsigned int i = 0; i < NR_PAGES; i++)
		s->data[i] = lseek(file, i * PAGE, SEEK_DATA) == (off_t)(i * PAGE);
	expect_ok(lseek(file, 0, SEEK_SET), "lseek");
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", file);
	text_file_read(path, s->fdinfo, sizeof(s->fdinfo));
	expect_ok(numa_get(map, &s->policies[0], &nodes), "get_mempolicy");
	expect_ok(numa_get(map + FILE_SIZE - PAGE, &s->policies[1], &nodes),
		  "get_mempolicy");
	s->fds = open_fds();
}

/*
 * Shared and private, allocated and not. The first and the last pages are private holes, so
 * that a call which took a wrong range would change something before it came to others.
 */
static int make_scene(void **state)
{
	trial = *state;
	device = device_open();
	file = expect_ok(try_create_shift(device, FILE_SIZE, KVM_PRIVATE_FLAG_MMAP,
					  trial->row->page_shift), "create");
	map = file_map(file, FILE_SIZE);
	expect_ok(file_make_shared(file, 24 * PAGE, 8 * PAGE, 0), "to shared");
	expect_ok(file_allocate(file, 20 * PAGE, 8 * PAGE), "allocate");
	target = trial->row->on_device ? device : file;
	page = guarded_map(PAGE);
	argument = guarded_tail(page, trial->row->size);
	memcpy(bad, trial->row->good, trial->row->size);
	return 0;
}

static int remove_scene(void **state)
{
	(void)state;
	guarded_unmap(page, PAGE);
	munmap(map, FILE_SIZE);
	close(file);
	return close(device);
}

/* A good call returns 0 or a descriptor. */
static void note_work(long ret)
{
	worked = true;
	if (ret)
		close(ret);
}

static void expect_good(void)
{
	const struct ioctl_row *row = trial->row;
	struct snapshot before, after;
	long ret;

	take(&before);
	memcpy(argument, row->good, row->size);
	ret = expect_ok(call(argument), "the good call");
	take(&after);
	if (!memcmp(&before, &after, sizeof(before)) &&
	    !memcmp(argument, row->good, row->size))
		fail_msg("The work of a good call isn't seen");
	note_work(ret);
}

static void run(void **state)
{
	struct snapshot before, after;

	expect_good();
	remove_scene(state);
	make_scene(state);

	worked = false;
	take(&before);
	trial->spoil();
	take(&after);
	if (!worked)
		assert_memory_equal(&after, &before, sizeof(before));
}

/* Calls with the struct in bad[] and makes that good again. */
static void expect_refusal(int error, const char *what, unsigned long long which)
{
	const struct ioctl_row *row = trial->row;

	memcpy(argument, bad, row->size);
	expect_error(error, call(argument), "%s %#llx", what, which);
	assert_memory_equal(argument, bad, row->size);
	memcpy(bad, row->good, row->size);
}

static unsigned char *bytes_of(const struct ioctl_field *field)
{
	return bad + ioctl_field_at(trial->row, field);
}

static __u64 value_of(const struct ioctl_field *field)
{
	__u64 value = 0;

	memcpy(&value, bytes_of(field), field->size);
	return value;
}

static void set(const struct ioctl_field *field, __u64 value)
{
	memcpy(bytes_of(field), &value, field->size);
}

static const struct ioctl_field *field_of_kind(enum ioctl_field_kind kind)
{
	const struct ioctl_field *field = trial->row->fields;

	while (field->name && field->kind != kind)
		field++;
	return field->name ? field : NULL;
}

/* A known flag may be refused, too, but as one that doesn't go with the rest of the call. */
static void expect_known(__u64 flag)
{
	long ret;

	set(trial->field, value_of(trial->field) | flag);
	memcpy(argument, bad, trial->row->size);
	ret = call(argument);
	if (ret < 0)
		assert_int_not_equal(errno, EINVAL);
	else
		note_work(ret);
	memcpy(bad, trial->row->good, trial->row->size);
}

static void known_flags(void)
{
	for (__u64 flag = 1; flag; flag <<= 1) {
		if (trial->field->known & flag)
			expect_known(flag);
	}
}

static void expect_unknown(__u64 bits)
{
	set(trial->field, value_of(trial->field) | bits);
	expect_refusal(EINVAL, "bits", bits);
}

/* Each bit alone, and beside each that is known */
static void unknown_flags(void)
{
	const __u64 known = trial->field->known;

	for (unsigned int bit = 0; bit < trial->field->size * 8; bit++) {
		__u64 flag = 1ULL << bit;

		if (known & flag)
			continue;
		expect_unknown(flag);
		for (__u64 beside = 1; beside; beside <<= 1) {
			if (known & beside)
				expect_unknown(flag | beside);
		}
		if (known)
			expect_unknown(flag | known);
	}
	expect_unknown(-1);
}

static void reserved_bits(void)
{
	for (unsigned int bit = 0; bit < trial->field->size * 8; bit++) {
		bytes_of(trial->field)[bit / 8] ^= 1 << bit % 8;
		expect_refusal(EINVAL, "bit", bit);
	}
	memset(bytes_of(trial->field), 0xff, trial->field->size);
	expect_refusal(EINVAL, "all bits of bytes", trial->field->size);
}

static void misaligned(void)
{
	for (unsigned int by = 1; by < PAGE; by++) {
		set(trial->field, value_of(trial->field) + by);
		expect_refusal(EINVAL, "off by", by);
		if (trial->field->kind == FIELD_SIZE) {
			set(trial->field, by);
			expect_refusal(EINVAL, "", by);
		}
	}
}

static void bad_ranges_of_a_file(const struct ioctl_field *offset)
{
	const struct bad_range *range = bad_ranges;

	do {
		set(offset, range->offset);
		set(trial->field, range->size);
		expect_refusal(EINVAL, "range of row", range - bad_ranges);
	} while ((range++)->offset != BAD_RANGES_END);
}

static void bad_sizes_of_a_new_file(void)
{
	static const __u64 sizes[] = {
		0, GIB + 1, GIB - 512, 4 * GIB + 1, LARGEST_FILE - 1, LARGEST_FILE + 2048,
		LLONG_MAX - PAGE + 2, LLONG_MAX, 1ULL << 63, (1ULL << 63) + PAGE,
		-2 * PAGE, -PAGE, UINT64_MAX,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		set(trial->field, sizes[i]);
		expect_refusal(EINVAL, "size", sizes[i]);
	}
}

static void bad_size(void)
{
	const struct ioctl_field *offset = field_of_kind(FIELD_OFFSET);

	if (offset)
		bad_ranges_of_a_file(offset);
	else
		bad_sizes_of_a_new_file();
}

static void bad_pointer_inside(void)
{
	void *memory = guarded_map(PAGE);
	const struct bad_pointer *p;

	for (p = bad_pointers; p->name; p++) {
		if (!p->pointer && trial->field->nullable)
			continue;
		set(trial->field, (uintptr_t)p->pointer);
		expect_refusal(EFAULT, p->name, (uintptr_t)p->pointer);
	}
	for (unsigned int mapped = 1; mapped < trial->field->target; mapped++) {
		set(trial->field, (uintptr_t)guarded_tail(memory, mapped));
		expect_refusal(EFAULT, "mapped bytes", mapped);
	}
	guarded_unmap(memory, PAGE);
}

static void bad_struct_pointer(void)
{
	const struct bad_pointer *p;

	for (p = bad_pointers; p->name; p++)
		expect_error(EFAULT, call(p->pointer), "%s", p->name);
}

static void struct_across_the_end(void)
{
	for (unsigned int mapped = 0; mapped < trial->row->size; mapped++) {
		void *tail = guarded_tail(page, mapped);

		memcpy(tail, trial->row->good, mapped);
		expect_error(EFAULT, call(tail), "%u bytes mapped", mapped);
	}
}

static void struct_in_read_only_memory(void)
{
	memcpy(argument, trial->row->good, trial->row->size);
	make_read_only(page);
	if (trial->row->writes == WRITES_ALWAYS)
		expect_error(EFAULT, call(argument), "read-only");
	else
		note_work(expect_ok(call(argument), "read-only"));
	/* The call may have done its work before it wrote. */
	worked = true;
	assert_memory_equal(argument, trial->row->good, trial->row->size);
}

/* @whole: the answer to a struct of @known bytes, which is the module's. The size comes first. */
static void expect_sized(unsigned int size, const unsigned char *whole, size_t known)
{
	unsigned char *start = guarded_map(size + PAGE);
	unsigned int written = size;

	memset(start, CANARY, size + PAGE);
	memcpy(start, &size, sizeof(size));
	if (size < trial->field->least) {
		expect_error(EINVAL, call(start), "size %u", size);
		written = 0;
	} else {
		expect_ok(call(start), "size %u", size);
	}
	for (unsigned int i = sizeof(size); i < size + 128; i++) {
		unsigned int want = i >= written ? CANARY : i < known ? whole[i] : 0;

		expect_between(start[i], want, want, "byte %u of a struct of %u", i, size);
	}
	guarded_unmap(start, size + PAGE);
}

/* Shorter structs get a prefix, longer ones zeros. */
static void struct_sizes(void)
{
	const unsigned int known = trial->row->size;
	unsigned char whole[LARGEST_STRUCT];

	memcpy(argument, trial->row->good, known);
	expect_ok(call(argument), "the size of ours");
	memcpy(whole, argument, known);
	for (unsigned int size = 0; size <= known + 64; size++)
		expect_sized(size, whole, known);
	expect_sized(3 * PAGE + 24, whole, known);
}

/* The zeros don't fit. */
static void struct_sizes_beyond_the_end(void)
{
	static const __u64 more[] = { 1, 8, PAGE, GIB, UINT_MAX };

	for (unsigned int i = 0; i < ARRAY_SIZE(more); i++) {
		__u64 size = trial->row->size + more[i];

		set(trial->field, size > UINT_MAX ? UINT_MAX : size);
		memcpy(argument, bad, trial->row->size);
		expect_error(EFAULT, call(argument), "%#llx bytes more", more[i]);
	}
}

static void expect_not_on(int fd, const char *what)
{
	target = fd;
	expect_refusal(ENOTTY, what, fd);
}

static void other_descriptors(void)
{
	int null = expect_ok(open("/dev/null", O_RDWR), "open");
	int memory = expect_ok(memfd_create("other", 0), "memfd_create");
	int pipes[2];

	expect_ok(pipe(pipes), "pipe");
	if (trial->row->on_device)
		expect_not_on(file, "a file");
	else
		expect_not_on(device, "the device");
	expect_not_on(null, "/dev/null");
	expect_not_on(memory, "a memfd");
	expect_not_on(pipes[0], "a pipe");
	close(pipes[0]);
	close(pipes[1]);
	close(memory);
	close(null);
}

/* A field that the table lacks would be tried by no test. */
static void table_has_every_byte(void)
{
	const struct ioctl_field *end = trial->row->fields;

	while (end->name)
		end++;
	assert_int_equal(ioctl_field_at(trial->row, end), trial->row->size);
}

static long ioctl64(int fd, unsigned long number, void *argument)
{
	return ioctl(fd, number, argument);
}

static void add(const struct trial *model, const char *what)
{
	static const struct {
		const char *suffix;
		long (*call)(int fd, unsigned long number, void *argument);
		bool (*wanted)(void);
	} ways[] = {
		{ "", ioctl64, NULL },
		{ ", 32-bit", ioctl32, kernel_takes_32_bit_calls },
	};
	static unsigned int nr;

	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++) {
		struct trial *new = malloc(sizeof(*new));
		struct fixture fixture = {
			.setup = make_scene, .teardown = remove_scene,
			.state = new, .wanted = ways[i].wanted,
		};
		char *name;

		if (!new || asprintf(&name, "%s: %s%s%s%s", model->row->name,
				     model->field ? model->field->name : "struct",
				     *what ? ", " : "", what, ways[i].suffix) < 0)
			abort();
		*new = *model;
		new->call = ways[i].call;
		tests_add(nr++, name, run, &fixture, NULL);
	}
}

static void add_field(const struct ioctl_row *row, const struct ioctl_field *field)
{
	static const struct {
		enum ioctl_field_kind kind;
		const char *what;
		void (*spoil)(void);
	} trials[] = {
		{ FIELD_FLAGS, "known bits", known_flags },
		{ FIELD_FLAGS, "unknown bits", unknown_flags },
		{ FIELD_RESERVED, "each bit", reserved_bits },
		{ FIELD_OFFSET, "misaligned", misaligned },
		{ FIELD_SIZE, "misaligned", misaligned },
		{ FIELD_SIZE, "empty, wrapping or past the end", bad_size },
		{ FIELD_POINTER, "bad", bad_pointer_inside },
		{ FIELD_STRUCT_SIZE, "short and long", struct_sizes },
		{ FIELD_STRUCT_SIZE, "zeros don't fit", struct_sizes_beyond_the_end },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(trials); i++) {
		if (trials[i].kind == field->kind)
			add(&(struct trial){
				.row = row, .field = field, .spoil = trials[i].spoil,
			}, trials[i].what);
	}
}

static void add_row(const struct ioctl_row *row)
{
	static const struct {
		const char *what;
		void (*spoil)(void);
	} trials[] = {
		{ "every byte is in the table", table_has_every_byte },
		{ "other descriptors", other_descriptors },
		{ "bad pointers", bad_struct_pointer },
		{ "across the end of memory", struct_across_the_end },
		{ "in read-only memory", struct_in_read_only_memory },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(trials); i++)
		add(&(struct trial){
			.row = row, .spoil = trials[i].spoil,
		}, trials[i].what);
	for (const struct ioctl_field *field = row->fields; field->name; field++)
		add_field(row, field);
}

int main(void)
{
	for (const struct ioctl_row *row = ioctl_rows; row->name; row++)
		add_row(row);
	return tests_run("arguments", NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The ioctls of the user interface, with each field of their structs. */
#ifndef TESTS_LIB_IOCTLS_H
#define TESTS_LIB_IOCTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

enum ioctl_field_kind {
	FIELD_VALUE,		/* whose errors are the ioctl's own */
	FIELD_OUT,		/* written by the call, never read */
	FIELD_FLAGS,		/* unknown bits are EINVAL */
	FIELD_RESERVED,		/* EINVAL unless it is zero */
	FIELD_OFFSET,		/* with a FIELD_SIZE: a range of the file */
	FIELD_SIZE,		/* of the range, or of a file that is created */
	FIELD_POINTER,		/* to memory of the caller */
	FIELD_STRUCT_SIZE,	/* the caller's, which may differ from ours */
};

/**
 * struct ioctl_field - a field of an ioctl's struct
 * @name: NULL ends the list
 * @kind: decides which errors it can have
 * @size: bytes
 * @known: FIELD_FLAGS: the bits that the ioctl takes
 * @target: FIELD_POINTER: bytes that the good call reads there
 * @nullable: FIELD_POINTER: NULL has a meaning of its own
 * @least: FIELD_STRUCT_SIZE: the smallest that is taken
 */
struct ioctl_field {
	const char *name;
	enum ioctl_field_kind kind;
	unsigned int size;
	__u64 known;
	unsigned int target;
	bool nullable;
	unsigned int least;
};

/* When a call writes to its struct */
enum ioctl_writes { WRITES_NEVER, WRITES_ON_ERROR, WRITES_ALWAYS };

/**
 * struct ioctl_row - an ioctl
 * @name: the end of its number's name, for the names of tests
 * @number: of the ioctl
 * @size: bytes of its struct
 * @on_device: it is the device's; else a file's
 * @page_shift: of the file that it takes
 * @writes: when it writes to the struct
 * @good: a struct that it takes, for a file of BAD_RANGES_FILE_SIZE whose first and last pages
 *	are private holes
 * @fields: in the struct's order; each of its bytes belongs to one of them
 */
struct ioctl_row {
	const char *name;
	unsigned long number;
	size_t size;
	bool on_device;
	__u32 page_shift;
	enum ioctl_writes writes;
	const void *good;
	struct ioctl_field fields[10];
};

/* An ioctl that does two things has two rows. Ends with a row that has no name. */
extern const struct ioctl_row ioctl_rows[];

/* The offset of a row's field */
unsigned int ioctl_field_at(const struct ioctl_row *row, const struct ioctl_field *field);

/* Whether the device has an ioctl of that number, or else a file */
bool ioctl_is_known(bool on_device, unsigned long number);

#endif /* TESTS_LIB_IOCTLS_H */

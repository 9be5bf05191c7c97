// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>
#include <linux/mempolicy.h>

#include "bad_ranges.h"
#include "huge.h"
#include "ioctls.h"

#define CREATE_FLAGS (KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED | \
		      KVM_PRIVATE_FLAG_NO_AUTO_ALLOC | KVM_PRIVATE_FLAG_HUGE_STRICT)
#define CONVERT_FLAGS (KVM_SET_MEMORY_ATTRIBUTES2_ZERO | \
		       KVM_SET_MEMORY_ATTRIBUTES2_PRESERVE)

static char content[2 * PAGE] = { 1 };
static __u64 node_0 = 1;

#define FIELD(type, field_kind, field, ...) {				\
	.name = #field, .kind = FIELD_##field_kind,			\
	.size = sizeof(((struct type){ 0 }).field), __VA_ARGS__	\
}

#define CONVERT_FIELDS {						\
	FIELD(kvm_memory_attributes2, OFFSET, offset),			\
	FIELD(kvm_memory_attributes2, SIZE, size),			\
	FIELD(kvm_memory_attributes2, FLAGS, attributes,		\
	      .known = KVM_MEMORY_ATTRIBUTE_PRIVATE),			\
	FIELD(kvm_memory_attributes2, FLAGS, flags, .known = CONVERT_FLAGS), \
	FIELD(kvm_memory_attributes2, OUT, error_offset),		\
	FIELD(kvm_memory_attributes2, RESERVED, reserved),		\
}

const struct ioctl_row ioctl_rows[] = {
	{
		.name = "GET_INFO",
		.number = KVM_PRIVATE_GET_INFO,
		.size = sizeof(struct kvm_private_info),
		.on_device = true,
		.writes = WRITES_ALWAYS,
		.good = &(struct kvm_private_info){
			.size = sizeof(struct kvm_private_info),
		},
		.fields = {
			FIELD(kvm_private_info, STRUCT_SIZE, size,
			      .least = offsetof(struct kvm_private_info, create_flags)),
			FIELD(kvm_private_info, OUT, api_version),
			FIELD(kvm_private_info, OUT, create_flags),
			FIELD(kvm_private_info, OUT, page_sizes),
			FIELD(kvm_private_info, OUT, attributes),
			FIELD(kvm_private_info, OUT, attribute_flags),
			FIELD(kvm_private_info, OUT, reserved),
		},
	}, {
		.name = "CREATE",
		.number = KVM_PRIVATE_CREATE,
		.size = sizeof(struct kvm_private_create),
		.on_device = true,
		.good = &(struct kvm_private_create){ .size = MIB },
		.fields = {
			FIELD(kvm_private_create, SIZE, size),
			FIELD(kvm_private_create, FLAGS, flags, .known = CREATE_FLAGS),
			FIELD(kvm_private_create, VALUE, page_shift),
			FIELD(kvm_private_create, RESERVED, pad),
			FIELD(kvm_private_create, RESERVED, reserved),
		},
	}, {
		.name = "POPULATE",
		.number = KVM_PRIVATE_POPULATE,
		.size = sizeof(struct kvm_private_populate),
		.writes = WRITES_ALWAYS,
		.good = &(struct kvm_private_populate){
			.offset = PAGE, .size = 2 * PAGE, .source = (uintptr_t)content,
		},
		.fields = {
			FIELD(kvm_private_populate, OFFSET, offset),
			FIELD(kvm_private_populate, SIZE, size),
			FIELD(kvm_private_populate, POINTER, source,
			      .target = PAGE, .nullable = true),
			FIELD(kvm_private_populate, FLAGS, flags),
			FIELD(kvm_private_populate, RESERVED, reserved),
		},
	}, {
		.name = "SET_MEMORY_ATTRIBUTES2 to shared",
		.number = KVM_SET_MEMORY_ATTRIBUTES2,
		.size = sizeof(struct kvm_memory_attributes2),
		.writes = WRITES_ON_ERROR,
		.good = &(struct kvm_memory_attributes2){
			.size = BAD_RANGES_FILE_SIZE, .error_offset = UINT64_MAX,
		},
		.fields = CONVERT_FIELDS,
	}, {
		.name = "SET_MEMORY_ATTRIBUTES2 to private",
		.number = KVM_SET_MEMORY_ATTRIBUTES2,
		.size = sizeof(struct kvm_memory_attributes2),
		.writes = WRITES_ON_ERROR,
		.good = &(struct kvm_memory_attributes2){
			.size = BAD_RANGES_FILE_SIZE, .error_offset = UINT64_MAX,
			.attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE,
		},
		.fields = CONVERT_FIELDS,
	}, {
		.name = "SET_POLICY",
		.number = KVM_PRIVATE_SET_POLICY,
		.size = sizeof(struct kvm_private_set_policy),
		.good = &(struct kvm_private_set_policy){
			.size = BAD_RANGES_FILE_SIZE, .mode = MPOL_BIND,
			.nodemask = (uintptr_t)&node_0, .maxnode = 64,
		},
		.fields = {
			FIELD(kvm_private_set_policy, OFFSET, offset),
			FIELD(kvm_private_set_policy, SIZE, size),
			FIELD(kvm_private_set_policy, POINTER, nodemask,
			      .target = sizeof(node_0)),
			FIELD(kvm_private_set_policy, VALUE, maxnode),
			FIELD(kvm_private_set_policy, VALUE, mode),
			FIELD(kvm_private_set_policy, FLAGS, flags),
			FIELD(kvm_private_set_policy, RESERVED, reserved),
		},
	}, {
		.name = "COLLAPSE",
		.number = KVM_PRIVATE_COLLAPSE,
		.size = sizeof(struct kvm_private_collapse),
		.page_shift = HUGE_SHIFT,
		.writes = WRITES_ALWAYS,
		.good = &(struct kvm_private_collapse){ .size = BAD_RANGES_FILE_SIZE },
		.fields = {
			FIELD(kvm_private_collapse, OFFSET, offset),
			FIELD(kvm_private_collapse, SIZE, size),
			FIELD(kvm_private_collapse, FLAGS, flags),
			FIELD(kvm_private_collapse, RESERVED, reserved),
		},
	},
	{ .name = NULL },
};

unsigned int ioctl_field_at(const struct ioctl_row *row, const struct ioctl_field *field)
{
	unsigned int at = 0;

	for (const struct ioctl_field *f = row->fields; f < field; f++)
		at += f->size;
	return at;
}

bool ioctl_is_known(bool on_device, unsigned long number)
{
	const struct ioctl_row *row;

	for (row = ioctl_rows; row->name; row++) {
		if (row->on_device == on_device && row->number == number)
			return true;
	}
	return false;
}

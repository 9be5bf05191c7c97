/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages of a guest to the firmware, and the attestation report */
#ifndef TESTS_SNP_MESSAGE_H
#define TESTS_SNP_MESSAGE_H

#include <stdbool.h>
#include <linux/types.h>

#define MESSAGE_KEY_SIZE	32
#define MESSAGE_TEXT_SIZE	4000

enum {
	MSG_KEY_REQ = 3,
	MSG_KEY_RSP = 4,
	MSG_REPORT_REQ = 5,
	MSG_REPORT_RSP = 6,
};

struct message {
	__u8 tag[32];
	__u64 sequence;
	__u8 reserved[8];
	__u8 algorithm;
	__u8 version;
	__u16 size;
	__u8 type;
	__u8 type_version;
	__u16 text_size;
	__u32 reserved_2;
	__u8 vmpl;
	__u8 reserved_3[35];
	__u8 text[MESSAGE_TEXT_SIZE];
};

/* In all but the text and the tag it is the message that was meant. */
void message_seal(struct message *message, const __u8 *key, const void *text);
/* Returns whether the message is one with that key. */
bool message_unseal(const struct message *message, const __u8 *key, void *text);

struct report_request {
	__u8 data[64];
	__u32 vmpl;
	__u32 key;
	__u8 reserved[24];
};

struct report {
	__u32 version;
	__u32 guest_svn;
	__u64 policy;
	__u8 family[16];
	__u8 image[16];
	__u32 vmpl;
	__u32 signature_algorithm;
	__u64 current_tcb;
	__u64 platform;
	__u32 keys;
	__u32 reserved;
	__u8 data[64];
	__u8 measurement[48];
	__u8 host_data[32];
	__u8 id_key_digest[48];
	__u8 author_key_digest[48];
	__u8 report_id[32];
	__u8 report_id_agent[32];
	__u64 reported_tcb;
	__u8 reserved_2[24];
	__u8 chip_id[64];
	__u64 committed_tcb;
	__u8 versions[8];
	__u64 launch_tcb;
	__u8 reserved_3[168];
	/* Little-endian numbers */
	__u8 r[72];
	__u8 s[72];
	__u8 reserved_4[368];
};

_Static_assert(sizeof(struct report) == 0x4a0, "ATTESTATION_REPORT");

struct report_response {
	__u32 status;
	__u32 size;
	__u8 reserved[24];
	struct report report;
};

/* By the key that stands for a chip's on the emulated platform */
bool report_is_signed(const struct report *report);

struct key_request {
	__u32 root;
	__u32 reserved;
	__u64 fields;
	__u32 vmpl;
	__u32 guest_svn;
	__u64 tcb;
};

struct key_response {
	__u32 status;
	__u8 reserved[28];
	__u8 key[32];
};

#endif

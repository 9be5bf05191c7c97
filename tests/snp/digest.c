// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/if_alg.h>

#include "device.h"
#include "digest.h"
#include "launch.h"
#include "unit.h"

struct page_info {
	__u8 digest[SNP_DIGEST_SIZE];
	__u8 content[SNP_DIGEST_SIZE];
	__u16 length;
	__u8 type;
	__u8 imi;
	__u8 rights[4];		/* of VMPL 3, 2 and 1; the last is reserved */
	__u64 gpa;
};

_Static_assert(sizeof(struct page_info) == 0x70, "PAGE_INFO");

static void sha384(__u8 *digest, const void *data, size_t size)
{
	const struct sockaddr_alg address = {
		.salg_family = AF_ALG, .salg_type = "hash", .salg_name = "sha384",
	};
	int hash = expect_ok(socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "AF_ALG");
	int operation;

	expect_ok(bind(hash, (const struct sockaddr *)&address, sizeof(address)), "sha384");
	operation = expect_ok(accept(hash, NULL, NULL), "accept");
	assert_int_equal(write(operation, data, size), size);
	assert_int_equal(read(operation, digest, SNP_DIGEST_SIZE), SNP_DIGEST_SIZE);
	close(operation);
	close(hash);
}

void digest_extend(__u8 *digest, __u8 type, __u64 gpa, const void *content)
{
	struct page_info info = { .length = sizeof(info), .type = type, .gpa = gpa };

	memcpy(info.digest, digest, sizeof(info.digest));
	if (content)
		sha384(info.content, content, PAGE);
	sha384(digest, &info, sizeof(info));
}

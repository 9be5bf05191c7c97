// SPDX-License-Identifier: GPL-2.0-only
/* The model's port to user space */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "td_machine.h"
#include "unit.h"

void *tdxm_alloc(size_t size)
{
	return calloc(1, size);
}

void tdxm_free(void *memory)
{
	free(memory);
}

void *tdxm_address(struct tdxm *m, u64 pfn)
{
	struct td_machine *machine = container_of_model(m);

	return machine->memory + pfn * TDXM_PAGE_SIZE;
}

void tdxm_report(const char *rule, u64 where, bool expected)
{
	if (!expected)
		printf("# %s (%#llx)\n", rule, (unsigned long long)where);
}

struct tdxm_digest {
	EVP_MD_CTX *context;
};

struct tdxm_digest *tdxm_digest_start(void)
{
	struct tdxm_digest *digest = malloc(sizeof(*digest));

	assert_non_null(digest);
	digest->context = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestInit_ex(digest->context, EVP_sha384(), NULL), 1);
	return digest;
}

void tdxm_digest_add(struct tdxm_digest *digest, const void *data, size_t size)
{
	assert_int_equal(EVP_DigestUpdate(digest->context, data, size), 1);
}

void tdxm_digest_end(struct tdxm_digest *digest, u8 *result)
{
	assert_int_equal(EVP_DigestFinal_ex(digest->context, result, NULL), 1);
	EVP_MD_CTX_free(digest->context);
	free(digest);
}

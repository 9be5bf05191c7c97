// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "mrtd.h"
#include "unit.h"

#define DIGEST_SIZE 48

static void add(struct mrtd *mrtd, const void *data, size_t size)
{
	assert_int_equal(EVP_DigestUpdate(mrtd->context, data, size), 1);
}

static void add_header(struct mrtd *mrtd, const char *name, unsigned long gpa)
{
	unsigned char header[128] = "";
	int i;

	memcpy(header, name, strlen(name));
	for (i = 0; i < 8; i++)
		header[16 + i] = gpa >> i * 8;
	add(mrtd, header, sizeof(header));
}

void mrtd_begin(struct mrtd *mrtd)
{
	mrtd->context = EVP_MD_CTX_new();
	assert_non_null(mrtd->context);
	assert_int_equal(EVP_DigestInit_ex(mrtd->context, EVP_sha384(), NULL), 1);
}

void mrtd_add_page(struct mrtd *mrtd, unsigned long gpa)
{
	add_header(mrtd, "MEM.PAGE.ADD", gpa);
}

void mrtd_extend(struct mrtd *mrtd, unsigned long gpa, const void *content)
{
	add_header(mrtd, "MR.EXTEND", gpa);
	add(mrtd, content, MRTD_CHUNK_SIZE);
}

void mrtd_measure_page(struct mrtd *mrtd, unsigned long gpa, const void *content)
{
	unsigned long at;

	mrtd_add_page(mrtd, gpa);
	for (at = 0; at < MRTD_PAGE_SIZE; at += MRTD_CHUNK_SIZE)
		mrtd_extend(mrtd, gpa + at, (const char *)content + at);
}

void mrtd_expect(struct mrtd *mrtd, const unsigned char *digest)
{
	unsigned char wanted[EVP_MAX_MD_SIZE];
	unsigned int size;

	assert_int_equal(EVP_DigestFinal_ex(mrtd->context, wanted, &size), 1);
	EVP_MD_CTX_free(mrtd->context);
	assert_int_equal(size, DIGEST_SIZE);
	assert_memory_equal(digest, wanted, DIGEST_SIZE);
}

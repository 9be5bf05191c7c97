// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "message.h"
#include "unit.h"

#define AUTHENTICATED		offsetof(struct message, algorithm)
#define AUTHENTICATED_SIZE	(offsetof(struct message, text) - AUTHENTICATED)
#define NONCE_SIZE		12
#define TAG_SIZE		16

/* The number of bytes that are signed */
#define SIGNED			offsetof(struct report, r)

/* The public part of the key in the emulator's crypto.c, uncompressed */
static const __u8 signing_key[] = {
	0x04,
	0x81, 0xa9, 0xae, 0xbe, 0xc7, 0xb3, 0x26, 0xa5, 0x6d, 0x28, 0x92, 0x17,
	0x05, 0x0f, 0xd1, 0x71, 0x69, 0x46, 0xc4, 0x17, 0x35, 0xf2, 0xdc, 0x8d,
	0x09, 0xab, 0x29, 0xff, 0xcf, 0xf1, 0x8c, 0x78, 0x83, 0x17, 0xf4, 0x89,
	0x55, 0xb3, 0x90, 0x51, 0xdc, 0xc7, 0x8e, 0x44, 0x28, 0x5f, 0x07, 0xa0,
	0x6e, 0xa0, 0x90, 0xcd, 0x05, 0x71, 0xaa, 0x38, 0x48, 0xb6, 0x1a, 0x3a,
	0xb7, 0xd0, 0x2b, 0xb3, 0xea, 0x09, 0x48, 0x4c, 0xd7, 0x42, 0x8a, 0x3f,
	0xd7, 0xd8, 0xe5, 0x5f, 0xd1, 0x4d, 0x0e, 0x8f, 0x4f, 0x5c, 0xba, 0xbd,
	0xd4, 0x5b, 0x0d, 0xea, 0xfc, 0xba, 0x5f, 0xa0, 0x76, 0xa3, 0xab, 0xbc,
};

static EVP_CIPHER_CTX *begin(const struct message *message, const __u8 *key, bool seal)
{
	EVP_CIPHER_CTX *gcm = EVP_CIPHER_CTX_new();
	__u8 nonce[NONCE_SIZE] = { };
	int length;

	memcpy(nonce, &message->sequence, sizeof(message->sequence));
	assert_true(EVP_CipherInit_ex2(gcm, EVP_aes_256_gcm(), key, nonce, seal, NULL));
	assert_true(EVP_CipherUpdate(gcm, NULL, &length, &message->algorithm,
				     AUTHENTICATED_SIZE));
	return gcm;
}

void message_seal(struct message *message, const __u8 *key, const void *text)
{
	EVP_CIPHER_CTX *gcm = begin(message, key, true);
	int length;

	memset(message->tag, 0, sizeof(message->tag));
	assert_true(EVP_CipherUpdate(gcm, message->text, &length, text, message->text_size));
	assert_true(EVP_CipherFinal_ex(gcm, message->text + length, &length));
	assert_true(EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, message->tag));
	EVP_CIPHER_CTX_free(gcm);
}

bool message_unseal(const struct message *message, const __u8 *key, void *text)
{
	EVP_CIPHER_CTX *gcm;
	__u8 tag[TAG_SIZE];
	bool right;
	int length;

	if (message->text_size > MESSAGE_TEXT_SIZE)
		return false;
	gcm = begin(message, key, false);
	memcpy(tag, message->tag, sizeof(tag));
	assert_true(EVP_CipherUpdate(gcm, text, &length, message->text, message->text_size));
	assert_true(EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag));
	right = EVP_CipherFinal_ex(gcm, (__u8 *)text + length, &length) > 0;
	EVP_CIPHER_CTX_free(gcm);
	return right;
}

static EVP_PKEY *public_key(void)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
						 (char *)"P-384", 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
						  (void *)signing_key, sizeof(signing_key)),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	assert_true(EVP_PKEY_fromdata_init(context) > 0);
	assert_true(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) > 0);
	EVP_PKEY_CTX_free(context);
	return key;
}

/* In the form that the library reads */
static int encode_signature(const struct report *report, __u8 **encoded)
{
	ECDSA_SIG *signature = ECDSA_SIG_new();
	int size;

	assert_true(ECDSA_SIG_set0(signature,
				   BN_lebin2bn(report->r, sizeof(report->r), NULL),
				   BN_lebin2bn(report->s, sizeof(report->s), NULL)));
	*encoded = NULL;
	size = i2d_ECDSA_SIG(signature, encoded);
	ECDSA_SIG_free(signature);
	assert_true(size > 0);
	return size;
}

bool report_is_signed(const struct report *report)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY *key = public_key();
	__u8 *encoded;
	int size = encode_signature(report, &encoded);
	bool right;

	assert_true(EVP_DigestVerifyInit(context, NULL, EVP_sha384(), NULL, key) > 0);
	right = EVP_DigestVerify(context, encoded, size, (const __u8 *)report, SIGNED) > 0;
	OPENSSL_free(encoded);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return right;
}

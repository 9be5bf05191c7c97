/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The cryptography of messages and reports
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/guest-random.h"
#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>
#include <nettle/gcm.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include "crypto.h"

/* For tests; it stands where a chip has its VCEK. */
static const char signing_key[] =
    "6b766d5f707269766174653a206b6579206f6620746573742c20"
    "6e6f7420612063686970277320564345";

static void begin(struct gcm_aes256_ctx *gcm, const PSPSealed *sealed)
{
    uint8_t nonce[GCM_IV_SIZE] = {};

    stq_le_p(nonce, sealed->sequence);
    gcm_aes256_set_key(gcm, sealed->key);
    gcm_aes256_set_iv(gcm, sizeof(nonce), nonce);
    gcm_aes256_update(gcm, sealed->header_size, sealed->header);
}

void psp_seal(const PSPSealed *sealed, const void *plain, void *cipher,
              uint8_t *tag)
{
    struct gcm_aes256_ctx gcm;

    begin(&gcm, sealed);
    gcm_aes256_encrypt(&gcm, sealed->size, cipher, plain);
    gcm_aes256_digest(&gcm, PSP_TAG_SIZE, tag);
}

bool psp_unseal(const PSPSealed *sealed, const void *cipher, void *plain,
                const uint8_t *tag)
{
    struct gcm_aes256_ctx gcm;
    uint8_t right[PSP_TAG_SIZE];

    begin(&gcm, sealed);
    gcm_aes256_decrypt(&gcm, sealed->size, plain, cipher);
    gcm_aes256_digest(&gcm, PSP_TAG_SIZE, right);
    return memeql_sec(tag, right, sizeof(right));
}

void psp_hash(uint8_t *hash, const void *data, size_t size)
{
    struct sha384_ctx sha;

    sha384_init(&sha);
    sha384_update(&sha, size, data);
    sha384_digest(&sha, PSP_HASH_SIZE, hash);
}

void psp_derive(uint8_t *key, const uint8_t *root, const void *data,
                size_t size)
{
    struct hmac_sha384_ctx hmac;

    hmac_sha384_set_key(&hmac, PSP_KEY_SIZE, root);
    hmac_sha384_update(&hmac, size, data);
    hmac_sha384_digest(&hmac, PSP_KEY_SIZE, key);
}

static void random_bytes(void *context, size_t size, uint8_t *to)
{
    qemu_guest_getrandom_nofail(to, size);
}

static void export_number(uint8_t *to, const mpz_t number)
{
    memset(to, 0, PSP_NUMBER_SIZE);
    mpz_export(to, NULL, -1, 1, -1, 0, number);
}

static void init_key(struct ecc_scalar *key)
{
    mpz_t number;

    mpz_init_set_str(number, signing_key, 16);
    ecc_scalar_init(key, nettle_get_secp_384r1());
    if (!ecc_scalar_set(key, number)) {
        g_assert_not_reached();
    }
    mpz_clear(number);
}

void psp_sign(uint8_t *r, uint8_t *s, const void *data, size_t size)
{
    struct dsa_signature signature;
    uint8_t hash[PSP_HASH_SIZE];
    struct ecc_scalar key;

    psp_hash(hash, data, size);
    init_key(&key);
    dsa_signature_init(&signature);
    ecdsa_sign(&key, NULL, random_bytes, sizeof(hash), hash, &signature);
    export_number(r, signature.r);
    export_number(s, signature.s);
    dsa_signature_clear(&signature);
    ecc_scalar_clear(&key);
}

/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The cryptography of messages and reports, by Nettle
 */
#ifndef PSP_CRYPTO_H
#define PSP_CRYPTO_H

#define PSP_KEY_SIZE        32
#define PSP_TAG_SIZE        16
#define PSP_HASH_SIZE       48

/* A number of P-384, little-endian, as the ABI has it in signatures and keys */
#define PSP_NUMBER_SIZE     72

typedef struct PSPSealed {
    const uint8_t *key;
    uint64_t sequence;      /* the nonce */
    const void *header;     /* is authenticated but not encrypted */
    size_t header_size;
    size_t size;            /* of the text */
} PSPSealed;

/* AES-256-GCM; the second returns whether the tag is right. */
void psp_seal(const PSPSealed *sealed, const void *plain, void *cipher,
              uint8_t *tag);
bool psp_unseal(const PSPSealed *sealed, const void *cipher, void *plain,
                const uint8_t *tag);

void psp_hash(uint8_t *hash, const void *data, size_t size);
/* A key from another one, for the purpose that data stands for */
void psp_derive(uint8_t *key, const uint8_t *root, const void *data,
                size_t size);

/*
 * Signs with ECDSA on P-384 and SHA-384, by the platform's key, which is no
 * secret: tests have its public part.
 */
void psp_sign(uint8_t *r, uint8_t *s, const void *data, size_t size);

#endif

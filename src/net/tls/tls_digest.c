#include "net/tls/tls_digest.h"

#include "base/mem.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

void tls_digest(struct slice bytes, uint8_t ret_digest[TLS_DIGEST_LEN])
{
    if (EVP_Digest(bytes.data, bytes.len, ret_digest, NULL, EVP_sha256(),
                   NULL) != 1)
        mem_end();
}

void tls_hmac(const uint8_t key[TLS_DIGEST_LEN], struct slice bytes,
              uint8_t ret_code[TLS_DIGEST_LEN])
{
    if (HMAC(EVP_sha256(), key, TLS_DIGEST_LEN, bytes.data, bytes.len, ret_code,
             NULL) == NULL)
        mem_end();
}

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

void tls_hmac(struct slice key, struct slice bytes,
              uint8_t ret_code[TLS_DIGEST_LEN])
{
    if (HMAC(EVP_sha256(), key.data, (int)key.len, bytes.data, bytes.len,
             ret_code, NULL) == NULL)
        mem_end();
}

void tls_base64_encode(struct slice bytes, char *ret)
{
    ret[0] = '\0';
    if (bytes.len > 0)
        (void)EVP_EncodeBlock((unsigned char *)ret, bytes.data, (int)bytes.len);
}

static bool is_base64(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '+' || byte == '/';
}

/* OpenSSL leaves out blanks at either end, takes '=' for a digit, and counts
 * the zeros of the padding. */
ptrdiff_t tls_base64_decode(struct slice text, uint8_t *ret)
{
    size_t padding = 0;
    int len;

    if (text.len == 0)
        return 0;
    if (text.len % 4 != 0)
        return -1;
    while (padding < 2 && text.data[text.len - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < text.len - padding; i++) {
        if (!is_base64(text.data[i]))
            return -1;
    }
    len = EVP_DecodeBlock(ret, text.data, (int)text.len);
    return len < 0 ? -1 : len - (ptrdiff_t)padding;
}

bool tls_websocket_answer(struct slice key,
                          char ret[TLS_WEBSOCKET_ANSWER_LEN + 1])
{
    static const char suffix[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t bytes[TLS_WEBSOCKET_KEY_LEN / 4 * 3];
    char text[TLS_WEBSOCKET_KEY_LEN + sizeof suffix - 1];
    uint8_t digest[20];

    if (key.len != TLS_WEBSOCKET_KEY_LEN || tls_base64_decode(key, bytes) != 16)
        return false;
    memcpy(text, key.data, key.len);
    memcpy(text + key.len, suffix, sizeof suffix - 1);
    if (EVP_Digest(text, sizeof text, digest, NULL, EVP_sha1(), NULL) != 1)
        mem_end();
    tls_base64_encode(slice_of(digest, sizeof digest), ret);
    return true;
}

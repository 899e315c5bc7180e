#include "session/vm/vm_key.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static size_t put(char *to, size_t len, const char *text)
{
    size_t size = strlen(text) + 1;

    memcpy(to + len, text, size);
    return len + size;
}

/* The texts have no NUL, so each message has one meaning. */
struct vm_key vm_key_make(const uint8_t site_key[TLS_DIGEST_LEN],
                          const char *uuid, const char *label)
{
    static const char digits[] = "0123456789abcdef";
    char message[16 + 2 * (TEXT_ID_MAX + 1)];
    uint8_t code[TLS_DIGEST_LEN];
    struct vm_key key;
    size_t len = put(message, 0, label != NULL ? "serial port" : "VM");

    len = put(message, len, uuid);
    if (label != NULL)
        len = put(message, len, label);
    tls_hmac(slice_of(site_key, TLS_DIGEST_LEN), slice_of(message, len), code);
    for (size_t i = 0; i < VM_KEY_LEN; i++)
        key.text[i] = digits[code[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
    key.text[VM_KEY_LEN] = '\0';
    explicit_bzero(code, sizeof code);
    return key;
}

struct vm_key_uri vm_key_format_uri(const struct vm_key *key, const char *label)
{
    struct vm_key_uri uri;

    snprintf(uri.text, sizeof uri.text, "%.*s%ckey=%s", TEXT_ID_MAX, label,
             strchr(label, '?') != NULL ? '&' : '?', key->text);
    return uri;
}

static bool is_same(const struct vm_key *a, const struct vm_key *b)
{
    return slice_is_same_secret(slice_of(a->text, sizeof a->text),
                                slice_of(b->text, sizeof b->text));
}

bool vm_key_is_right(const uint8_t site_key[TLS_DIGEST_LEN], const char *uuid,
                     const char *label, const struct vm_key *given)
{
    struct vm_key of_port = vm_key_make(site_key, uuid, label);
    struct vm_key of_vm = vm_key_make(site_key, uuid, NULL);
    bool is_of_port = is_same(&of_port, given);
    bool is_of_vm = is_same(&of_vm, given);

    explicit_bzero(&of_port, sizeof of_port);
    explicit_bzero(&of_vm, sizeof of_vm);
    return is_of_port || is_of_vm;
}

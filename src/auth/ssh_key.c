#include "auth/ssh_key.h"

#include "net/tls/tls_digest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What OpenSSH takes. Certificates are no keys, and DSA is gone. */
static const char *const types[] = {
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
};

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

bool ssh_key_is_name(const char *name)
{
    return strspn(name, LETTERS DIGITS) > 0 &&
           name[strspn(name, LETTERS DIGITS "._@+-")] == '\0' &&
           strlen(name) <= SSH_KEY_NAME_MAX;
}

static bool is_type(const char *text, size_t len)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strlen(types[i]) == len && memcmp(types[i], text, len) == 0)
            return true;
    }
    return false;
}

/* The key itself says its type first (RFC 4253, section 6.6), and has something
 * behind it. */
static bool has_type(struct slice key, const char *type, size_t len)
{
    return key.len > 4 + len && key.data[0] == 0 && key.data[1] == 0 &&
           key.data[2] == 0 && key.data[3] == len &&
           memcmp(key.data + 4, type, len) == 0;
}

static void write_fingerprint(struct slice key, struct ssh_key *ret)
{
    static const char prefix[] = "SHA256:";
    const size_t len = sizeof prefix - 1;
    uint8_t digest[TLS_DIGEST_LEN];
    char text[TLS_BASE64_LEN(TLS_DIGEST_LEN) + 1];

    tls_digest(key, digest);
    tls_base64_encode(slice_of(digest, sizeof digest), text);
    memcpy(ret->fingerprint, prefix, len);
    /* Without the padding. */
    memcpy(ret->fingerprint + len, text, SSH_KEY_FINGERPRINT_LEN - len);
    ret->fingerprint[SSH_KEY_FINGERPRINT_LEN] = '\0';
}

static void copy_comment(struct ssh_key *ret, const char *text)
{
    size_t len = 0;

    for (text += strspn(text, " \t"); *text != '\0'; text++) {
        if (*text >= ' ' && *text <= '~' && len + 1 < sizeof ret->comment)
            ret->comment[len++] = *text;
    }
    while (len > 0 && ret->comment[len - 1] == ' ')
        len--;
    ret->comment[len] = '\0';
}

int ssh_key_parse(struct ssh_key *ret, const char *text, struct err *err)
{
    uint8_t bytes[SSH_KEY_TEXT_MAX];
    size_t whole = strcspn(text, "\r\n");
    size_t type_len = strcspn(text, " \t\r\n");
    const char *base64 = text + type_len + strspn(text + type_len, " \t");
    size_t base64_len = strcspn(base64, " \t\r\n");
    ptrdiff_t len;

    if (text[whole + strspn(text + whole, "\r\n")] != '\0') {
        err_set(err, "expected one line, as in a .pub file");
        return -EINVAL;
    }
    if (!is_type(text, type_len)) {
        err_set(err, "expected a public key of ssh, which begins with "
                     "ssh-ed25519, ecdsa-sha2-nistp256 or ssh-rsa, for "
                     "instance, and has no options before that");
        return -EINVAL;
    }
    if (type_len + 1 + base64_len >= sizeof ret->text) {
        err_set(err, "the key is longer than %d bytes", SSH_KEY_TEXT_MAX - 1);
        return -EINVAL;
    }
    len = tls_base64_decode(slice_of(base64, base64_len), bytes);
    if (len < 0 || !has_type(slice_of(bytes, (size_t)len), text, type_len)) {
        err_set(err, "what stands behind the type is no key of this type");
        return -EINVAL;
    }
    snprintf(ret->text, sizeof ret->text, "%.*s %.*s", (int)type_len, text,
             (int)base64_len, base64);
    copy_comment(ret, base64 + base64_len);
    write_fingerprint(slice_of(bytes, (size_t)len), ret);
    return 0;
}

void ssh_keys_deleted_add(struct ssh_keys_deleted *keys, uint64_t id)
{
    keys->id[keys->next] = id;
    keys->next = (keys->next + 1) % SSH_KEYS_DELETED_MAX;
}

bool ssh_keys_deleted_has(const struct ssh_keys_deleted *keys, uint64_t id)
{
    for (size_t i = 0; i < SSH_KEYS_DELETED_MAX && keys->id[i] != 0; i++) {
        if (keys->id[i] == id)
            return true;
    }
    return false;
}

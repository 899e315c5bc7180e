#include "auth/helper/pam_wire.h"

#include <assert.h>
#include <string.h>

enum { VERSION = '1' };

static_assert(offsetof(struct pam_wire, text) ==
                  offsetof(struct pam_wire, bytes) + PAM_WIRE_HEAD,
              "head and text are read and written as one");

static size_t text_len(const struct pam_wire *w)
{
    return (size_t)w->bytes[2] << 8 | w->bytes[3];
}

static size_t len_known(const struct pam_wire *w)
{
    return w->len < PAM_WIRE_HEAD ? PAM_WIRE_HEAD : PAM_WIRE_HEAD + text_len(w);
}

static bool head_is_valid(const struct pam_wire *w)
{
    if (w->bytes[1] != VERSION || text_len(w) > PAM_WIRE_TEXT_MAX)
        return false;
    switch ((enum pam_wire_kind)w->bytes[0]) {
    case PAM_WIRE_LOGIN:
    case PAM_WIRE_CHECK:
    case PAM_WIRE_ANSWER:
    case PAM_WIRE_TEXT:
    case PAM_WIRE_HIDDEN:
    case PAM_WIRE_VISIBLE:
    case PAM_WIRE_FAILED:
        return true;
    case PAM_WIRE_ACCEPTED:
        return text_len(w) > 0 && text_len(w) <= PAM_WIRE_NAME_MAX;
    case PAM_WIRE_DENIED:
    case PAM_WIRE_EXPIRED:
        return text_len(w) == 0;
    }
    return false;
}

/* Every text that is used as a string is the whole text. */
static bool text_is_valid(const struct pam_wire *w)
{
    size_t len = text_len(w);
    size_t first = strnlen(w->text, len);

    if (pam_wire_kind(w) != PAM_WIRE_LOGIN &&
        pam_wire_kind(w) != PAM_WIRE_CHECK)
        return first == len;
    return first > 0 && first <= PAM_WIRE_NAME_MAX && first < len &&
           first + 1 + strnlen(w->text + first + 1, len - first - 1) == len;
}

bool pam_wire_put(struct pam_wire *w, enum pam_wire_kind kind, const char *text,
                  size_t len)
{
    if (len > PAM_WIRE_TEXT_MAX)
        return false;
    pam_wire_wipe(w);
    w->bytes[0] = (uint8_t)kind;
    w->bytes[1] = VERSION;
    w->bytes[2] = (uint8_t)(len >> 8);
    w->bytes[3] = (uint8_t)(len & 0xff);
    if (len > 0)
        memcpy(w->text, text, len);
    w->len = PAM_WIRE_HEAD + len;
    return head_is_valid(w) && text_is_valid(w);
}

bool pam_wire_put_login(struct pam_wire *w, enum pam_wire_kind kind,
                        const char *user, const char *remote)
{
    char text[PAM_WIRE_TEXT_MAX + 1];
    size_t user_len = strlen(user);
    size_t remote_len = strlen(remote);

    if (user_len > PAM_WIRE_NAME_MAX ||
        user_len + 1 + remote_len > PAM_WIRE_TEXT_MAX)
        return false;
    memcpy(text, user, user_len + 1);
    memcpy(text + user_len + 1, remote, remote_len + 1);
    return pam_wire_put(w, kind, text, user_len + 1 + remote_len);
}

size_t pam_wire_room(struct pam_wire *w, uint8_t **ret_at)
{
    *ret_at = (uint8_t *)w + offsetof(struct pam_wire, bytes) + w->len;
    return len_known(w) - w->len;
}

bool pam_wire_added(struct pam_wire *w, size_t count)
{
    bool had_head = w->len >= PAM_WIRE_HEAD;

    w->len += count;
    if (w->len < PAM_WIRE_HEAD)
        return true;
    if (!had_head && !head_is_valid(w))
        return false;
    if (w->len < len_known(w))
        return true;
    w->text[text_len(w)] = '\0';
    return text_is_valid(w);
}

const char *pam_wire_remote(const struct pam_wire *w)
{
    return w->text + strlen(w->text) + 1;
}

void pam_wire_wipe(struct pam_wire *w)
{
    explicit_bzero(w, sizeof *w);
}

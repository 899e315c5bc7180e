#include "vm/auth_client.h"

#include "proto/telauth.h"

void auth_client_init(struct auth_client *a, enum auth_policy policy)
{
    *a = (struct auth_client){
        .policy = (uint8_t)policy,
        .state =
            policy == AUTH_NOT_NEEDED ? AUTH_STATE_SECURE : AUTH_STATE_OFFERED,
    };
}

void auth_client_note_option(struct auth_client *a, bool is_on)
{
    if (is_on && a->state == AUTH_STATE_OFFERED)
        a->state = AUTH_STATE_AGREED;
    else if (!is_on && a->state <= AUTH_STATE_STARTED)
        a->state = AUTH_STATE_REFUSED;
}

static int answer_send(struct auth_client *a, bool offers_ssl, struct buf *out)
{
    switch ((enum auth_state)a->state) {
    case AUTH_STATE_AGREED:
        a->state = offers_ssl ? AUTH_STATE_STARTED : AUTH_STATE_NO_SSL;
        return telauth_put(out, offers_ssl ? TELAUTH_START : TELAUTH_NULL);
    case AUTH_STATE_STARTED: /* that is our answer */
        return 0;
    default:
        /* It was decided, once; and nobody waits for us for ever. */
        return telauth_put(out, TELAUTH_NULL);
    }
}

int auth_client_handle(struct auth_client *a, struct slice body,
                       struct buf *out)
{
    struct telauth_message m = telauth_parse(body);

    if (m.kind == TELAUTH_SEND)
        return answer_send(a, m.offers_ssl, out);
    if (a->state != AUTH_STATE_STARTED)
        return 0;
    if (m.kind == TELAUTH_ACCEPT)
        a->state = AUTH_STATE_ACCEPTED;
    else if (m.kind == TELAUTH_REJECT)
        a->state = AUTH_STATE_REJECTED;
    return 0;
}

static bool is_clear_for_good(const struct auth_client *a)
{
    return a->state >= AUTH_STATE_REFUSED;
}

bool auth_client_is_free(const struct auth_client *a)
{
    return a->state == AUTH_STATE_SECURE ||
           (is_clear_for_good(a) && a->policy != AUTH_REQUIRED);
}

bool auth_client_has_failed(const struct auth_client *a)
{
    return is_clear_for_good(a) && a->policy == AUTH_REQUIRED;
}

#include "vm/host/auth_client.h"

const char *auth_policy_name(enum auth_policy policy)
{
    static const char *const names[AUTH_POLICY_COUNT] = {
        [AUTH_OFFERED] = "offered",
        [AUTH_REQUIRED] = "required",
        [AUTH_NOT_NEEDED] = "not-needed",
    };

    return (unsigned)policy < AUTH_POLICY_COUNT ? names[policy] : "?";
}

void auth_client_init(struct auth_client *a, enum auth_policy policy)
{
    *a = (struct auth_client){
        .policy = (uint8_t)policy,
        .state = policy == AUTH_NOT_NEEDED ? TELAUTH_STATE_SECURE
                                           : TELAUTH_STATE_OFFERED,
    };
}

/* Fails as buf_append does. */
static int take_step(struct auth_client *a, enum telauth_input input,
                     struct buf *out)
{
    struct telauth_step next =
        telauth_step(TELAUTH_CLIENT, (enum telauth_state)a->state, input);

    a->state = next.state;
    if (next.say == TELAUTH_OTHER)
        return 0;
    return telauth_put(out, (enum telauth_kind)next.say);
}

void auth_client_note_option(struct auth_client *a, bool is_on)
{
    /* Without a buf: the option alone makes the client send nothing. */
    (void)take_step(a, is_on ? TELAUTH_INPUT_ON : TELAUTH_INPUT_OFF, NULL);
}

int auth_client_handle(struct auth_client *a, struct slice body,
                       struct buf *out)
{
    struct telauth_message message = telauth_parse(body);

    return take_step(a, telauth_input_of(&message), out);
}

void auth_client_note_secure(struct auth_client *a)
{
    (void)take_step(a, TELAUTH_INPUT_HELLO, NULL);
}

static bool is_clear_for_good(const struct auth_client *a)
{
    return telauth_is_clear((enum telauth_state)a->state);
}

bool auth_client_is_free(const struct auth_client *a)
{
    return a->state == TELAUTH_STATE_SECURE ||
           (is_clear_for_good(a) && a->policy != AUTH_REQUIRED);
}

bool auth_client_has_failed(const struct auth_client *a)
{
    return is_clear_for_good(a) && a->policy == AUTH_REQUIRED;
}

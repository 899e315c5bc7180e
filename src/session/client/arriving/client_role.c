/* What a client session is by how it came: which options of telnet it has, and
 * what it says first. Roles are constants or belong to a service; a session
 * only points to one. */
#include "proto/admin/option233.h"
#include "session/client/client_session_private.h"

/* The last one only where TLS is offered. */
#define CLIENT_OPTIONS                                                         \
    { TELNET_OPTION_BINARY, true, true }, { TELNET_OPTION_SGA, true, true },   \
        { TELNET_OPTION_ECHO, true, false },                                   \
        { TELNET_OPTION_COM_PORT, false, true },                               \
        { TELNET_OPTION_NAWS, false, true },                                   \
    {                                                                          \
        TELNET_OPTION_AUTHENTICATION, false, true                              \
    }

static const struct telpeer_policy client_policy = {
    .options = { CLIENT_OPTIONS },
    .count = 5,
    .nvt_lines = TELNET_LINES_KEYBOARD,
};

static const struct telpeer_policy client_policy_with_tls = {
    .options = { CLIENT_OPTIONS },
    .count = 6,
    .nvt_lines = TELNET_LINES_KEYBOARD,
};

/* Towards a server that we called. */
#define REMOTE_OPTIONS                                                         \
    { TELNET_OPTION_BINARY, true, true }, { TELNET_OPTION_SGA, true, true },   \
        { TELNET_OPTION_ECHO, false, true },                                   \
    {                                                                          \
        TELNET_OPTION_AUTHENTICATION, true, false                              \
    }

static const struct telpeer_policy remote_policy = {
    .options = { REMOTE_OPTIONS },
    .count = 3,
    .nvt_lines = TELNET_LINES_PRINTER,
};

static const struct telpeer_policy remote_policy_with_tls = {
    .options = { REMOTE_OPTIONS },
    .count = 4,
    .nvt_lines = TELNET_LINES_PRINTER,
};

/* The menu draws, and is no serial line. */
#define MENU_OPTIONS                                                           \
    { TELNET_OPTION_BINARY, true, true }, { TELNET_OPTION_SGA, true, true },   \
        { TELNET_OPTION_ECHO, true, false },                                   \
        { TELNET_OPTION_TTYPE, false, true },                                  \
        { TELNET_OPTION_NAWS, false, true },                                   \
    {                                                                          \
        TELNET_OPTION_AUTHENTICATION, false, true                              \
    }

static const struct telpeer_policy menu_policy = {
    .options = { MENU_OPTIONS },
    .count = 5,
    .nvt_lines = TELNET_LINES_KEYBOARD,
};

static const struct telpeer_policy menu_policy_with_tls = {
    .options = { MENU_OPTIONS },
    .count = 6,
    .nvt_lines = TELNET_LINES_KEYBOARD,
};

static const struct telnet_link_policies menu_policies = {
    .clear = &menu_policy,
    .with_tls = &menu_policy_with_tls,
};

/* One that chooses has an option of its own, which we offer, and an 8-bit clean
 * line without asking for one. */
static const struct telpeer_policy talk_policy = {
    .options = { { TELNET_OPTION_BINARY, true, true },
                 { TELNET_OPTION_SGA, true, true },
                 { OPTION233, true, false } },
    .count = 3,
    .nvt_lines = TELNET_LINES_BINARY,
};

static const struct telnet_link_policies talk_policies = {
    .clear = &talk_policy,
    .with_tls = &talk_policy,
};

static const struct telnet_link_policies client_policies = {
    .clear = &client_policy,
    .with_tls = &client_policy_with_tls,
};

/* A server that we called may ask for AUTHENTICATION later than we thought it
 * would: it gets an answer to that, so the option stays. */
static const struct telnet_link_policies remote_policies = {
    .clear = &remote_policy,
    .with_tls = &remote_policy_with_tls,
};

static const struct telnet_link_policies remote_policies_with_tls = {
    .clear = &remote_policy_with_tls,
    .with_tls = &remote_policy_with_tls,
};

const struct telnet_link_policies *client_role_policies(
    const struct client_role *role)
{
    if (role->door == CLIENT_DOOR_MENU)
        return &menu_policies;
    if (role->is_choosing)
        return &talk_policies;
    if (role->way != CLIENT_REMOTE)
        return &client_policies;
    return secure_offers(role->policy) ? &remote_policies_with_tls
                                       : &remote_policies;
}

/* A caller offers 8-bit clean lines too, but no echo. */
static int call(struct telnet_link *l)
{
    static const struct wire_option ours[] = {
        { TELPEER_US, TELNET_OPTION_BINARY },
        { TELPEER_PEER, TELNET_OPTION_BINARY },
        { TELPEER_US, TELNET_OPTION_SGA },
        { TELPEER_PEER, TELNET_OPTION_SGA },
    };
    int r = secure_call(&l->secure, &l->wire);

    if (r == 0)
        r = wire_offer(&l->wire, ours, sizeof ours / sizeof ours[0]);
    return r;
}

static int greet(struct client_session *s)
{
    int r = wire_greet(&s->telnet.wire);

    return r == 0 && s->menu != NULL ? client_menu_greet(s) : r;
}

int client_role_greet(struct telnet_link *l)
{
    struct client_session *s = client_session_of_telnet(l);

    if (s->role->talk != NULL)
        return s->role->talk->begin(s->role->owner, &s->client, &l->wire);
    switch (s->role->way) {
    case CLIENT_TELNET:
        return greet(s);
    case CLIENT_REMOTE:
        s->mode = CLIENT_MODE_TELNET;
        return call(l);
    case CLIENT_RAW:
        break;
    }
    if (s->role->is_outgoing)
        s->mode = CLIENT_MODE_RAW;
    s->raw_seen = CLIENT_RAW_TRIAL;
    l->wire.encoder.is_raw = true;
    return 0;
}

const struct client_role *client_port_role(enum tls_policy policy)
{
    static const struct client_role roles[] = {
        [TLS_OFF] = { .way = CLIENT_TELNET, .policy = TLS_OFF },
        [TLS_TELNETS] = { .way = CLIENT_TELNET, .policy = TLS_TELNETS },
        [TLS_OFFERED] = { .way = CLIENT_TELNET, .policy = TLS_OFFERED },
        [TLS_REQUIRED] = { .way = CLIENT_TELNET, .policy = TLS_REQUIRED },
    };

    return &roles[policy];
}

const struct client_role *client_menu_role(enum tls_policy policy)
{
    static const struct client_role roles[] = {
        [TLS_OFF] = { .way = CLIENT_TELNET,
                      .door = CLIENT_DOOR_MENU,
                      .policy = TLS_OFF },
        [TLS_TELNETS] = { .way = CLIENT_TELNET,
                          .door = CLIENT_DOOR_MENU,
                          .policy = TLS_TELNETS },
        [TLS_OFFERED] = { .way = CLIENT_TELNET,
                          .door = CLIENT_DOOR_MENU,
                          .policy = TLS_OFFERED },
        [TLS_REQUIRED] = { .way = CLIENT_TELNET,
                           .door = CLIENT_DOOR_MENU,
                           .policy = TLS_REQUIRED },
    };

    return &roles[policy];
}

const struct client_role *client_listener_role(enum tls_policy policy)
{
    static const struct client_role roles[] = {
        [TLS_OFF] = { .way = CLIENT_TELNET,
                      .door = CLIENT_DOOR_LISTENER,
                      .policy = TLS_OFF },
        [TLS_TELNETS] = { .way = CLIENT_TELNET,
                          .door = CLIENT_DOOR_LISTENER,
                          .policy = TLS_TELNETS },
        [TLS_OFFERED] = { .way = CLIENT_TELNET,
                          .door = CLIENT_DOOR_LISTENER,
                          .policy = TLS_OFFERED },
        [TLS_REQUIRED] = { .way = CLIENT_TELNET,
                           .door = CLIENT_DOOR_LISTENER,
                           .policy = TLS_REQUIRED },
    };

    return &roles[policy];
}

const struct client_role *client_raw_role(void)
{
    static const struct client_role role = { .way = CLIENT_RAW,
                                             .door = CLIENT_DOOR_LISTENER };

    return &role;
}

/* One for each way, and for each side that may have made the connection: what
 * the session does until its end still depends on both. */
const struct client_role *client_role_without_owner(
    const struct client_role *role)
{
    static const struct client_role roles[][2] = {
        [CLIENT_TELNET] = { { .way = CLIENT_TELNET },
                            { .way = CLIENT_TELNET, .is_outgoing = true } },
        [CLIENT_RAW] = { { .way = CLIENT_RAW },
                         { .way = CLIENT_RAW, .is_outgoing = true } },
        [CLIENT_REMOTE] = { { .way = CLIENT_REMOTE },
                            { .way = CLIENT_REMOTE, .is_outgoing = true } },
    };

    return &roles[role->way][role->is_outgoing];
}

/*
 * The size of a client's window: NAWS, RFC 1073.
 *
 * The greeting does not ask for it, because only few VMs can use it. A client
 * is asked (DO NAWS) when its console's VM wants it, once, and as soon as the
 * client is known for a person's telnet. One that offers it (WILL NAWS) may
 * tell it at any time. A client that chooses by messages of its own is not
 * asked: it knows no such option.
 */
#include "proto/naws.h"
#include "session/client/client_session_private.h"

void client_window_ask(struct client_session *s)
{
    struct wire *w = &s->telnet.wire;

    if (s->was_asked_window || s->mode != CLIENT_MODE_TELNET ||
        s->role->way != CLIENT_TELNET || s->role->is_choosing ||
        !client_session_is_shown(s) || !client_session_has_answered(s) ||
        !client_session_is_person(s) || s->client.console == NULL ||
        !console_wants_window(s->client.console) ||
        w->out.len > LIMIT_ANSWERS_MARK)
        return;
    s->was_asked_window = true;
    (void)telpeer_enable(&w->peer, TELPEER_PEER, TELNET_OPTION_NAWS, &w->out);
}

void client_window_handle(struct client_session *s, struct slice body)
{
    struct window window;

    if (!naws_parse(body, &window))
        return;
    client_set_window(&s->client, window);
    client_menu_handle_window(s);
}

/*
 * Binary messages are input, in the order of coming. What the console does not
 * take now is kept here, up to SOCKET_INPUT_WINDOW bytes; then the connection
 * is not read any more. A peer that keeps within that window, of what it was
 * not told to be passed on, is always read: so its acknowledgements and
 * commands get through to a VM that takes no input, and that may take none
 * because its output waits for just those acknowledgements.
 */
#include "base/clock.h"
#include "session/client/client_control.h"
#include "web/socket/console_socket_private.h"

size_t socket_input_room(const struct console_socket *s)
{
    if (s->phase != SOCKET_SERVING)
        return 0;
    return SOCKET_INPUT_WINDOW - s->kept.len;
}

bool socket_input_give(struct console_socket *s, struct slice bytes)
{
    client_control_claim(&s->client);
    if (!keyboard_is_free_for(&s->client))
        return false;
    if (client_input(&s->client, bytes, clock_now_us()))
        return true;
    console_socket_end(s, "no memory for the client's input");
    return false;
}

/* Whoever may not type waits for nothing. */
static bool is_taken(const struct console_socket *s)
{
    return s->client.right < RIGHT_WRITE ||
           console_takes_input(s->client.console);
}

static void keep(struct console_socket *s, struct slice bytes)
{
    if (buf_append(&s->kept, bytes) < 0)
        console_socket_end(s, "no memory for the client's input");
    else
        client_wait(&s->client);
}

void socket_input_take(struct console_socket *s, struct slice bytes)
{
    if (bytes.len == 0 || s->phase != SOCKET_SERVING)
        return;
    if (s->who.web_session != 0 && s->ctx->web_sessions != NULL)
        web_sessions_touch(s->ctx->web_sessions, s->who.web_session,
                           clock_utc_s());
    s->input_at += bytes.len;
    if (s->kept.len == 0 && is_taken(s))
        (void)socket_input_give(s, bytes);
    else
        keep(s, bytes);
}

void socket_input_tell(struct console_socket *s)
{
    if (s->phase == SOCKET_SERVING && s->is_greeted &&
        s->input_at - s->kept.len - s->input_told >= SOCKET_INPUT_STEP)
        socket_text_input(s);
}

/* kept is emptied first: what takes the bytes may end the session. */
void socket_input_go_on(struct console_socket *s)
{
    struct buf kept = s->kept;

    if (console_socket_is_ending(s) || s->kept.len == 0 || !is_taken(s))
        return;
    buf_init(&s->kept, SOCKET_INPUT_WINDOW);
    (void)socket_input_give(s, buf_bytes(&kept));
    buf_done(&kept);
}

/*
 * What a client sends: telnet or raw, and on to the VM.
 *
 * While the console takes no input a client is read all the same, little at a
 * time (CLIENT_PEEK), and not any more once it has typed. Refused: to read no
 * client then. One that pastes into a VM that reads nothing would keep all
 * others from asking, negotiating or leaving, and nobody would notice that they
 * are gone. The little goes above the console's mark, in the order it came, or,
 * when that is full as well, waits here, with the client (kept, is_refused).
 *
 * Telnet or raw is known by the first bytes (client_first.c). But a raw client
 * may be a telnet client that typed ahead of the greeting: in one segment with
 * its typing, or before, in any cut. So in its first bytes
 *
 *  - one whole answer to a question of the greeting makes it telnet, from there
 *    on;
 *  - what may be half of an answer, or the NUL of a telnet Enter, is kept for
 *    CLIENT_DOUBT_US: an answer is never typed into a guest, and data of a
 *    program is only late, never lost.
 *
 * Refused: two answers within one read as the sign. Clients that send each
 * answer in a segment of its own stayed raw, and their option bytes were typed.
 *
 * kept is one buffer for both reasons, because both are "not yet": new bytes go
 * behind it, and all of it is looked at again.
 */
#include "base/clock.h"
#include "proto/enter.h"
#include "session/client/client_control.h"
#include "session/client/client_session_private.h"

#include <assert.h>

/* There is no memory to keep the bytes: the client ends, because it could not
 * learn otherwise that they are lost. */
static void give_input(struct client_session *s, struct slice bytes)
{
    s->is_active = true;
    if (!client_serving_take_place(s))
        return;
    client_control_claim(&s->client);
    if (!client_input(&s->client, bytes, clock_now_us()))
        client_session_end_for(s, CLIENT_END_NO_MEMORY);
}

/*
 * Whether LF is Enter for this client. Not for what a program sends: RFC 2217,
 * BINARY, a raw listener, a system that vspcd called.
 */
static bool types_lines(const struct client_session *s)
{
    return s->telnet.ctx->settings.enter_is_cr &&
           s->role->way == CLIENT_TELNET && client_session_is_person(s) &&
           s->telnet.wire.peer.decoder.lines != TELNET_LINES_BINARY;
}

/* What may be the lines of a person or a script. *behind_cr: whether the bytes
 * before them ended with CR; afterwards, whether these do. */
static void give_lines(struct client_session *s, struct slice in,
                       bool *behind_cr)
{
    if (!types_lines(s)) {
        *behind_cr = in.len > 0 && in.data[in.len - 1] == TELNET_CR;
        give_input(s, in);
        return;
    }
    while (in.len > 0 && !client_session_is_ending(s)) {
        struct slice typed =
            enter_next(behind_cr, &in, s->telnet.ctx->copy_buffer, LIMIT_READ);

        if (typed.len > 0)
            give_input(s, typed);
    }
}

/* Before the first question of a login it is no answer. */
static void give_typed(struct client_session *s, struct slice in,
                       bool *behind_cr)
{
    if (client_login_is_possible(s))
        return;
    if (s->menu != NULL)
        client_menu_take(s, in);
    else
        give_lines(s, in, behind_cr);
}

/* What telnet means by BINARY is decided for each piece anew, so a CR LF is
 * known as one in the pieces too. */
void client_input_type(struct client_session *s, struct slice in)
{
    give_lines(s, in, &s->is_raw_behind_cr);
}

/* Waits in the order of coming: see client_wait. */
static void refuse_input(struct client_session *s)
{
    if (!client_serving_take_place(s))
        return;
    s->is_refused = true;
    client_wait(&s->client);
}

/* ---- telnet ------------------------------------------------------------- */

/* Without BINARY the decoder has dropped the LF behind a CR: one that is left
 * is an end of line of its own. */
static void give_telnet(struct client_session *s, struct slice in)
{
    bool behind_cr = false;

    give_typed(s, in, &behind_cr);
}

/*
 * Data with doubled bytes in it is put together, so that it reaches the VM in
 * one piece and not in as many as it has such bytes. Other data is passed on
 * from where it lies.
 */
bool client_input_take_data(struct telnet_link *l, struct slice *in)
{
    struct client_session *s = client_session_of_telnet(l);
    uint8_t *to = l->ctx->copy_buffer;
    size_t copied;

    if (secure_is_missing(&l->secure) || in->len == 0)
        return false;
    if (client_login_is_under_way(s) && client_login_take_data(s, in))
        return true;
    /* A login has ended with CR. Without BINARY the decoder drops the rest. */
    if (l->wire.peer.decoder.lines != TELNET_LINES_BINARY)
        s->is_behind_login = false;
    enter_skip_rest(&s->is_behind_login, in);
    if (in->len == 0 || client_session_is_ending(s))
        return false;
    if (!s->may_type && telpeer_is_data_next(&l->wire.peer, *in)) {
        refuse_input(s);
        return true;
    }
    if (s->menu != NULL || memchr(in->data, TELNET_IAC, in->len) == NULL)
        return false;
    copied = telpeer_copy_data(&l->wire.peer, in, to, LIMIT_READ);
    if (copied > 0)
        give_input(s, slice_of(to, copied));
    return false;
}

/* RFC 854: the function that suspends, interrupts or aborts a process. What
 * does that on a serial line is Ctrl-C. */
static void interrupt(struct client_session *s)
{
    static const char ctrl_c = 3;

    if (client_login_is_under_way(s))
        client_login_interrupt(s);
    else if (s->telnet.ctx->settings.sends_interrupt && s->may_type &&
             !client_menu_is_at_list(s))
        give_input(s, slice_of(&ctrl_c, 1));
}

static void handle_command(struct client_session *s, uint8_t verb)
{
    struct console *c = s->target.console;

    if (verb == TELNET_BRK || verb == TELNET_IP || verb == TELNET_AYT)
        s->is_active = true;
    if (verb == TELNET_BRK && !client_menu_is_at_list(s))
        client_line_handle_break(s);
    if (verb == TELNET_IP)
        interrupt(s);
    /* Once for each read: a flood of AYT is worth no more. */
    if (verb != TELNET_AYT || s->was_asked)
        return;
    s->was_asked = true;
    if (!client_session_is_attached(s) || s->client.right < RIGHT_READ)
        client_output_say(s, "\r\n[vspcd: yes]\r\n");
    else
        client_output_notice(s, console_has_vm(c) ? "yes, VM connected"
                                                  : "yes, VM not connected");
}

/* Whether this is more than negotiating, while TLS is required and not there.
 * The size of a window comes right behind the answer about it, perhaps before
 * TLS, and says nothing to a VM. */
static bool is_too_early(const struct client_session *s,
                         enum telpeer_event event,
                         const struct telpeer_item *item)
{
    if (!secure_is_missing(&s->telnet.secure) || event == TELPEER_NEED_MORE ||
        event == TELPEER_OPTION)
        return false;
    return event != TELPEER_SUBOPTION || item->option != TELNET_OPTION_NAWS;
}

/* The option by which the client and its owner talk. It may begin with it, so
 * it is served first. */
static int handle_talk(struct client_session *s, enum telpeer_event event,
                       const struct telpeer_item *item)
{
    const struct client_role *role = s->role;

    s->is_active = true;
    client_serving_decide(s);
    if (client_session_is_ending(s))
        return 0;
    return event == TELPEER_OPTION
               ? role->talk->on_option(role->owner, item->is_on)
               : role->talk->on_message(role->owner, item->body);
}

static bool is_talk(const struct client_session *s, enum telpeer_event event,
                    const struct telpeer_item *item)
{
    return s->role->is_choosing &&
           (event == TELPEER_OPTION || event == TELPEER_SUBOPTION) &&
           item->option == s->role->talk->option;
}

int client_input_on_event(struct telnet_link *l, enum telpeer_event event,
                          const struct telpeer_item *item)
{
    struct client_session *s = client_session_of_telnet(l);

    if (is_talk(s, event, item))
        return handle_talk(s, event, item);
    if (is_too_early(s, event, item)) {
        client_session_refuse_clear(s);
        return 0;
    }
    switch (event) {
    case TELPEER_DATA:
        give_telnet(s, item->body);
        return 0;
    case TELPEER_OPTION:
        if (item->option == TELNET_OPTION_COM_PORT &&
            item->side == TELPEER_PEER)
            return client_line_handle_option(s, item->is_on);
        client_menu_handle_option(s, item);
        return 0;
    case TELPEER_COMMAND:
        handle_command(s, item->verb);
        return 0;
    case TELPEER_SUBOPTION:
        if (item->option == TELNET_OPTION_COM_PORT) {
            s->is_active = true;
            return client_line_handle_message(s, item->body);
        }
        if (item->option == TELNET_OPTION_NAWS)
            client_window_handle(s, item->body);
        if (item->option == TELNET_OPTION_TTYPE)
            client_menu_handle_terminal(s, item->body);
        return 0;
    case TELPEER_OVERSIZED:
        client_session_end_for(s, CLIENT_END_SUBNEGOTIATION);
        return 0;
    case TELPEER_NEED_MORE:
        return 0;
    }
    return 0;
}

/* ---- telnet after all ---------------------------------------------------- */

/* Three bytes that answer a question of the greeting, and no other: an option
 * that was not asked about proves nothing, program data may have it. WILL ECHO
 * from a client would answer nothing that was asked. */
static bool is_answer(const uint8_t *p)
{
    if (p[0] != TELNET_IAC || p[1] < TELNET_WILL || p[1] > TELNET_DONT)
        return false;
    return p[2] == TELNET_OPTION_BINARY || p[2] == TELNET_OPTION_SGA ||
           (p[2] == TELNET_OPTION_ECHO && p[1] >= TELNET_DO);
}

/*
 * Whether raw input shows, at this place, that the client is telnet; seen: how
 * many bytes came before it. One answer is enough within CLIENT_ANSWER_TRIAL;
 * later it takes two, one behind the other: six such bytes in other data are as
 * good as impossible.
 */
static bool shows_telnet(struct slice in, size_t at, uint32_t seen)
{
    if (in.len - at < 3 || !is_answer(in.data + at))
        return false;
    return seen + at < CLIENT_ANSWER_TRIAL ||
           (in.len - at >= 6 && is_answer(in.data + at + 3));
}

static bool is_option(const uint8_t *p)
{
    return p[0] == TELNET_IAC && p[1] >= TELNET_WILL && p[1] <= TELNET_DONT;
}

/* Where telnet begins: at an answer, and at other options right before it,
 * which are telnet then too. in.len: nowhere. */
static size_t find_telnet(struct slice in, uint32_t seen)
{
    for (size_t at = 0; at < in.len; at++) {
        const uint8_t *iac = memchr(in.data + at, TELNET_IAC, in.len - at);

        if (iac == NULL)
            break;
        at = (size_t)(iac - in.data);
        if (!shows_telnet(in, at, seen))
            continue;
        while (at >= 3 && is_option(in.data + at - 3))
            at -= 3;
        return at;
    }
    return in.len;
}

static bool is_behind_cr(const struct client_session *s, struct slice in,
                         size_t at)
{
    return at > 0 ? in.data[at - 1] == '\r' : s->is_raw_behind_cr;
}

/* Where it is not known yet what the bytes are: an option, or half of one,
 * behind which an answer may come; or the NUL that a telnet client without
 * BINARY types behind its CR. in.len: nowhere. */
static size_t find_doubt(const struct client_session *s, struct slice in)
{
    for (size_t at = 0; at < in.len && s->raw_seen + at < CLIENT_ANSWER_TRIAL;
         at++) {
        bool is_last = in.len - at == 1;

        if (in.data[at] == '\0' && is_behind_cr(s, in, at))
            return at;
        if (in.data[at] == TELNET_IAC &&
            (is_last || (in.data[at + 1] >= TELNET_WILL &&
                         in.data[at + 1] <= TELNET_DONT)))
            return at;
    }
    return in.len;
}

/* What was typed before it was known that this is telnet: its Enter is CR NUL
 * (RFC 854), and the VM gets CR. */
static void give_typed_ahead(struct client_session *s, struct slice in)
{
    size_t from = 0;

    for (size_t at = 0; at < in.len; at++) {
        if (in.data[at] != '\0' || !is_behind_cr(s, in, at))
            continue;
        if (at > from)
            give_typed(s, slice_of(in.data + from, at - from),
                       &s->is_raw_behind_cr);
        s->is_raw_behind_cr = false;
        from = at + 1;
    }
    if (from < in.len)
        give_typed(s, slice_after(in, from), &s->is_raw_behind_cr);
}

/* One that is known is greeted now, and not before: what comes right behind the
 * last of its own protocol, its client may not see. */
void client_input_become_telnet(struct client_session *s)
{
    s->mode = CLIENT_MODE_TELNET;
    s->telnet.wire.encoder.is_raw = false;
    deadline_stop(&s->doubt);
    if (s->role->is_known && wire_greet(&s->telnet.wire) < 0)
        client_session_end_for(s, CLIENT_END_NO_MEMORY);
    client_output_note_absence(s);
}

static void give_raw(struct client_session *s, struct slice in)
{
    if (in.len == 0)
        return;
    if (s->raw_seen < CLIENT_RAW_TRIAL)
        s->raw_seen += (uint32_t)in.len;
    give_typed(s, in, &s->is_raw_behind_cr);
}

/* Not started anew: a client that goes on typing does not prolong its doubt. */
void client_input_doubt(struct client_session *s)
{
    if (!deadline_is_running(&s->doubt))
        deadline_start(&s->telnet.ctx->clients->doubts, &s->doubt,
                       clock_now_us());
}

/* Returns what is kept. A doubt that would keep more than a trial's worth is
 * none: so many bytes without an answer are data. */
static struct slice take_raw_trial(struct client_session *s, struct slice in)
{
    size_t begin = find_telnet(in, s->raw_seen);
    size_t doubt;

    if (begin < in.len) {
        give_typed_ahead(s, slice_of(in.data, begin));
        client_input_become_telnet(s);
        return telnet_link_feed(&s->telnet, slice_after(in, begin));
    }
    doubt = find_doubt(s, in);
    if (in.len - doubt > CLIENT_ANSWER_TRIAL)
        doubt = in.len;
    give_raw(s, slice_of(in.data, doubt));
    if (client_session_is_ending(s))
        return slice_of(NULL, 0);
    if (doubt < in.len)
        client_input_doubt(s);
    return slice_after(in, doubt);
}

/*
 * No answer has come, and no more of another protocol: the bytes are data.
 * Behind a doubt about an answer there is no doubt again (raw_seen beyond the
 * trial), so that a program which sends 255s is late once and not each time. If
 * the console has no room for the bytes, they wait like other input does.
 */
void client_input_doubt_due(struct deadline *d, void *owner)
{
    struct client_session *s = CONTAINER_OF(d, struct client_session, doubt);

    (void)owner;
    if (s->mode == CLIENT_MODE_UNDECIDED)
        client_first_is_raw(s);
    else
        s->raw_seen += CLIENT_ANSWER_TRIAL; /* of doubts there were enough */
    client_input_take(s, slice_of(NULL, 0));
    client_output_flush(s);
    directory_settle(s->telnet.ctx->directory);
}

/* ---- either ------------------------------------------------------------- */

static struct slice take_raw(struct client_session *s, struct slice in)
{
    if (!s->may_type) {
        refuse_input(s);
        return in;
    }
    if (s->raw_seen < CLIENT_RAW_TRIAL)
        return take_raw_trial(s, in);
    give_raw(s, in);
    return slice_of(NULL, 0);
}

/* in: at least one byte. Returns what is kept. has_typed_over is asked behind
 * it all: whether this client has put anything above the mark. It is not read
 * any more then, until the console takes input again. */
static struct slice take_whole(struct client_session *s, struct slice in,
                               bool may_type)
{
    uint64_t typed = s->client.input_bytes;
    struct slice rest;

    assert(in.data != NULL);
    s->may_type = may_type;
    s->was_break_told = false;
    s->is_refused = false;
    s->was_asked = false;
    s->is_active = false;
    client_login_look_again(s);
    if (!client_first_is_known(s, in))
        return client_session_is_ending(s) ? slice_of(NULL, 0) : in;
    rest = s->mode == CLIENT_MODE_TELNET ? telnet_link_feed(&s->telnet, in)
                                         : take_raw(s, in);
    if (s->mode == CLIENT_MODE_TELNET)
        client_serving_decide(s);
    if (s->is_active || s->is_refused)
        client_idle_active(s);
    client_access_tell_denied(s);
    s->has_typed_over = s->menu == NULL && s->target.console != NULL &&
                        !console_takes_input(s->target.console) &&
                        s->client.input_bytes != typed;
    return rest;
}

/* Whether input need not wait for the console. What a client types that may
 * only read goes nowhere, or to a login; so does what is typed without a
 * console. What one of the menu types waits behind its escape key. */
static bool waits_for_nothing(struct client_session *s)
{
    if (s->menu != NULL || s->target.console == NULL)
        return true;
    return client_session_is_attached(s) ? s->client.right < RIGHT_WRITE
                                         : client_login_is_possible(s);
}

/* Behind what is kept already. s->kept is emptied first and filled with the
 * rest: what takes the bytes may end the session, which looks at kept. */
void client_input_take(struct client_session *s, struct slice in)
{
    const struct console *c = s->target.console;
    struct buf before = s->kept;
    struct slice rest;
    int r = 0;

    if (before.len == 0 && in.len == 0)
        return;
    if (before.len > 0) {
        r = buf_append(&before, in);
        in = buf_bytes(&before);
    }
    buf_init(&s->kept, 2 * LIMIT_READ);
    if (r == 0) {
        rest = take_whole(s, in,
                          waits_for_nothing(s) || console_takes_input(c) ||
                              console_has_input_room(c, in.len));
        r = buf_append(&s->kept, rest);
    }
    buf_done(&before);
    if (r < 0)
        client_session_end_for(s, CLIENT_END_NO_MEMORY);
    client_output_flush(s);
}

void client_input_drop(struct client_session *s)
{
    uint32_t max = s->kept.max;

    buf_done(&s->kept);
    buf_init(&s->kept, max);
}

/* It came before the end, and is little: the console has room for that above
 * the mark. Of one that came to the menu it may be a command, and is dropped.
 * Bytes that were in doubt are data: no answer can come any more, and no more
 * of another protocol. */
void client_input_let_go(struct client_session *s)
{
    struct buf kept = s->kept;

    buf_init(&s->kept, kept.max);
    if (kept.len > 0 && s->target.console != NULL && s->menu == NULL &&
        !client_login_is_under_way(s) &&
        !secure_is_missing(&s->telnet.secure)) {
        if (s->mode == CLIENT_MODE_TELNET)
            (void)take_whole(s, buf_bytes(&kept), true);
        else
            give_raw(s, buf_bytes(&kept));
    }
    buf_done(&kept);
}

/* Only a client that was refused has something to go on with; for one in doubt,
 * whose time was stopped while it had no console, the time begins anew. The
 * interest is looked at in any case: the pace depends on both flags. */
void client_input_go_on(struct client_session *s)
{
    if (client_session_is_ending(s))
        return;
    client_menu_input_changed(s);
    if (client_session_is_ending(s))
        return;
    if (console_takes_input(s->target.console)) {
        s->has_typed_over = false;
        if (s->is_refused)
            client_input_take(s, slice_of(NULL, 0));
    }
    if (s->kept.len > 0 && !s->is_refused)
        client_input_doubt(s);
    telnet_link_update_interest(&s->telnet, telnet_link_is_blocked(&s->telnet));
}

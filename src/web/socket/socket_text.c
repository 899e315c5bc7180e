/*
 * Every text that the peer gets: one JSON object each, "type" first. They are
 * few, beside the bytes; so they are built as objects, and not as text.
 *
 * Those that belong to a place in the output, and the end, are queued as long
 * as there is room at all. Others are left out for a peer that takes nothing;
 * what they say is said again later where it still holds.
 */
#include "core/census/census.h"
#include "core/keyboard.h"
#include "web/socket/console_socket_private.h"

#include <stdio.h>
#include <stdlib.h>

static bool queue(struct console_socket *s, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
    bool is_put =
        text != NULL && websocket_link_put_text(&s->link, slice_of_text(text));

    free(text);
    json_decref(object);
    return is_put;
}

/* hello comes first, whatever else there is to say. */
static bool put(struct console_socket *s, json_t *object)
{
    if (s->is_attached && !s->is_greeted)
        s->is_greeted = socket_text_hello(s);
    return queue(s, object);
}

static void put_if_room(struct console_socket *s, json_t *object)
{
    if (websocket_link_has_room(&s->link))
        (void)put(s, object);
    else
        json_decref(object);
}

static json_t *number(uint64_t n)
{
    return json_integer((json_int_t)n);
}

/* Numbers of 64 bits are no numbers for JavaScript. */
static json_t *epoch_text(uint64_t epoch)
{
    char text[17];

    snprintf(text, sizeof text, "%016llx", (unsigned long long)epoch);
    return json_string(text);
}

static const char *state_name(const struct console *c)
{
    if (c->move != NULL)
        return "moving";
    return console_has_vm(c) ? "connected" : "none";
}

static json_t *console_object(const struct console *c)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", console_id(c).text,
                     "uuid", c->uuid, "label", c->label, "name",
                     console_name(c).text, "state", state_name(c));
}

/* The place of the next byte. */
static struct past_place place_of(const struct console_socket *s)
{
    const struct console *c = s->client.console;

    if (s->output == SOCKET_LOG)
        return s->log_place;
    return (struct past_place){ console_epoch(c), s->cursor.at };
}

static json_t *person_object(const struct client *client)
{
    struct census_client row;

    census_read_client(&row, client);
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:b}", "number",
                     (json_int_t)row.number, "name", row.name, "peer", row.peer,
                     "door", client_door_name(row.door), "right",
                     right_name(row.right), "mode", lock_mode_name(row.mode),
                     "has_keyboard", row.has_keyboard);
}

bool socket_text_hello(struct console_socket *s)
{
    struct past_place place = place_of(s);
    bool is_history = s->output == SOCKET_HISTORY;
    json_t *object = json_pack(
        "{s:s, s:s, s:o, s:o, s:b, s:i, s:o, s:i, s:b, s:o, s:o}", "type",
        "hello", "server", "vspcd " VSPCD_VERSION, "epoch",
        epoch_text(place.epoch), "position",
        is_history ? json_null() : number(place.position), "is_live",
        s->output == SOCKET_LIVE, "window", (int)SOCKET_WINDOW,
        "input_position", number(s->input_at), "input_window",
        (int)SOCKET_INPUT_WINDOW, "is_resumed", s->is_resumed, "console",
        console_object(s->client.console), "you", person_object(&s->client));

    s->input_told = s->input_at - s->kept.len;
    s->is_move_told = s->client.console->move != NULL;
    return queue(s, object);
}

/* That a VM goes and comes has a place in the output (socket_text_notice); that
 * it moves has none. */
void socket_text_state(struct console_socket *s)
{
    if (!websocket_link_has_room(&s->link))
        return;
    s->is_move_told = s->client.console->move != NULL;
    (void)put(s, json_pack("{s:s, s:s}", "type", "state", "state",
                           state_name(s->client.console)));
}

void socket_text_gap(struct console_socket *s, const char *reason,
                     uint64_t from, uint64_t to)
{
    (void)put(s, json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "type", "gap",
                           "reason", reason, "bytes", number(to - from), "from",
                           number(from), "to", number(to), "epoch",
                           epoch_text(console_epoch(s->client.console))));
}

void socket_text_unknown_gap(struct console_socket *s, const char *reason,
                             uint64_t bytes, uint64_t unwritten)
{
    (void)put(s,
              json_pack("{s:s, s:s, s:o, s:o, s:n, s:n, s:n}", "type", "gap",
                        "reason", reason, "bytes",
                        bytes != 0 ? number(bytes) : json_null(), "unwritten",
                        number(unwritten), "from", "to", "epoch"));
}

void socket_text_place(struct console_socket *s, const struct past_place *place,
                       bool is_live)
{
    (void)put(s, json_pack("{s:s, s:o, s:o, s:b}", "type", "place", "epoch",
                           epoch_text(place->epoch), "position",
                           number(place->position), "is_live", is_live));
}

void socket_text_notice(struct console_socket *s, enum view_notice notice)
{
    static const struct {
        const char *kind;
        const char *text;
    } notices[] = {
        [VIEW_NOTICE_GONE] = { "gone", "VM disconnected" },
        [VIEW_NOTICE_BACK] = { "back", "VM connected" },
        [VIEW_NOTICE_GONE_AND_BACK] = { "gone-and-back",
                                        "VM disconnected, and connected "
                                        "again" },
        [VIEW_NOTICE_TAKEN_OVER] = { "taken-over",
                                     "VM connected from another address: its "
                                     "host has changed" },
        [VIEW_NOTICE_TAKEN_OVER_AND_GONE] = { "taken-over-and-gone",
                                              "VM connected from another "
                                              "address, and disconnected" },
    };

    (void)put(s,
              json_pack("{s:s, s:s, s:s, s:o, s:s}", "type", "notice", "kind",
                        notices[notice].kind, "text", notices[notice].text,
                        "position", number(s->cursor.at), "state",
                        state_name(s->client.console)));
}

void socket_text_break(struct console_socket *s, bool is_on)
{
    (void)put(s, json_pack("{s:s, s:b, s:o}", "type", "break", "is_on", is_on,
                           "position", number(s->cursor.at)));
}

void socket_text_message(struct console_socket *s, const char *text)
{
    put_if_room(s, json_pack("{s:s, s:s, s:s}", "type", "notice", "kind",
                             "message", "text", text));
}

void socket_text_right(struct console_socket *s)
{
    put_if_room(s, json_pack("{s:s, s:s}", "type", "right", "right",
                             right_name((enum right)s->client.right)));
}

void socket_text_input(struct console_socket *s)
{
    if (!websocket_link_has_room(&s->link))
        return;
    s->input_told = s->input_at - s->kept.len;
    (void)put(s, json_pack("{s:s, s:o}", "type", "input", "position",
                           number(s->input_told)));
}

void socket_text_ping(struct console_socket *s)
{
    s->input_told = s->input_at - s->kept.len;
    put_if_room(s, json_pack("{s:s, s:o, s:o}", "type", "ping", "position",
                             number(s->cursor.at), "input_position",
                             number(s->input_told)));
}

void socket_text_people(struct console_socket *s)
{
    const struct console *c = s->client.console;
    const struct client *client = NULL;
    json_t *list = json_array();

    while (json_array_size(list) < SOCKET_PEOPLE_MAX &&
           (client = census_next_client(c, client)) != NULL)
        json_array_append_new(list, person_object(client));
    put_if_room(s, json_pack("{s:s, s:o, s:o}", "type", "who", "clients", list,
                             "total", number(c->client_count)));
}

/* By whom: a lock of the console, or else a client that has the keyboard for
 * itself. */
void socket_text_lock(struct console_socket *s)
{
    const struct keyboard_lock *lock = keyboard_lock_of(s->client.console);
    const struct client *holder = keyboard_holder(s->client.console);
    json_t *object =
        json_pack("{s:s, s:b}", "type", "lock", "may_type",
                  s->client.right >= RIGHT_WRITE && !s->client.is_barred &&
                      s->client.mode != LOCK_READ_ONLY &&
                      (holder == NULL || holder == &s->client));

    s->lock_told_us = lock != NULL ? lock->since_us : 0;
    s->keyboard_told = holder != NULL ? holder->number : 0;
    if (lock != NULL) {
        json_object_set_new(object, "by", json_string(lock->who.name));
        json_object_set_new(object, "reason", json_string(lock->reason));
    } else if (holder != NULL) {
        json_object_set_new(object, "by",
                            json_string(client_shown_name(holder)));
        json_object_set_new(object, "client", number(holder->number));
    } else {
        json_object_set_new(object, "by", json_null());
    }
    put_if_room(s, object);
}

void socket_text_answer(struct console_socket *s, json_t *object)
{
    put_if_room(s, object);
}

void socket_text_end(struct console_socket *s)
{
    (void)put(s, json_pack("{s:s, s:s, s:i, s:b}", "type", "end", "reason",
                           s->end_reason, "code", (int)s->end_code, "again",
                           s->end_code == WEBSOCKET_CODE_RESTART));
}

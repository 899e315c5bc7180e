/*
 * Texts of the peer: JSON objects whose members are commands, done in their
 * order.
 *
 *     {"ack": POSITION}
 *     {"break": "on" | "off" | "pulse"}   {"sysrq": "h"}
 *     {"take": true}   {"give": NUMBER}   {"release": true}
 *     {"message": "..."}   {"disconnect": NUMBER | "all"}
 *     {"window": {"rows": 24, "columns": 80}}
 *     {"ping": ANYTHING}
 *
 * "id" comes back in the answer. What is not known is answered with an error,
 * and no more: a peer may be newer. Acknowledgements are by far the most of
 * them, and are read without building an object.
 */
#include "base/clock.h"
#include "session/client/client_control.h"
#include "session/client/client_log.h"
#include "web/socket/console_socket_private.h"

#include <jansson.h>
#include <stdlib.h>

/* ok NULL: the answer is an error, with a code. */
static void answer(struct console_socket *s, const char *command,
                   const json_t *id, const char *error, const char *text)
{
    json_t *object =
        error != NULL
            ? json_pack("{s:s, s:s, s:s, s:s}", "type", "error", "code", error,
                        "command", command, "text", text)
            : json_pack("{s:s, s:s, s:s}", "type", "answer", "command", command,
                        "text", text);

    if (object == NULL)
        return;
    if (id != NULL)
        json_object_set(object, "id", (json_t *)(uintptr_t)id);
    socket_text_answer(s, object);
}

struct command {
    const char *name;
    const json_t *value;
    const json_t *id;
};

static void refuse(struct console_socket *s, const struct command *c,
                   const char *error, const char *text)
{
    answer(s, c->name, c->id, error, text);
}

static void say_done(struct console_socket *s, const struct command *c,
                     const char *text)
{
    answer(s, c->name, c->id, NULL, text);
}

/* ---- breaks -------------------------------------------------------------- */

/* One that is sent is an audit event, as from every door. */
static bool begin_break(struct console_socket *s)
{
    const struct client *client = &s->client;
    bool was_in_break = client->is_in_break;

    if (client->right >= RIGHT_BREAK)
        client_control_claim(&s->client);
    client_break(&s->client, true);
    if (!was_in_break && client->is_in_break)
        log_audit(LOG_INFO, client->peer, console_id(client->console).text,
                  LOG_CLIENT_BREAK CLIENT_LOG_FIELDS,
                  CLIENT_LOG_VALUES(client, client->console));
    return client->is_in_break;
}

static void do_break(struct console_socket *s, const struct command *c)
{
    const char *how = json_string_value(c->value);

    if (how == NULL || (strcmp(how, "on") != 0 && strcmp(how, "off") != 0 &&
                        strcmp(how, "pulse") != 0)) {
        refuse(s, c, "bad-request", "a break is \"on\", \"off\" or \"pulse\"");
        return;
    }
    if (strcmp(how, "off") != 0 && !begin_break(s)) {
        refuse(s, c, "forbidden", "you may not send a break now");
        return;
    }
    if (strcmp(how, "on") != 0)
        client_break(&s->client, false);
    say_done(s, c, how);
}

/* Behind the break that a guest waits for the letter with. Not while input
 * waits, which would come between the two. */
static void do_sysrq(struct console_socket *s, const struct command *c)
{
    const char *letter = json_string_value(c->value);

    if (letter == NULL || strlen(letter) != 1) {
        refuse(s, c, "bad-request", "sysrq is one letter");
        return;
    }
    if (s->kept.len > 0 || !console_takes_input(s->client.console)) {
        refuse(s, c, "busy", "the VM takes no input now");
        return;
    }
    if (!begin_break(s)) {
        refuse(s, c, "forbidden", "you may not send a break now");
        return;
    }
    client_break(&s->client, false);
    (void)socket_input_give(s, slice_of(letter, 1));
    say_done(s, c, "sent");
}

/* ---- the keyboard, and others -------------------------------------------- */

static void do_take(struct console_socket *s, const struct command *c)
{
    struct client_actor by = client_actor_of(&s->client);
    struct err text;

    if (client_control_take_over(&by, &s->client, &text))
        say_done(s, c, text.text);
    else
        refuse(s, c, "forbidden", text.text);
}

static void do_give(struct console_socket *s, const struct command *c)
{
    json_int_t number = json_integer_value(c->value);
    struct err said;

    if (number <= 0)
        refuse(s, c, "bad-request", "it is a client's number");
    else if (client_control_give(&s->client, (uint64_t)number, &said))
        say_done(s, c, said.text);
    else
        refuse(s, c, "failed", said.text);
}

static void do_release(struct console_socket *s, const struct command *c)
{
    keyboard_give_back(&s->client);
    say_done(s, c, "the keyboard is free");
}

static void do_message(struct console_socket *s, const struct command *c)
{
    struct client_actor by = client_actor_of(&s->client);
    const char *text = json_string_value(c->value);
    struct err said;

    if (text == NULL)
        refuse(s, c, "bad-request", "a message is a text");
    else if (client_control_say(&by, text, &said) > 0)
        say_done(s, c, said.text);
    else
        refuse(s, c, "failed", said.text);
}

static void do_disconnect(struct console_socket *s, const struct command *c)
{
    struct client_actor by = client_actor_of(&s->client);
    const char *word = json_string_value(c->value);
    json_int_t number = json_integer_value(c->value);
    struct err said;

    if (word != NULL ? strcmp(word, "all") != 0 : number <= 0)
        refuse(s, c, "bad-request", "it is a client's number, or \"all\"");
    else if (client_control_disconnect(&by, word != NULL ? 0 : (uint64_t)number,
                                       NULL, &said) > 0)
        say_done(s, c, said.text);
    else
        refuse(s, c, "failed", said.text);
}

/* ---- itself -------------------------------------------------------------- */

static uint16_t size_of(const json_t *window, const char *name)
{
    json_int_t n = json_integer_value(json_object_get(window, name));

    return n > 0 && n <= UINT16_MAX ? (uint16_t)n : 0;
}

static void do_window(struct console_socket *s, const struct command *c)
{
    const struct window window = {
        .columns = size_of(c->value, "columns"),
        .rows = size_of(c->value, "rows"),
    };

    if (window_is_known(window))
        client_set_window(&s->client, window);
    else
        refuse(s, c, "bad-request", "a window has rows and columns");
}

static void do_ping(struct console_socket *s, const struct command *c)
{
    json_t *object =
        json_pack("{s:s, s:O, s:I}", "type", "pong", "ping", c->value,
                  "input_position", (json_int_t)(s->input_at - s->kept.len));

    if (object != NULL)
        socket_text_answer(s, object);
}

static void do_ack(struct console_socket *s, const struct command *c)
{
    json_int_t at = json_integer_value(c->value);

    if (!json_is_integer(c->value) || at < 0)
        refuse(s, c, "bad-request", "a position is a number");
    else
        socket_output_acknowledge(s, (uint64_t)at);
}

static const struct {
    const char *name;
    void (*run)(struct console_socket *s, const struct command *c);
} commands[] = {
    { "ack", do_ack },         { "break", do_break },
    { "sysrq", do_sysrq },     { "take", do_take },
    { "release", do_release }, { "message", do_message },
    { "window", do_window },   { "disconnect", do_disconnect },
    { "ping", do_ping },       { "give", do_give },
};

/* ---- reading ------------------------------------------------------------- */

static void run(struct console_socket *s, const struct command *c)
{
    if (strcmp(c->name, "id") == 0)
        return;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, c->name) == 0) {
            commands[i].run(s, c);
            return;
        }
    }
    refuse(s, c, "unknown-command", "vspcd does not know this command");
}

static void run_all(struct console_socket *s, json_t *object)
{
    struct command c = { .id = json_object_get(object, "id") };

    for (void *at = json_object_iter(object);
         at != NULL && s->phase == SOCKET_SERVING;
         at = json_object_iter_next(object, at)) {
        c.name = json_object_iter_key(at);
        c.value = json_object_iter_value(at);
        run(s, &c);
    }
    socket_access_tell_denied(s);
}

/* {"ack":123}, with or without a blank: without an object of it. */
static bool take_ack(struct console_socket *s, struct slice text)
{
    static const char head[] = "{\"ack\":";
    size_t at = sizeof head - 1;
    uint64_t position = 0;
    size_t digits = 0;

    if (text.len < at || memcmp(text.data, head, at) != 0)
        return false;
    if (at < text.len && text.data[at] == ' ')
        at++;
    for (; at < text.len && text.data[at] >= '0' && text.data[at] <= '9'; at++)
        if (++digits < 19)
            position = position * 10 + (uint64_t)(text.data[at] - '0');
    if (digits == 0 || digits >= 19 || at + 1 != text.len ||
        text.data[at] != '}')
        return false;
    socket_output_acknowledge(s, position);
    return true;
}

static void take_whole(struct console_socket *s, struct slice text)
{
    json_error_t error;
    json_t *object;

    if (take_ack(s, text))
        return;
    if (++s->commands > SOCKET_COMMANDS_MAX) {
        console_socket_drain(s, WEBSOCKET_CODE_POLICY,
                             "too many commands at once");
        return;
    }
    object = json_loadb((const char *)text.data, text.len,
                        JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(object))
        run_all(s, object);
    else
        answer(s, "", NULL, "bad-request", "a text is a JSON object");
    json_decref(object);
}

/* What arrives in one piece, as nearly all do, is read where it is. */
void socket_command_take(struct console_socket *s, struct slice bytes,
                         bool is_end)
{
    if (s->phase != SOCKET_SERVING)
        return;
    if (s->text.len + bytes.len > SOCKET_TEXT_MAX) {
        console_socket_drain(s, WEBSOCKET_CODE_TOO_LARGE,
                             "a text is at most 4 KiB long");
        return;
    }
    if (buf_append(&s->text, bytes) < 0) {
        console_socket_end(s, "no memory for the client's texts");
        return;
    }
    if (!is_end)
        return;
    take_whole(s, buf_bytes(&s->text));
    buf_take(&s->text, s->text.len);
}

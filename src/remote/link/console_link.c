/*
 *   CONNECTING --> OPEN --hello--> SERVED --leave--> LEAVING --> OVER
 *       ^            |               |                            ^
 *       |            +---- lost -----+                            |
 *       +--retry-- WAITING <---------+---- no use to come again --+
 */
#include "remote/link/console_link.h"

#include "base/mem.h"
#include "base/text.h"
#include "remote/link/unpredictable.h"
#include "remote/target.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNTAKEN_MAX = 64 * 1024, ASK_MS = 100 };

static const struct websocket_client_ops client_ops;

const char *console_link_state_name(enum console_link_state state)
{
    static const char *const names[] = {
        [CONSOLE_LINK_CONNECTING] = "connecting",
        [CONSOLE_LINK_OPEN] = "open",
        [CONSOLE_LINK_SERVED] = "served",
        [CONSOLE_LINK_WAITING] = "waiting",
        [CONSOLE_LINK_LEAVING] = "leaving",
        [CONSOLE_LINK_OVER] = "over",
    };

    return names[state];
}

static struct console_link *link_of(struct websocket_client *c)
{
    return CONTAINER_OF(c, struct console_link, client);
}

/* ---- connections ---------------------------------------------------------
 */

static void connect_again(struct console_link *l)
{
    const struct console_link_settings *s = l->settings;
    char place[FLOW_PLACE_MAX + 1];
    char lines[24];
    struct target target;

    target_init(&target, "/api/v1/consoles/");
    target_add_segment(&target, s->id);
    target_add(&target, "/attach");
    target_add_query(&target, "mode", s->mode);
    if (!s->is_onlooker)
        target_add_query(&target, "session", l->session);
    if (flow_format_place(&l->flow, place)) {
        target_add_query(&target, "from", place);
    } else if (s->history >= 0) {
        snprintf(lines, sizeof lines, "%ld", s->history);
        target_add_query(&target, "history", lines);
    }
    if (s->takes && !l->was_served)
        target_add_query(&target, "take", "true");
    l->state = CONSOLE_LINK_CONNECTING;
    l->has_got_on = false;
    websocket_client_open(&l->client, target.text);
}

static void stop(struct console_link *l)
{
    timer_stop(&l->retry);
    timer_stop(&l->notice);
    timer_stop(&l->patience);
    timer_stop(&l->ack);
    websocket_client_close(&l->client);
}

static void finish(struct console_link *l, enum exits exits, const char *why)
{
    struct err copy;

    err_set(&copy, "%s", why);
    stop(l);
    l->state = CONSOLE_LINK_OVER;
    l->ops->on_over(l->owner, exits, copy.text);
}

static void lose(struct console_link *l, const struct websocket_client_end *end)
{
    bool is_first = l->state == CONSOLE_LINK_SERVED;
    uint32_t random;

    l->code = end->code;
    l->why = end->why;
    timer_stop(&l->ack);
    buf_take(&l->text, l->text.len);
    if (!come_again_is_useful(end->code, l->was_served)) {
        finish(l, come_again_exits(end->code), end->why.text);
        return;
    }
    unpredictable_fill(&random, sizeof random);
    l->state = CONSOLE_LINK_WAITING;
    timer_start(&l->retry,
                come_again_wait_ms(&l->again, l->has_got_on, random));
    if (is_first && !l->is_loss_told && !timer_is_running(&l->notice))
        timer_start(&l->notice, CONSOLE_LINK_NOTICED_MS);
    if (!l->settings->is_person && !timer_is_running(&l->patience))
        timer_start(&l->patience, CONSOLE_LINK_PATIENCE_MS);
}

static void console_link_on_retry(void *owner)
{
    connect_again(owner);
}

static void console_link_on_notice(void *owner)
{
    struct console_link *l = owner;

    l->is_loss_told = true;
    if (l->settings->is_person)
        (void)flow_drop_unsent(&l->flow);
    l->ops->on_change(l->owner, CONSOLE_LINK_LOST, l->why.text);
}

static void console_link_on_patience(void *owner)
{
    struct console_link *l = owner;

    finish(l, come_again_exits(l->code), l->why.text);
}

/* ---- out -----------------------------------------------------------------
 */

bool console_link_say(struct console_link *l, json_t *command)
{
    char *text = json_dumps(command, JSON_COMPACT | JSON_PRESERVE_ORDER);
    bool is_said = l->state == CONSOLE_LINK_SERVED && text != NULL;

    if (is_said)
        websocket_client_put(&l->client, WEBSOCKET_TEXT, slice_of_text(text));
    free(text);
    json_decref(command);
    return is_said;
}

static void send_input(struct console_link *l)
{
    enum { FRAME_MAX = 16 * 1024 };

    while (l->state == CONSOLE_LINK_SERVED) {
        struct slice bytes = flow_to_send(&l->flow);
        size_t room = websocket_client_room(&l->client);

        if (bytes.len > FRAME_MAX)
            bytes.len = FRAME_MAX;
        if (bytes.len > room)
            bytes.len = room;
        if (bytes.len == 0)
            return;
        websocket_client_put(&l->client, WEBSOCKET_BINARY, bytes);
        flow_sent(&l->flow, bytes.len);
    }
}

static void acknowledge(struct console_link *l, bool is_idle)
{
    char text[48];
    uint64_t at;

    if (l->state != CONSOLE_LINK_SERVED ||
        !flow_take_ack(&l->flow, is_idle, &at))
        return;
    snprintf(text, sizeof text, "{\"ack\":%" PRIu64 "}", at);
    websocket_client_put(&l->client, WEBSOCKET_TEXT, slice_of_text(text));
}

/* One at a time: those that wait in a connection that is stuck would come to
 * vspcd at once, as a flood. */
static void ask(struct console_link *l)
{
    if (!l->is_asked)
        l->is_asked = console_link_say(l, json_pack("{s:b}", "ping", 1));
}

static void ask_passed(struct console_link *l)
{
    l->asks_passed = true;
    ask(l);
}

/* The same holds for a window whose corner is dragged. */
static void send_window(struct console_link *l)
{
    if (!l->has_window || l->is_asked || l->state != CONSOLE_LINK_SERVED)
        return;
    l->has_window = false;
    console_link_say(l, json_pack("{s:{s:i, s:i}}", "window", "rows",
                                  (int)l->rows, "columns", (int)l->columns));
    ask(l);
}

void console_link_set_window(struct console_link *l, unsigned rows,
                             unsigned columns)
{
    l->rows = rows;
    l->columns = columns;
    l->has_window = true;
    send_window(l);
}

/* Some time after the last byte; or after the goodbye. */
static void console_link_on_ack(void *owner)
{
    struct console_link *l = owner;

    if (l->state == CONSOLE_LINK_LEAVING) {
        finish(l, EXITS_DONE, "");
        return;
    }
    acknowledge(l, true);
    if (l->asks_passed && !flow_is_all_passed(&l->flow)) {
        ask(l);
        timer_start(&l->ack, ASK_MS);
    }
}

size_t console_link_room(const struct console_link *l)
{
    if ((l->is_loss_told && l->settings->is_person) ||
        l->state >= CONSOLE_LINK_LEAVING)
        return 0;
    return flow_room(&l->flow);
}

size_t console_link_type(struct console_link *l, struct slice bytes)
{
    size_t len;

    if (console_link_room(l) == 0)
        return 0;
    len = flow_type(&l->flow, bytes);
    send_input(l);
    return len;
}

bool console_link_is_typed(struct console_link *l)
{
    if (flow_is_all_passed(&l->flow))
        return true;
    if (!l->asks_passed)
        ask_passed(l);
    if (!timer_is_running(&l->ack))
        timer_start(&l->ack, ASK_MS);
    return false;
}

void console_link_took(struct console_link *l, size_t len)
{
    flow_took(&l->flow, len);
    acknowledge(l, false);
    websocket_client_pause(&l->client, l->flow.untaken > UNTAKEN_MAX);
}

/* ---- in ------------------------------------------------------------------
 */

static uint64_t number_of(const json_t *text, const char *name)
{
    json_int_t n = json_integer_value(json_object_get(text, name));

    return n > 0 ? (uint64_t)n : 0;
}

static void take_place(struct console_link *l, const json_t *text)
{
    const char *epoch = json_string_value(json_object_get(text, "epoch"));
    uint64_t position = number_of(text, "position");
    bool is_known = json_is_integer(json_object_get(text, "position"));

    flow_set_place(&l->flow, epoch, is_known ? &position : NULL,
                   json_is_true(json_object_get(text, "is_live")));
}

static void take_passed(struct console_link *l, const json_t *text,
                        const char *name)
{
    if (!json_is_integer(json_object_get(text, name)) ||
        !flow_passed(&l->flow, number_of(text, name)))
        return;
    if (flow_is_all_passed(&l->flow))
        l->asks_passed = false;
    l->has_got_on = true;
    send_input(l);
    l->ops->on_room(l->owner);
}

static void take_answer(struct console_link *l, const json_t *text)
{
    l->is_asked = false;
    take_passed(l, text, "input_position");
    send_window(l);
}

static void take_hello(struct console_link *l, const json_t *text)
{
    bool was_told = l->is_loss_told;
    uint64_t unknown;

    unknown = flow_resume(
        &l->flow, json_is_true(json_object_get(text, "is_resumed")),
        number_of(text, "input_position"), number_of(text, "input_window"));
    take_place(l, text);
    l->state = CONSOLE_LINK_SERVED;
    l->was_served = true;
    l->is_loss_told = false;
    l->is_asked = false;
    timer_stop(&l->notice);
    timer_stop(&l->patience);
    l->ops->on_hello(l->owner, text);
    if (was_told)
        l->ops->on_change(l->owner, CONSOLE_LINK_BACK, "");
    if (unknown > 0)
        l->ops->on_change(l->owner, CONSOLE_LINK_UNCERTAIN, "");
    /* hello has what arrived, which is not yet what was passed on. */
    if (!flow_is_all_passed(&l->flow))
        ask_passed(l);
    if (l->asks_passed && l->state == CONSOLE_LINK_SERVED)
        timer_start(&l->ack, ASK_MS);
    send_input(l);
    if (l->state == CONSOLE_LINK_SERVED)
        l->ops->on_room(l->owner);
}

static void take_text(struct console_link *l, const json_t *text)
{
    const char *type = json_string_value(json_object_get(text, "type"));

    if (type == NULL)
        return;
    if (strcmp(type, "hello") == 0) {
        if (l->state == CONSOLE_LINK_OPEN)
            take_hello(l, text);
        return;
    }
    if (strcmp(type, "place") == 0)
        take_place(l, text);
    else if (strcmp(type, "input") == 0)
        take_passed(l, text, "position");
    else if (strcmp(type, "ping") == 0)
        take_passed(l, text, "input_position");
    else if (strcmp(type, "pong") == 0)
        take_answer(l, text);
    else if (strcmp(type, "end") != 0) {
        if (strcmp(type, "gap") == 0 &&
            json_is_integer(json_object_get(text, "to")))
            flow_skip(&l->flow, number_of(text, "to"));
        l->ops->on_text(l->owner, type, text);
    }
}

static void collect_text(struct console_link *l, struct slice bytes,
                         bool is_end)
{
    struct slice whole;
    json_t *text;

    /* One that is too long is left out: it is none that we know. */
    if (buf_append(&l->text, bytes) < 0)
        buf_take(&l->text, l->text.len);
    if (!is_end)
        return;
    whole = buf_bytes(&l->text);
    text = json_loadb((const char *)whole.data, whole.len, 0, NULL);
    buf_take(&l->text, l->text.len);
    if (l->state != CONSOLE_LINK_LEAVING)
        take_text(l, text);
    json_decref(text);
}

static void console_link_on_data(struct websocket_client *c,
                                 enum websocket_opcode opcode,
                                 struct slice bytes, bool is_end)
{
    struct console_link *l = link_of(c);

    if (opcode == WEBSOCKET_TEXT) {
        collect_text(l, bytes, is_end);
        return;
    }
    if (l->state != CONSOLE_LINK_SERVED || bytes.len == 0)
        return;
    l->has_got_on = true;
    flow_came(&l->flow, bytes.len);
    l->ops->on_output(l->owner, bytes);
    if (l->state != CONSOLE_LINK_SERVED)
        return;
    websocket_client_pause(&l->client, l->flow.untaken > UNTAKEN_MAX);
    if (!timer_is_running(&l->ack))
        timer_start(&l->ack, CONSOLE_LINK_ACK_MS);
}

static void console_link_on_client_open(struct websocket_client *c)
{
    link_of(c)->state = CONSOLE_LINK_OPEN;
}

static void console_link_on_client_room(struct websocket_client *c)
{
    send_input(link_of(c));
}

static void console_link_on_client_end(struct websocket_client *c,
                                       const struct websocket_client_end *end)
{
    struct console_link *l = link_of(c);

    if (l->state == CONSOLE_LINK_LEAVING)
        finish(l, EXITS_DONE, "");
    else
        lose(l, end);
}

static const struct websocket_client_ops client_ops = {
    .on_open = console_link_on_client_open,
    .on_data = console_link_on_data,
    .on_room = console_link_on_client_room,
    .on_end = console_link_on_client_end,
};

/* ---- its life ------------------------------------------------------------
 */

void console_link_init(struct console_link *l, struct turns *turns,
                       const struct console_link_settings *settings,
                       const struct console_link_ops *ops, void *owner)
{
    struct loop *loop = remote_loop(turns->remote);
    uint8_t label[16];

    *l = (struct console_link){
        .settings = settings,
        .ops = ops,
        .owner = owner,
        .state = CONSOLE_LINK_WAITING,
    };
    websocket_client_init(&l->client, turns, &client_ops);
    flow_init(&l->flow);
    timer_init(&l->retry, loop, console_link_on_retry, l);
    timer_init(&l->notice, loop, console_link_on_notice, l);
    timer_init(&l->patience, loop, console_link_on_patience, l);
    timer_init(&l->ack, loop, console_link_on_ack, l);
    buf_init(&l->text, CONSOLE_LINK_TEXT_MAX);
    unpredictable_fill(label, sizeof label);
    for (size_t i = 0; i < sizeof label; i++)
        snprintf(l->session + 2 * i, 3, "%02x", label[i]);
}

void console_link_done(struct console_link *l)
{
    websocket_client_done(&l->client);
    timer_done(&l->retry);
    timer_done(&l->notice);
    timer_done(&l->patience);
    timer_done(&l->ack);
    flow_done(&l->flow);
    buf_done(&l->text);
}

void console_link_open(struct console_link *l)
{
    connect_again(l);
}

void console_link_leave(struct console_link *l)
{
    switch (l->state) {
    case CONSOLE_LINK_SERVED:
    case CONSOLE_LINK_OPEN:
        acknowledge(l, true);
        l->state = CONSOLE_LINK_LEAVING;
        websocket_client_pause(&l->client, false);
        websocket_client_say_goodbye(&l->client);
        timer_start(&l->ack, CONSOLE_LINK_GOODBYE_MS);
        break;
    case CONSOLE_LINK_CONNECTING:
    case CONSOLE_LINK_WAITING:
        finish(l, EXITS_DONE, "");
        break;
    case CONSOLE_LINK_LEAVING:
    case CONSOLE_LINK_OVER:
        break;
    }
}

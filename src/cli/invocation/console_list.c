#include "cli/invocation/console_list.h"

#include "base/clock.h"
#include "cli/invocation/ask.h"

#include <string.h>

static void ask_later(struct console_list *l)
{
    uint64_t took_ms = (clock_now_us() - l->asked_us) / 1000;
    uint64_t wait_ms = took_ms * CONSOLE_LIST_TIMES;

    if (wait_ms < CONSOLE_LIST_INTERVAL_MS)
        wait_ms = CONSOLE_LIST_INTERVAL_MS;
    timer_start(&l->again, (unsigned)wait_ms);
}

static void console_list_on_head(void *owner, const struct http_head *head)
{
    struct console_list *l = owner;

    l->status = head->status;
}

static void console_list_on_body(void *owner, struct slice bytes)
{
    struct console_list *l = owner;

    if (buf_append(&l->body, bytes) < 0)
        l->status = 0; /* too long: no list */
}

static void take_answer(struct console_list *l)
{
    struct slice body = buf_bytes(&l->body);
    json_t *answer = json_loadb((const char *)body.data, body.len, 0, NULL);
    const json_t *error = json_object_get(answer, "error");
    const char *words = json_string_value(json_object_get(error, "message"));

    if (l->status == 200 && json_is_array(json_object_get(answer, "items")))
        l->ops->on_list(l->owner, answer);
    else
        l->ops->on_failed(
            l->owner,
            ask_code_of(l->status,
                        json_string_value(json_object_get(error, "code"))),
            words != NULL ? words : "the server does not answer as vspcd does");
    json_decref(answer);
}

static void console_list_on_end(void *owner, enum remote_end end,
                                const struct err *why)
{
    struct console_list *l = owner;

    turns_end(l->turns, &l->turn);
    ask_later(l);
    if (end == REMOTE_ANSWERED)
        take_answer(l);
    else
        l->ops->on_failed(l->owner, EXITS_NO_SERVER, why->text);
}

static void begin(struct turn *turn)
{
    static const struct remote_handlers handlers = {
        .head = console_list_on_head,
        .body = console_list_on_body,
        .done = console_list_on_end,
    };
    struct console_list *l = CONTAINER_OF(turn, struct console_list, turn);

    buf_take(&l->body, l->body.len);
    l->asked_us = clock_now_us();
    l->request = (struct remote_request){
        .verb = HTTP_VERB_GET,
        .target = l->target,
        .field = { { "Accept", "application/json" } },
    };
    remote_ask(l->turns->remote, &l->request, &handlers, l);
}

static void console_list_on_due(void *owner)
{
    struct console_list *l = owner;

    turns_ask(l->turns, &l->turn);
}

void console_list_init(struct console_list *l, struct turns *turns,
                       const char *target, const struct console_list_ops *ops,
                       void *owner)
{
    *l = (struct console_list){
        .turns = turns, .ops = ops, .owner = owner, .target = target
    };
    turn_init(&l->turn, begin);
    timer_init(&l->again, remote_loop(turns->remote), console_list_on_due, l);
    buf_init(&l->body, CONSOLE_LIST_MAX);
}

void console_list_start(struct console_list *l)
{
    console_list_stop(l);
    turns_ask(l->turns, &l->turn);
}

void console_list_stop(struct console_list *l)
{
    timer_stop(&l->again);
    turns_cancel(l->turns, &l->turn);
}

void console_list_done(struct console_list *l)
{
    console_list_stop(l);
    timer_done(&l->again);
    buf_done(&l->body);
}

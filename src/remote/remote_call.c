/* Asking and waiting: the loop runs until the answer is here. */
#include "remote/remote.h"

#include <stdlib.h>

struct call {
    struct remote *remote;
    struct remote_answer *answer;
    bool is_over;
};

static void call_on_head(void *owner, const struct http_head *head)
{
    struct call *call = owner;

    call->answer->status = head->status;
}

static void call_on_body(void *owner, struct slice bytes)
{
    struct call *call = owner;

    if (buf_append(&call->answer->body, bytes) == 0)
        return;
    err_set(&call->answer->why, "the server's answer is too long");
    call->answer->end = REMOTE_GARBLED;
    call->is_over = true;
    remote_drop(call->remote);
    loop_stop(remote_loop(call->remote));
}

static void call_on_done(void *owner, enum remote_end end,
                         const struct err *why)
{
    struct call *call = owner;

    call->answer->end = end;
    call->answer->why = *why;
    call->is_over = true;
    loop_stop(remote_loop(call->remote));
}

void remote_call(struct remote *r, const struct remote_request *request,
                 struct remote_answer *ret)
{
    static const struct remote_handlers handlers = {
        .head = call_on_head,
        .body = call_on_body,
        .done = call_on_done,
    };
    struct call call = { .remote = r, .answer = ret };

    *ret = (struct remote_answer){ .status = 0 };
    buf_init(&ret->body, REMOTE_ANSWER_MAX);
    remote_ask(r, request, &handlers, &call);
    while (!call.is_over)
        loop_run(remote_loop(r));
}

void remote_answer_done(struct remote_answer *answer)
{
    buf_done(&answer->body);
}

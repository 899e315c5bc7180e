#include "session/typing.h"

#include "base/clock.h"
#include "base/mem.h"
#include "core/console.h"
#include "core/keyboard.h"
#include "session/session_context.h"

#include <stdlib.h>

struct typings {
    struct deadline_queue ticks;
};

static struct typing *typing_of(struct client *client)
{
    return CONTAINER_OF(client, struct typing, client);
}

/* ---- the client -----------------------------------------------------------
 */

static void typing_pull(struct client *client)
{
    client_skip(client, clock_now_us());
}

static void typing_ignore(struct client *client)
{
    (void)client;
}

static void use_rules(struct typing *t, const struct console *c)
{
    struct access_verdict verdict =
        session_context_judge(t->ctx, t->wish.who, c);

    t->client.keyboard = (uint8_t)verdict.keyboard;
    client_set_right(&t->client, verdict.right);
}

static void typing_judge(struct client *client)
{
    use_rules(typing_of(client), client->console);
}

/* Noted, and done at the next tick. */
static void typing_disconnect(struct client *client, const char *reason)
{
    struct typing *t = typing_of(client);

    t->outcome = TYPING_DISCONNECTED;
    err_set(&t->why, "%s", reason);
}

static const struct client_ops client_ops = {
    .pull = typing_pull,
    .input_changed = typing_ignore,
    .lines_changed = typing_ignore,
    .judge = typing_judge,
    .disconnect = typing_disconnect,
};

/* ---- the text -------------------------------------------------------------
 */

static enum right needs(const struct typing *t)
{
    return t->wish.has_break ? RIGHT_BREAK : RIGHT_WRITE;
}

/* How many bytes may go now, by the pace. */
static size_t allowed(const struct typing *t, uint64_t now_us)
{
    size_t rest = t->wish.text.len - t->given;
    uint64_t due;

    if (rest > LIMIT_READ)
        rest = LIMIT_READ;
    if (t->wish.pace == 0)
        return rest;
    due = (now_us - t->begun_us) * t->wish.pace / 1000000 + 1;
    if (due <= t->given)
        return 0;
    return due - t->given < rest ? (size_t)(due - t->given) : rest;
}

static enum typing_outcome claim(struct typing *t, uint64_t now_us)
{
    struct client *former;

    if (t->client.right < needs(t))
        return TYPING_DENIED;
    if (keyboard_claim(&t->client, now_us, &former) == KEYBOARD_HELD) {
        err_set(&t->why, "%s has the keyboard", client_shown_name(former));
        return TYPING_LOCKED;
    }
    if (!t->client.is_barred)
        return TYPING_GOES_ON;
    keyboard_explain_lock(keyboard_lock_of(t->client.console), &t->why);
    return TYPING_LOCKED;
}

static enum typing_outcome give(struct typing *t, size_t len, uint64_t now_us)
{
    struct console *c = t->client.console;
    enum typing_outcome outcome = claim(t, now_us);

    if (outcome != TYPING_GOES_ON)
        return outcome;
    if (t->wish.has_break) {
        client_break(&t->client, true);
        client_break(&t->client, false);
        t->wish.has_break = false;
    }
    if (len > 0 &&
        !client_input(&t->client, slice_of(t->wish.text.data + t->given, len),
                      now_us)) {
        err_set(&t->why, "there is no memory to keep it");
        return TYPING_FULL;
    }
    t->given += len;
    t->given_at = c->input_bytes;
    return TYPING_GOES_ON;
}

/* Of what waits at the console, the last bytes are perhaps others'. */
static void count_taken(struct typing *t, uint64_t now_us)
{
    const struct console *c = t->client.console;
    uint64_t passed = c->input_bytes - c->held_input.len;
    uint64_t waits = passed < t->given_at ? t->given_at - passed : 0;
    size_t taken = waits < t->given ? t->given - (size_t)waits : 0;

    if (taken > t->taken) {
        t->taken = taken;
        t->moved_us = now_us;
    }
}

static bool is_all_given(const struct typing *t)
{
    return t->given == t->wish.text.len && !t->wish.has_break;
}

static enum typing_outcome go_on(struct typing *t, uint64_t now_us)
{
    struct console *c = t->client.console;
    enum typing_outcome outcome = t->outcome;
    size_t len;

    if (outcome == TYPING_GOES_ON && !console_has_vm(c))
        outcome = TYPING_NO_VM;
    while (outcome == TYPING_GOES_ON && !is_all_given(t) &&
           console_passes_input(c)) {
        len = allowed(t, now_us);
        if (len == 0 && !t->wish.has_break)
            break;
        outcome = give(t, len, now_us);
    }
    count_taken(t, now_us);
    if (outcome != TYPING_GOES_ON)
        return outcome;
    if (is_all_given(t) && t->taken == t->given)
        return TYPING_DONE;
    return now_us - t->moved_us >= TYPING_STALL_US ? TYPING_STALLED
                                                   : TYPING_GOES_ON;
}

/* ---- its life -------------------------------------------------------------
 */

void typing_end(struct typing *t)
{
    deadline_stop(&t->tick);
    client_detach(&t->client, clock_now_us());
}

struct deadline_queue *typing_ticks(struct session_context *ctx)
{
    return &ctx->typings->ticks;
}

/* True: it goes on. */
static bool turn(struct typing *t, uint64_t now_us)
{
    t->outcome = go_on(t, now_us);
    if (t->outcome == TYPING_GOES_ON) {
        deadline_start(&t->ctx->typings->ticks, &t->tick, now_us);
        return true;
    }
    typing_end(t);
    return false;
}

static void typing_tick_due(struct deadline *d, void *owner)
{
    struct typing *t = CONTAINER_OF(d, struct typing, tick);
    struct session_context *ctx = owner;

    /* It is no session, which a reload or the end of a token would judge. */
    use_rules(t, t->client.console);
    if (!turn(t, ctx->typings->ticks.fired_us))
        t->on_done(t->owner);
    directory_settle(ctx->directory);
}

static enum typing_outcome attach(struct typing *t, uint64_t now_us)
{
    struct console *c = t->wish.console;

    use_rules(t, c);
    if (t->client.right < needs(t))
        return TYPING_DENIED;
    if (!console_has_vm(c))
        return TYPING_NO_VM;
    switch (client_attach(&t->client, c, now_us, &t->why)) {
    case CLIENT_REFUSED_LOCK:
        return TYPING_LOCKED;
    case CLIENT_REFUSED_LIMIT:
    case CLIENT_REFUSED_RIGHT:
    case CLIENT_REFUSED_NOW:
        return TYPING_FULL;
    case CLIENT_ATTACHED:
        break;
    }
    return TYPING_GOES_ON;
}

bool typing_begin(struct typing *t, struct session_context *ctx,
                  const struct typing_wish *wish, void (*on_done)(void *owner),
                  void *owner)
{
    uint64_t now_us = clock_now_us();
    const struct client_origin origin = {
        .door = CLIENT_DOOR_API,
        .asked = LOCK_FALLBACK,
        .peer = wish->peer,
        .now_us = now_us,
    };

    *t = (struct typing){ .ctx = ctx,
                          .wish = *wish,
                          .on_done = on_done,
                          .owner = owner,
                          .begun_us = now_us,
                          .moved_us = now_us };
    deadline_init(&t->tick);
    client_init(&t->client, &client_ops, &origin);
    t->client.who = wish->who;
    t->outcome = attach(t, now_us);
    return t->outcome == TYPING_GOES_ON && turn(t, now_us);
}

void typing_open_all(struct session_context *ctx)
{
    ctx->typings = xcalloc(1, sizeof *ctx->typings);
    session_context_open_queue(ctx, &ctx->typings->ticks, TYPING_TICK_US,
                               typing_tick_due);
}

void typing_close_all(struct session_context *ctx)
{
    deadline_queue_close(&ctx->typings->ticks);
    free(ctx->typings);
    ctx->typings = NULL;
}

#include "auth/pam.h"

#include "auth/helper/pam_wire.h"
#include "auth/pam_helper.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/dial/dial.h"
#include "net/stream_fd.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum pam_phase {
    PAM_PHASE_NONE,
    PAM_PHASE_WAITING,    /* for a process */
    PAM_PHASE_CONNECTING, /* the dial is under way; it has its place */
    PAM_PHASE_WORKING,    /* PAM is to say something */
    PAM_PHASE_ASKED,      /* the person is */
    PAM_PHASE_ENDING,     /* done is due */
};

enum {
    /* systemd closes a connection above MaxConnections=, and counts a process
     * for some milliseconds after it has closed its own: such a connection ends
     * without a word, and is tried again. */
    PAUSE_US = 100 * 1000,
    TRIES_MAX = 10,
    /* One that ends later has begun to work, and would do it again. */
    TRY_US = 1000 * 1000,
    /* With 0, a conversation that is begun and ends again and again would hold
     * the turn. */
    NEXT_TURN_US = 1,
    /* A module has some lines to say, not a book. */
    TOLD_MAX = 64,
};

/* ---- the end of a conversation ---------------------------------------- */

static bool has_place(const struct pam_conversation *c)
{
    return c->phase == PAM_PHASE_CONNECTING || c->phase == PAM_PHASE_WORKING ||
           c->phase == PAM_PHASE_ASKED;
}

/* Gives the process up, and the place for one. */
static void disconnect(struct pam_conversation *c)
{
    if (has_place(c))
        c->service->count--;
    if (c->phase == PAM_PHASE_WAITING)
        c->service->waiting_count--;
    c->phase = PAM_PHASE_NONE;
    list_remove(&c->node);
    deadline_stop(&c->deadline);
    if (c->dial != NULL)
        dial_cancel(c->dial);
    c->dial = NULL;
    if (c->stream != NULL)
        stream_close(c->stream);
    c->stream = NULL;
    if (c->in != NULL)
        pam_wire_wipe(c->in);
    free(c->in);
    c->in = NULL;
}

static void release(struct pam_conversation *c)
{
    disconnect(c);
    mem_free_secret(&c->user); /* people type passwords there, too */
    mem_free_secret(&c->password);
    free(c->remote);
    c->remote = NULL;
    free(c->why);
    c->why = NULL;
}

static void fill(struct pam_service *service);

/* From the loop. The conversation may be gone afterwards. */
static void finish(struct pam_conversation *c, enum pam_outcome outcome,
                   const char *text)
{
    struct pam_service *service = c->service;
    struct err copy;

    err_set(&copy, "%s", text);
    release(c);
    fill(service);
    c->ops->done(c, outcome, copy.text);
}

static void fail(struct pam_conversation *c, const char *why)
{
    finish(c, PAM_OUTCOME_UNAVAILABLE, why);
}

/* From a caller's function, where done must not be called. */
static void finish_later(struct pam_conversation *c, enum pam_outcome outcome,
                         const char *why)
{
    disconnect(c);
    c->phase = PAM_PHASE_ENDING;
    c->outcome = (uint8_t)outcome;
    c->why = why != NULL ? xstrdup(why) : NULL;
    deadline_start(&c->service->ends, &c->deadline, clock_now_us());
}

static void pam_end_due(struct deadline *d, void *owner)
{
    struct pam_conversation *c =
        CONTAINER_OF(d, struct pam_conversation, deadline);

    (void)owner;
    finish(c, (enum pam_outcome)c->outcome, c->why != NULL ? c->why : "");
}

static void pam_patience_due(struct deadline *d, void *owner)
{
    (void)owner;
    finish(CONTAINER_OF(d, struct pam_conversation, deadline), PAM_OUTCOME_BUSY,
           "");
}

static void pam_work_due(struct deadline *d, void *owner)
{
    (void)owner;
    fail(CONTAINER_OF(d, struct pam_conversation, deadline),
         "vspcd-pam has not answered in time");
}

static void pam_person_due(struct deadline *d, void *owner)
{
    (void)owner;
    finish(CONTAINER_OF(d, struct pam_conversation, deadline),
           PAM_OUTCOME_TIMEOUT, "");
}

/* ---- its messages ----------------------------------------------------- */

static void work(struct pam_conversation *c)
{
    c->phase = PAM_PHASE_WORKING;
    deadline_start(&c->service->work, &c->deadline, clock_now_us());
}

/* Wipes the message. The process reads one message at a time, so that a new
 * socket has room for it. */
static bool send_message(struct pam_conversation *c, struct pam_wire *message)
{
    ssize_t n = stream_write(c->stream, message->bytes, message->len);
    bool is_sent = n >= 0 && (size_t)n == message->len;

    pam_wire_wipe(message);
    return is_sent;
}

static bool asks_for_known_password(const struct pam_conversation *c,
                                    const char *question)
{
    return c->password != NULL && strcasestr(question, "password") != NULL &&
           strcasestr(question, "new") == NULL;
}

static void give_password(struct pam_conversation *c)
{
    struct pam_wire answer = { 0 };
    bool is_good = pam_wire_put(&answer, PAM_WIRE_ANSWER, c->password,
                                strnlen(c->password, PAM_WIRE_TEXT_MAX + 1));

    mem_free_secret(&c->password);
    if (!is_good)
        finish(c, PAM_OUTCOME_DENIED, "");
    else if (!send_message(c, &answer))
        fail(c, "vspcd-pam takes no answer");
}

static void ask(struct pam_conversation *c, const char *question,
                bool is_hidden)
{
    if (question[0] == '\0')
        question = is_hidden ? "Password: " : "Answer: ";
    if (is_hidden && asks_for_known_password(c, question)) {
        give_password(c);
        return;
    }
    c->phase = PAM_PHASE_ASKED;
    deadline_start(&c->service->person, &c->deadline, clock_now_us());
    c->ops->ask(c, question, is_hidden);
}

static void tell(struct pam_conversation *c, const char *text)
{
    if (c->told == TOLD_MAX)
        fail(c, "vspcd-pam has too much to say");
    else if (text[0] != '\0') {
        c->told++;
        c->ops->tell(c, text);
    }
}

/* The last act: the conversation may be gone afterwards. */
static void take(struct pam_conversation *c)
{
    enum pam_wire_kind kind = pam_wire_kind(c->in);
    char text[PAM_WIRE_TEXT_MAX + 1];

    if (kind == PAM_WIRE_ACCEPTED) /* a name is not changed */
        memcpy(text, c->in->text, sizeof text);
    else
        (void)text_clean(text, sizeof text, slice_of_text(c->in->text));
    pam_wire_wipe(c->in);
    c->has_heard = true;
    if (c->phase != PAM_PHASE_WORKING) {
        fail(c, "vspcd-pam has not waited for an answer");
        return;
    }
    switch (kind) {
    case PAM_WIRE_TEXT:
        tell(c, text);
        return;
    case PAM_WIRE_HIDDEN:
    case PAM_WIRE_VISIBLE:
        ask(c, text, kind == PAM_WIRE_HIDDEN);
        return;
    case PAM_WIRE_ACCEPTED:
        finish(c, PAM_OUTCOME_ACCEPTED, text);
        return;
    case PAM_WIRE_DENIED:
        finish(c, PAM_OUTCOME_DENIED, "");
        return;
    case PAM_WIRE_EXPIRED:
        finish(c, PAM_OUTCOME_EXPIRED, "");
        return;
    case PAM_WIRE_FAILED:
        fail(c, text);
        return;
    case PAM_WIRE_LOGIN:
    case PAM_WIRE_CHECK:
    case PAM_WIRE_ANSWER:
        break;
    }
    fail(c, "vspcd-pam says what it should be told");
}

/* The process was not one, or has not begun. */
static bool was_refused(const struct pam_conversation *c)
{
    uint64_t begin_us = c->deadline.due_us - PAM_WORK_US;

    return !c->has_heard && c->in->len == 0 &&
           clock_now_us() - begin_us < TRY_US;
}

/* For a process, before another conversation, or at the list's end. */
static void wait_before(struct pam_conversation *c, struct list *next)
{
    c->phase = PAM_PHASE_WAITING;
    c->service->waiting_count++;
    list_add_tail(next, &c->node);
    deadline_start(&c->service->patience, &c->deadline, clock_now_us());
}

static void lose(struct pam_conversation *c)
{
    struct pam_service *service = c->service;

    if (c->phase == PAM_PHASE_ASKED) {
        /* It waits for all answers together as long as we do for each. */
        finish(c, PAM_OUTCOME_TIMEOUT, "");
    } else if (was_refused(c) && c->tries < TRIES_MAX) {
        c->tries++;
        disconnect(c);
        wait_before(c, service->waiting.next); /* as the first */
        deadline_start(&service->pauses, &service->pause, clock_now_us());
    } else {
        fail(c, was_refused(c)
                    ? "vspcd-pam ends at once: it cannot work, or too many of "
                      "it run"
                    : "vspcd-pam has ended without a result: it crashed, or "
                      "PAM took more than 10 s");
    }
}

static void pam_on_ready(void *owner, unsigned ready)
{
    struct pam_conversation *c = owner;
    uint8_t *at;
    size_t room = pam_wire_room(c->in, &at);
    ssize_t n = stream_read(c->stream, at, room);

    (void)ready;
    if (n == -EAGAIN)
        return;
    if (n <= 0)
        lose(c);
    else if (!pam_wire_added(c->in, (size_t)n))
        fail(c, "vspcd-pam does not speak our protocol");
    else if (pam_wire_room(c->in, &at) == 0)
        take(c);
}

/* ---- its process ------------------------------------------------------ */

static enum pam_wire_kind kind_of(bool is_account_only)
{
    return is_account_only ? PAM_WIRE_CHECK : PAM_WIRE_LOGIN;
}

static void pam_on_connected(struct pam_conversation *c, struct stream *stream)
{
    struct pam_wire login = { 0 };

    c->stream = stream;
    c->in = xcalloc(1, sizeof *c->in);
    work(c);
    stream_set_owner(stream, pam_on_ready, c);
    stream_want(stream, STREAM_READ);
    /* Begin has tried it. A connection that is closed is read to its end. */
    (void)pam_wire_put_login(&login, kind_of(c->is_account_only), c->user,
                             c->remote);
    (void)send_message(c, &login);
}

static void pam_on_dialled(void *owner, struct stream *stream,
                           const struct err *err)
{
    struct pam_conversation *c = owner;
    struct err why;

    c->dial = NULL;
    if (stream != NULL) {
        pam_on_connected(c, stream);
        return;
    }
    err_set(&why, "vspcd-pam: %s", err->text);
    fail(c, why.text);
}

static void connect_own(struct pam_conversation *c)
{
    struct stream *stream;
    int r = pam_helper_connect(c->service->control);

    if (r >= 0)
        r = stream_fd_open(c->service->loop, r, NULL, &stream);
    if (r >= 0) {
        pam_on_connected(c, stream);
        return;
    }
    finish_later(c, PAM_OUTCOME_UNAVAILABLE,
                 r == -EPIPE || r == -ECONNRESET
                     ? "vspcd-pam has ended; start vspcd again"
                     : strerror(-r));
}

static void start(struct pam_conversation *c)
{
    struct pam_service *service = c->service;
    const char *path = service->path;

    list_remove(&c->node);
    deadline_stop(&c->deadline);
    service->waiting_count--;
    service->count++;
    c->phase = PAM_PHASE_CONNECTING;
    if (path == NULL && service->control >= 0)
        connect_own(c);
    else
        c->dial =
            dial_unix(service->loop, path != NULL ? path : PAM_SOCKET_STANDARD,
                      pam_on_dialled, c);
}

/* Calls nobody back. */
static void fill(struct pam_service *service)
{
    while (service->count < PAM_AT_ONCE && !list_is_empty(&service->waiting) &&
           !deadline_is_running(&service->pause))
        start(
            CONTAINER_OF(service->waiting.next, struct pam_conversation, node));
}

static void pam_pause_due(struct deadline *d, void *owner)
{
    (void)d;
    fill(owner);
}

/* ---- what callers do -------------------------------------------------- */

void pam_conversation_begin(struct pam_service *service,
                            struct pam_conversation *c,
                            const struct pam_conversation_ops *ops,
                            const struct pam_login *login)
{
    struct pam_wire test = { 0 };

    *c = (struct pam_conversation){ .ops = ops, .service = service };
    list_init(&c->node);
    deadline_init(&c->deadline);
    c->is_account_only = login->is_account_only;
    if (!pam_wire_put_login(&test, kind_of(login->is_account_only), login->user,
                            login->remote)) {
        finish_later(c, PAM_OUTCOME_DENIED, NULL);
    } else if (service->waiting_count == PAM_WAITING_MAX) {
        finish_later(c, PAM_OUTCOME_BUSY, NULL);
    } else {
        c->user = xstrdup(login->user);
        c->remote = xstrdup(login->remote);
        if (login->password != NULL)
            c->password = xstrndup(login->password, PAM_WIRE_TEXT_MAX + 1);
        wait_before(c, &service->waiting);
        fill(service);
    }
    pam_wire_wipe(&test);
}

bool pam_conversation_answer(struct pam_conversation *c, const char *answer)
{
    struct pam_wire message = { 0 };

    if (c->phase != PAM_PHASE_ASKED ||
        !pam_wire_put(&message, PAM_WIRE_ANSWER, answer,
                      strnlen(answer, PAM_WIRE_TEXT_MAX + 1)))
        return false;
    work(c);
    if (!send_message(c, &message))
        finish_later(c, PAM_OUTCOME_UNAVAILABLE, "vspcd-pam takes no answer");
    return true;
}

void pam_conversation_cancel(struct pam_conversation *c)
{
    if (c->phase == PAM_PHASE_NONE)
        return;
    release(c);
    fill(c->service);
}

struct pam_service *pam_service_new(struct loop *loop, const char *path,
                                    int control)
{
    struct pam_service *s = xcalloc(1, sizeof *s);

    s->loop = loop;
    s->path = path != NULL ? xstrdup(path) : NULL;
    s->control = control;
    list_init(&s->waiting);
    deadline_queue_open(&s->patience, PAM_PATIENCE_US, pam_patience_due, s);
    deadline_queue_open(&s->work, PAM_WORK_US, pam_work_due, s);
    deadline_queue_open(&s->person, PAM_PERSON_US, pam_person_due, s);
    deadline_queue_open(&s->ends, NEXT_TURN_US, pam_end_due, s);
    deadline_queue_open(&s->pauses, PAUSE_US, pam_pause_due, s);
    deadline_init(&s->pause);
    loop_watch(loop, &s->patience);
    loop_watch(loop, &s->work);
    loop_watch(loop, &s->person);
    loop_watch(loop, &s->ends);
    loop_watch(loop, &s->pauses);
    return s;
}

void pam_service_set_path(struct pam_service *service, const char *path)
{
    free(service->path);
    service->path = path != NULL ? xstrdup(path) : NULL;
}

void pam_service_free(struct pam_service *service)
{
    if (service == NULL)
        return;
    assert(service->count == 0 && list_is_empty(&service->waiting) &&
           list_is_empty(&service->ends.waiting));
    deadline_stop(&service->pause);
    deadline_queue_close(&service->patience);
    deadline_queue_close(&service->work);
    deadline_queue_close(&service->person);
    deadline_queue_close(&service->ends);
    deadline_queue_close(&service->pauses);
    free(service->path);
    free(service);
}

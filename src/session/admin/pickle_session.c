/*
 * The conversation with vSPC.py's client, in its versions 1 to 4:
 *
 *     C version           S the same version, or 4 to any later one
 *       1                 S (1, [VMs]), the end
 *     4: C command        S "ok"
 *          clear: C port  S "ok" or "fail", the end
 *     C name, C mode      S by what is found:
 *                             "vm_not_found" and the VMs, the end
 *                             "lock_invalid" or "lock_failed", the end
 *                             "vm_found", mode, seed; from there on telnet
 *
 * A console that the client may not read is not there for it. Of several that
 * have the name, the one whose VM is connected is meant; if that does not tell
 * one from the others, none is, and the list has their UUIDs. vSPC.py takes the
 * oldest then, and somebody types into a machine that he does not mean.
 *
 * The seed is a text that the client prints before anything else. A console's
 * output is none: it comes by telnet, whole, from where a new client begins. So
 * the seed is empty, but where a client is refused: then it says why, and the
 * connection ends. There is no other place for words in this protocol. Clients
 * of version 2 want a list of texts there; later ones take the text.
 */
#include "base/mem.h"
#include "core/console.h"
#include "log/log.h"
#include "log/log_words.h"
#include "proto/admin/pickle.h"
#include "session/admin/admin_session_private.h"
#include "session/client/client_control.h"
#include "session/client/client_session.h"
#include "session/client/console_port.h"

#include <stdio.h>
#include <stdlib.h>

enum { LIST_ONLY = 1, LIST_IN_ONE = 2, WITH_COMMANDS = 4, PORT_MAX = 65535 };

/* A failure to put an answer: there is no room, or no memory. */
static void check(struct admin_session *a, int r)
{
    if (r < 0)
        admin_session_close_for(a, "no memory for the answer");
}

static void say(struct admin_session *a, const char *text)
{
    check(a, pickle_put_text(&a->out, text));
}

/* For log lines: the console's fields are empty without one. */
#define ADMIN_LOG_FIELDS " peer=%s principal=%s proof=%s protocol=pickle-%u"
#define ADMIN_LOG_VALUES(a)                                                    \
    (a)->peer, LOG_TEXT(principal_format(&(a)->who).text),                     \
        principal_proof_name((enum principal_proof)(a)->who.proof),            \
        (unsigned)(a)->pickle.version

static void log_refused(const struct admin_session *a, const char *request,
                        const struct console *c, const char *reason)
{
    log_audit(LOG_WARNING, a->peer, console_id(c).text,
              LOG_ADMIN_REFUSED ADMIN_LOG_FIELDS
              " request=%s console=%s id=%s reason=%s",
              ADMIN_LOG_VALUES(a), request, LOG_TEXT(console_name(c).text),
              LOG_TEXT(console_id(c).text), LOG_TEXT(reason));
}

/* ---- the answer to a query ---------------------------------------------- */

static enum pickle_list list_kind(const struct admin_session *a)
{
    if (a->pickle.version == LIST_ONLY)
        return PICKLE_TUPLE;
    return a->pickle.version == LIST_IN_ONE ? PICKLE_LIST : PICKLE_SINGLE;
}

static int put_found(struct buf *out, const char *mode, const char *seed,
                     bool is_version_2)
{
    int r = pickle_put_text(out, "vm_found");

    if (r == 0)
        r = pickle_put_text(out, mode);
    if (r < 0)
        return r;
    return is_version_2 ? pickle_put_list(out, seed)
                        : pickle_put_text(out, seed);
}

/* Only a client that has found its console is shown words. */
static int put_words(struct buf *out, const char *why, bool is_version_2)
{
    char words[640];

    snprintf(words, sizeof words, "[vspcd: refused, %s]\r\n", why);
    return put_found(out, "free_for_all", words, is_version_2);
}

/* One who may read nothing is told so, and does not see an empty list. */
static bool is_refused(struct admin_session *a)
{
    const struct access_rules *rules = a->ctx->access;

    if (a->pickle.listed > 0 || a->pickle.hidden == 0)
        return false;
    log_refused(a, "list", NULL, "the rules do not allow reading any console");
    if (a->pickle.version == LIST_ONLY)
        return false;
    check(a, put_words(&a->out,
                       rules != NULL && access_rules_are_standard(rules) &&
                               !a->who.is_local
                           ? "vspcd has no rules for other machines yet; its "
                             "administrator adds an access section to "
                             "vspcd.conf"
                           : "you have no access here",
                       a->pickle.version == LIST_IN_ONE));
    return true;
}

static void list_console(struct admin_session *a, const struct console *c)
{
    bool has_port = c->port != NULL && !c->is_port_new;
    struct console_name name = console_name(c);
    struct console_name uuid = admin_name_uuid(c);
    const struct pickle_vm vm = {
        .name = name.text,
        .uuid = uuid.text,
        .port = has_port ? console_port_number(c->port) : 0,
    };

    if (admin_session_right(a, c) < RIGHT_READ) {
        a->pickle.hidden++;
        return;
    }
    a->pickle.listed++;
    check(a, pickle_put_vm(&a->list, list_kind(a), &vm));
}

static void begin_list(struct admin_session *a)
{
    a->pickle.is_search = false;
    check(a, pickle_put_begin(&a->list, list_kind(a)));
    if (a->stage != ADMIN_ENDING)
        admin_session_work(a);
}

static void send_list(struct admin_session *a)
{
    struct pickle_session *p = &a->pickle;

    if (is_refused(a)) {
        buf_done(&a->list);
        buf_init(&a->list, ADMIN_LIST_MAX);
        admin_session_leave(a);
        return;
    }
    log_audit(LOG_INFO, a->peer, NULL,
              LOG_ADMIN_LISTED ADMIN_LOG_FIELDS " consoles=%u hidden=%u",
              ADMIN_LOG_VALUES(a), p->listed, p->hidden);
    if (p->version > LIST_ONLY)
        say(a, "vm_not_found");
    if (p->version > LIST_IN_ONE)
        check(a, pickle_put_number(&a->out, (int32_t)p->listed));
    check(a, pickle_put_end(&a->list, list_kind(a)));
    admin_session_leave(a);
}

/* ---- attaching ---------------------------------------------------------- */

/* How the modes are called in pickles. */
static const struct {
    const char *word;
    enum lock_mode mode;
} modes[] = {
    { "free_for_all_or_readonly", LOCK_FALLBACK },
    { "free_for_all", LOCK_FREE_FOR_ALL },
    { "write", LOCK_WRITE },
    { "exclusive", LOCK_EXCLUSIVE },
};

enum { MODE_COUNT = sizeof modes / sizeof modes[0] };

/* The only word by which a client learns that it may but read is FALLBACK's. */
static const char *granted_word(const struct client *client)
{
    enum lock_mode mode = (enum lock_mode)client->mode;

    if (mode == LOCK_READ_ONLY || client->right < RIGHT_WRITE ||
        client->is_barred)
        mode = LOCK_FALLBACK;
    for (size_t i = 0; i < MODE_COUNT; i++) {
        if (modes[i].mode == mode)
            return modes[i].word;
    }
    return modes[0].word;
}

static int pickle_session_begin(void *owner, const struct client *client,
                                struct wire *w)
{
    (void)owner;
    return put_found(&w->out, granted_word(client), "", false);
}

static int pickle_session_begin_2(void *owner, const struct client *client,
                                  struct wire *w)
{
    (void)owner;
    return put_found(&w->out, granted_word(client), "", true);
}

static int refuse_client(enum client_outcome outcome, const char *why,
                         struct wire *w, bool is_version_2)
{
    return outcome == CLIENT_REFUSED_LOCK
               ? pickle_put_text(&w->out, "lock_failed")
               : put_words(&w->out, why, is_version_2);
}

static int pickle_session_refused(void *owner, enum client_outcome outcome,
                                  const char *why, struct wire *w)
{
    (void)owner;
    return refuse_client(outcome, why, w, false);
}

static int pickle_session_refused_2(void *owner, enum client_outcome outcome,
                                    const char *why, struct wire *w)
{
    (void)owner;
    return refuse_client(outcome, why, w, true);
}

static const struct client_talk talk = {
    .begin = pickle_session_begin,
    .refused = pickle_session_refused,
};

static const struct client_talk talk_2 = {
    .begin = pickle_session_begin_2,
    .refused = pickle_session_refused_2,
};

#define ROLE(mode, its_talk)                                                   \
    [mode] = { .way = CLIENT_TELNET,                                           \
               .door = CLIENT_DOOR_ADMIN,                                      \
               .policy = TLS_OFF,                                              \
               .asked = (mode),                                                \
               .talk = &(its_talk),                                            \
               .is_known = true }
#define ROLES(its_talk)                                                        \
    {                                                                          \
        ROLE(LOCK_FALLBACK, its_talk), ROLE(LOCK_FREE_FOR_ALL, its_talk),      \
            ROLE(LOCK_WRITE, its_talk), ROLE(LOCK_EXCLUSIVE, its_talk)         \
    }

/* By whether it is of version 2. TLS is decided, so it is on offer no more. */
static const struct client_role roles[2][LOCK_EXCLUSIVE + 1] = {
    ROLES(talk),
    ROLES(talk_2),
};

static void attach(struct admin_session *a, struct console *c)
{
    struct session_context *ctx = a->ctx;
    struct stream *stream;

    if (!a->pickle.is_known_mode) {
        say(a, "lock_invalid");
        admin_session_leave(a);
        return;
    }
    stream = admin_session_give_stream(a);
    if (stream != NULL)
        client_session_start(
            ctx, stream, c,
            &roles[a->pickle.version == LIST_IN_ONE][a->pickle.asked]);
}

/* ---- clearing a port ---------------------------------------------------- */

static bool has_port(const struct console *c, uint16_t port)
{
    return c->port != NULL && !c->is_port_new &&
           console_port_number(c->port) == port;
}

/* Why it is refused; NULL: it is not. */
static const char *clear_problem(struct admin_session *a,
                                 const struct console *c)
{
    const char *line;

    if (c == NULL)
        return "no console has this port";
    if (admin_session_right(a, c) < RIGHT_CONTROL)
        return "it needs the right to control the console";
    if (!gate_serves_clients(&a->ctx->gate, &a->stream->peer, &line))
        return "the audit log cannot be written, and audit-required is on";
    return NULL;
}

static void clear(struct admin_session *a, struct console *c)
{
    const struct client_actor by = {
        .console = c,
        .who = &a->who,
        .peer = a->peer,
        .right = RIGHT_CONTROL,
    };
    const char *problem = clear_problem(a, c);
    struct err said;
    unsigned count;

    if (problem != NULL) {
        log_refused(a, "clear", c, problem);
        say(a, "fail");
        return;
    }
    count = client_control_disconnect(&by, 0, NULL, &said);
    log_audit(LOG_WARNING, a->peer, console_id(c).text,
              LOG_ADMIN_CLEARED ADMIN_LOG_FIELDS
              " port=%u console=%s id=%s clients=%u",
              ADMIN_LOG_VALUES(a), a->pickle.port,
              LOG_TEXT(console_name(c).text), LOG_TEXT(console_id(c).text),
              count);
    say(a, "ok");
}

/* ---- looking for a console ---------------------------------------------- */

static void pickle_session_on_gone(struct console_ref *ref)
{
    console_ref_set(ref, NULL);
}

/* A name comes before a UUID, and a VM that is connected before one that is
 * not. */
static void find(struct pickle_session *p, struct console *c,
                 enum admin_name_match match)
{
    int rank = 2 * (int)match + console_has_vm(c);

    if (p->found.console == NULL || rank > p->found_rank) {
        console_ref_set(&p->found, c);
        p->found_rank = (uint8_t)rank;
        p->is_ambiguous = false;
    } else if (rank == p->found_rank) {
        p->is_ambiguous = true;
    }
}

static void search(struct admin_session *a, struct console *c)
{
    struct pickle_session *p = &a->pickle;
    enum admin_name_match match;

    if (p->is_clearing) {
        if (p->port != 0 && has_port(c, p->port))
            console_ref_set(&p->found, c);
        return;
    }
    match = admin_name_matches(c, slice_of(p->name, p->name_len));
    if (match == ADMIN_NAME_OTHER)
        return;
    if (admin_session_right(a, c) >= RIGHT_READ)
        find(p, c, match);
    else
        log_refused(a, "attach", c,
                    "the rules do not allow reading this console");
}

static void conclude_search(struct admin_session *a)
{
    struct console *c = a->pickle.found.console;

    if (a->pickle.is_clearing) {
        clear(a, c);
        admin_session_leave(a);
    } else if (c != NULL && !a->pickle.is_ambiguous) {
        attach(a, c);
    } else {
        if (c != NULL)
            log_refused(a, "attach", c, "several consoles have this name");
        begin_list(a);
    }
}

static void pickle_session_look(struct admin_work *w, struct console *c)
{
    struct admin_session *a = CONTAINER_OF(w, struct admin_session, work);

    if (a->pickle.is_search)
        search(a, c);
    else
        list_console(a, c);
}

static void pickle_session_looked(struct admin_work *w, bool has_memory)
{
    struct admin_session *a = CONTAINER_OF(w, struct admin_session, work);

    if (!has_memory)
        admin_session_close_for(a, "no memory to look at the consoles");
    else if (a->pickle.is_search)
        conclude_search(a);
    else
        send_list(a);
}

static void begin_search(struct admin_session *a)
{
    a->pickle.is_search = true;
    admin_session_work(a);
}

/* ---- what it says ------------------------------------------------------- */

static void refuse(struct admin_session *a)
{
    admin_session_close_for(
        a, "it sent something that vSPC.py's client never sends");
}

/* Its own version is the only one that a client takes for an answer. */
static void take_version(struct admin_session *a, const struct pickle_value *v)
{
    struct pickle_session *p = &a->pickle;

    if (v->kind != PICKLE_NUMBER || v->number < 1) {
        refuse(a);
        return;
    }
    p->version = v->number < WITH_COMMANDS ? (uint8_t)v->number : WITH_COMMANDS;
    check(a, pickle_put_number(&a->out, p->version));
    p->step =
        p->version == WITH_COMMANDS ? PICKLE_STEP_COMMAND : PICKLE_STEP_NAME;
    if (p->version == LIST_ONLY && a->stage != ADMIN_ENDING)
        begin_list(a);
}

static bool is_word(const struct pickle_value *v, const char *word)
{
    return v->kind == PICKLE_TEXT &&
           slice_is_equal(slice_of(v->text, v->len), slice_of_text(word));
}

static void take_command(struct admin_session *a, const struct pickle_value *v)
{
    bool is_clear = is_word(v, "cmd_clear_port");

    if (!is_clear && !is_word(v, "cmd_query_vm")) {
        say(a, "cmd_not_supported");
        admin_session_leave(a);
        return;
    }
    a->pickle.step = is_clear ? PICKLE_STEP_PORT : PICKLE_STEP_NAME;
    say(a, "ok");
}

static void take_name(struct admin_session *a, const struct pickle_value *v)
{
    struct pickle_session *p = &a->pickle;

    if (v->kind == PICKLE_NUMBER) {
        refuse(a);
        return;
    }
    if (v->kind == PICKLE_TEXT) {
        p->name = xmalloc(v->len + 1);
        memcpy(p->name, v->text, v->len + 1);
        p->name_len = v->len;
    }
    p->step = PICKLE_STEP_MODE;
}

static void take_mode(struct admin_session *a, const struct pickle_value *v)
{
    struct pickle_session *p = &a->pickle;

    for (size_t i = 0; i < MODE_COUNT; i++) {
        if (is_word(v, modes[i].word)) {
            p->asked = (uint8_t)modes[i].mode;
            p->is_known_mode = true;
        }
    }
    if (p->name != NULL)
        begin_search(a);
    else
        begin_list(a);
}

static void take_port(struct admin_session *a, const struct pickle_value *v)
{
    if (v->kind != PICKLE_NUMBER) {
        refuse(a);
        return;
    }
    a->pickle.is_clearing = true;
    if (v->number > 0 && v->number <= PORT_MAX)
        a->pickle.port = (uint16_t)v->number;
    begin_search(a);
}

static void take_value(struct admin_session *a, const struct pickle_value *v)
{
    switch ((enum pickle_step)a->pickle.step) {
    case PICKLE_STEP_VERSION:
        take_version(a, v);
        break;
    case PICKLE_STEP_COMMAND:
        take_command(a, v);
        break;
    case PICKLE_STEP_NAME:
        take_name(a, v);
        break;
    case PICKLE_STEP_MODE:
        take_mode(a, v);
        break;
    case PICKLE_STEP_PORT:
        take_port(a, v);
        break;
    }
}

/* Behind the last of a request there is nothing before the answer: its client
 * says its first telnet when it has read the seed. */
void pickle_session_take(struct admin_session *a)
{
    struct pickle_value value;
    enum pickle_event event = PICKLE_READ;
    size_t used;

    while (a->stage == ADMIN_TALKS && a->in.len > 0 && event == PICKLE_READ) {
        event = pickle_read(buf_bytes(&a->in), &value, &used);
        if (event == PICKLE_REFUSED)
            refuse(a);
        if (event != PICKLE_READ)
            continue;
        buf_take(&a->in, used);
        take_value(a, &value);
    }
    if (a->stage == ADMIN_WORKS && a->in.len > 0)
        refuse(a);
}

void pickle_session_init(struct admin_session *a)
{
    static const struct admin_work_ops ops = {
        .look = pickle_session_look,
        .done = pickle_session_looked,
    };

    admin_work_init(&a->work, a->ctx, &ops);
    console_ref_init(&a->pickle.found, pickle_session_on_gone);
}

void pickle_session_done(struct admin_session *a)
{
    console_ref_set(&a->pickle.found, NULL);
    free(a->pickle.name);
    a->pickle.name = NULL;
}

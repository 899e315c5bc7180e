#include "session_peer.h"

#include "base/mem.h"
#include "log/log.h"
#include "session/admin/admin_session_private.h"
#include "session/client/menu/client_menu_private.h"
#include "session/service/service.h"
#include "session/vm/vm_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum peer_state {
    HEARING_DATA,
    HEARING_IAC,
    HEARING_OPTION,
    HEARING_BODY,
    HEARING_BODY_IAC,
};

enum { TURNS_MAX = 10 * 1000 * 1000 };

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "session_peer: %s\n", what);
    abort();
}

static void keep(struct buf *to, struct slice bytes)
{
    require(buf_append(to, bytes) == 0, "too much was said");
}

struct directory_settings site_settings(void)
{
    return (struct directory_settings){
        .seed = { 1, 2 },
        .expire_us = 1000 * 1000,
        .new_expire_us = 1000 * 1000,
        .hold_us = 1000 * 1000,
        .ring_max = LIMIT_OF(64 * KIB),
        .history_total = 1024 * 1024 * KIB,
        .move_timeout_us = 300 * 1000 * 1000,
        .held_input_max = LIMIT_OF(64 * KIB),
    };
}

void site_open(struct site *s, const struct directory_settings *settings)
{
    static const struct session_settings sessions = {
        .identity_timeout_us = 30 * 1000 * 1000,
        .proxy_port = 13370,
    };

    log_open(STDERR_FILENO, LOG_ERROR);
    *s = (struct site){ 0 };
    directory_init(&s->directory, settings);
    sessions_open(&s->ctx, NULL, &s->directory, &sessions);
    s->access = access_rules_standard("", false, KEYBOARD_FREE_FOR_ALL);
    s->ctx.access = s->access;
    census_walks_init(&s->walks);
    s->ctx.walks = &s->walks;
}

void site_set_access(struct site *s, struct access_rules *rules)
{
    access_rules_free(s->access);
    s->access = rules;
    s->ctx.access = rules;
}

void site_set_rules(struct site *s, const struct access_source *source)
{
    struct access_rules *rules = access_rules_compile(source, NULL, NULL);

    require(rules != NULL, "rules that are not valid");
    site_set_access(s, rules);
}

static void peer_free(struct peer *p)
{
    stream_mem_done(&p->stream);
    buf_done(&p->data);
    buf_done(&p->said);
    free(p);
}

void site_close(struct site *s)
{
    session_close_all(&s->ctx.all, "the test is over");
    site_turn_end(s);
    require(session_is_quiet(&s->ctx.all), "a session is left");
    sessions_close(&s->ctx);
    directory_done(&s->directory);
    access_rules_free(s->access);
    for (size_t i = 0; i < s->peer_count; i++) {
        require(s->peers[i]->stream.is_closed, "a stream was left open");
        peer_free(s->peers[i]);
    }
}

static void say_words(struct peer *p, const char *word, int number)
{
    char text[32];
    int len = number < 0 ? snprintf(text, sizeof text, "%s", word)
                         : snprintf(text, sizeof text, "%s%d", word, number);

    keep(&p->said, slice_of(text, (size_t)len));
}

static const char *verb_word(uint8_t verb)
{
    static const char *const words[] = { "WILL ", "WONT ", "DO ", "DONT " };

    return verb == 250 ? "SB " : verb >= 251 ? words[verb - 251] : "command ";
}

static uint8_t hear_verb(struct peer *p, uint8_t byte)
{
    require(byte > 240, "IAC with what is no command behind it");
    if (p->said.len > 0)
        say_words(p, ", ", -1);
    p->verb = byte;
    if (byte >= 250)
        return HEARING_OPTION;
    say_words(p, verb_word(byte), byte);
    return HEARING_DATA;
}

static uint8_t hear_byte(struct peer *p, uint8_t byte)
{
    switch ((enum peer_state)p->state) {
    case HEARING_DATA:
        if (byte == 255)
            return HEARING_IAC;
        keep(&p->data, slice_of(&byte, 1));
        return HEARING_DATA;
    case HEARING_IAC:
        if (byte != 255)
            return hear_verb(p, byte);
        keep(&p->data, slice_of(&byte, 1));
        return HEARING_DATA;
    case HEARING_OPTION:
        say_words(p, verb_word(p->verb), byte);
        return p->verb == 250 ? HEARING_BODY : HEARING_DATA;
    case HEARING_BODY:
        if (byte == 255)
            return HEARING_BODY_IAC;
        say_words(p, " ", byte);
        return HEARING_BODY;
    case HEARING_BODY_IAC:
        if (byte == 240)
            return HEARING_DATA;
        require(byte == 255, "a command inside a subnegotiation");
        say_words(p, " ", byte);
        return HEARING_BODY;
    }
    return HEARING_DATA;
}

/* How many bytes at the front are plain data. */
static size_t data_run(const struct peer *p, struct slice bytes)
{
    const uint8_t *iac = memchr(bytes.data, 255, bytes.len);

    if (p->is_raw)
        return bytes.len;
    if (p->state != HEARING_DATA)
        return 0;
    return iac != NULL ? (size_t)(iac - bytes.data) : bytes.len;
}

void peer_listen(struct peer *p)
{
    struct slice bytes = buf_bytes(&p->stream.from_session);
    size_t at = 0;

    while (at < bytes.len) {
        struct slice rest = slice_after(bytes, at);
        size_t run = data_run(p, rest);

        keep(&p->data, slice_of(rest.data, run));
        at += run;
        if (run == 0)
            p->state = hear_byte(p, bytes.data[at++]);
    }
    buf_take(&p->stream.from_session, bytes.len);
}

bool peer_has_finished(const struct peer *p)
{
    return p->state == HEARING_DATA;
}

bool peer_turn(struct peer *p)
{
    bool is_busy = stream_mem_turn(&p->stream);

    if (is_busy && p->site->after_event != NULL)
        p->site->after_event(p, p->site->owner);
    return is_busy;
}

static void take_facts(struct site *s)
{
    struct fact fact;

    while (fact_take(&s->directory.facts, &fact)) {
        s->seen[fact.kind].last = fact;
        s->seen[fact.kind].count++;
        fact_done(&fact);
    }
}

/* As the daemon does, which knows more of a console. */
static void evict(struct site *s)
{
    struct console *c;

    while ((c = directory_take_evicted(&s->directory)) != NULL) {
        service_end(c);
        directory_remove(c);
    }
}

static bool end_turn(struct site *s)
{
    bool any = false;
    bool goes_on = true;

    while (goes_on) {
        take_facts(s);
        evict(s);
        goes_on = session_end_marked(&s->ctx.all);
        any |= goes_on;
        goes_on |= !fact_queue_is_empty(&s->directory.facts);
    }
    session_free_ended(&s->ctx.all);
    for (size_t i = 0; i < s->peer_count; i++)
        peer_listen(s->peers[i]);
    return any;
}

void site_turn_end(struct site *s)
{
    (void)end_turn(s);
}

/* Handshakes that wait for the next turn of the loop take their steps. */
static bool begin_turn(struct site *s)
{
    struct deadline_queue *turns = &s->ctx.tls.turns;
    struct deadline *d = deadline_pop(turns, UINT64_MAX);

    if (d != NULL)
        turns->on_due(d, turns->owner);
    return d != NULL;
}

void site_run(struct site *s)
{
    int turns = 0;
    bool is_busy = true;

    while (is_busy) {
        is_busy = begin_turn(s);
        for (size_t i = 0; i < s->peer_count; i++)
            is_busy |= peer_turn(s->peers[i]);
        /* Who ends makes others go on. */
        is_busy |= end_turn(s);
        require(++turns < TURNS_MAX, "it does not come to rest");
    }
}

/* Those that start again in this go wait for the next one. */
static void fall_due(struct site *s, struct deadline_queue *queue)
{
    struct deadline *d;
    size_t count = 0;

    for (struct list *node = queue->waiting.next; node != &queue->waiting;
         node = node->next)
        count++;
    for (; count > 0 && (d = deadline_pop(queue, UINT64_MAX)) != NULL;
         count--) {
        queue->fired_us = d->due_us;
        queue->on_due(d, queue->owner);
    }
    directory_settle(&s->directory);
    site_run(s);
}

void site_identities_due(struct site *s)
{
    fall_due(s, &s->ctx.vms->identities);
}

void site_probes_due(struct site *s)
{
    fall_due(s, &s->ctx.vms->probes);
}

void site_negotiations_due(struct site *s)
{
    fall_due(s, &s->ctx.clients->negotiations);
}

void site_doubts_due(struct site *s)
{
    fall_due(s, &s->ctx.clients->doubts);
}

void site_pasts_due(struct site *s)
{
    fall_due(s, &s->ctx.clients->pasts);
}

void site_logins_due(struct site *s)
{
    fall_due(s, &s->ctx.clients->logins);
}

void site_nops_due(struct site *s)
{
    fall_due(s, &s->ctx.clients->nops);
}

void site_idles_due(struct site *s)
{
    fall_due(s, &s->ctx.clients->idles);
}

void site_last_times_due(struct site *s)
{
    fall_due(s, &s->ctx.clients->last_times);
}

void site_drains_due(struct site *s)
{
    fall_due(s, &s->ctx.clients->half_closes);
    fall_due(s, &s->ctx.clients->exchanges);
    fall_due(s, &s->ctx.clients->drains);
}

void site_first_bytes_due(struct site *s)
{
    fall_due(s, &s->ctx.vms->first_bytes);
    fall_due(s, &s->ctx.clients->first_bytes);
}

void site_tls_due(struct site *s)
{
    fall_due(s, &s->ctx.tls.handshakes);
    fall_due(s, &s->ctx.tls.again);
}

void site_answers_due(struct site *s)
{
    fall_due(s, &s->ctx.clients->calls);
}

void site_short_holds_due(struct site *s)
{
    fall_due(s, &s->directory.short_holds);
}

void site_holds_due(struct site *s)
{
    site_short_holds_due(s);
    fall_due(s, &s->directory.holds);
}

void site_moves_due(struct site *s)
{
    fall_due(s, &s->directory.move_timeouts);
}

void site_renames_due(struct site *s)
{
    fall_due(s, &s->directory.renames);
}

void site_admin_silences_due(struct site *s)
{
    fall_due(s, &s->ctx.admins->silences);
}

void site_admin_talks_due(struct site *s)
{
    fall_due(s, &s->ctx.admins->talks);
    fall_due(s, &s->ctx.admins->readings);
}

/* Each piece of work waits for a rest behind the one before it. What waits for
 * a place is left. */
void site_admin_work_due(struct site *s)
{
    struct admins *all = s->ctx.admins;
    uint32_t pieces = 1000;

    do {
        fall_due(s, &all->starts);
        fall_due(s, &all->rests);
    } while (deadline_is_running(&all->step) && --pieces > 0);
}

void site_leaves_due(struct site *s)
{
    fall_due(s, &s->directory.leaves);
}

/* Each piece of work waits for a rest behind the one before it. */
void site_menus_due(struct site *s)
{
    struct client_menus *all = s->ctx.clients->menus;

    do {
        fall_due(s, &all->starts);
        fall_due(s, &all->rests);
    } while (deadline_is_running(&all->work));
}

void site_menu_keys_due(struct site *s)
{
    fall_due(s, &s->ctx.clients->menus->escapes);
    fall_due(s, &s->ctx.clients->menus->holds);
    site_menus_due(s);
}

void site_menu_terminals_due(struct site *s)
{
    fall_due(s, &s->ctx.clients->menus->terminals);
    site_menus_due(s);
}

void site_menu_refreshes_due(struct site *s)
{
    fall_due(s, &s->ctx.clients->menus->refreshes);
    site_menus_due(s);
}

struct console *site_console(struct site *s)
{
    return directory_find(&s->directory, UUID, LABEL);
}

struct peer *peer_add(struct site *s)
{
    struct peer *p = xcalloc(1, sizeof *p);

    require(s->peer_count < SITE_PEERS_MAX, "too many peers");
    p->site = s;
    stream_mem_init(&p->stream, PEER_TEXT_MAX);
    buf_init(&p->data, PEER_TEXT_MAX);
    buf_init(&p->said, PEER_TEXT_MAX);
    s->peers[s->peer_count++] = p;
    return p;
}

void peer_remove(struct peer *p)
{
    struct site *s = p->site;
    size_t at = 0;

    require(p->stream.is_closed, "a peer is removed whose stream is open");
    while (s->peers[at] != p)
        at++;
    s->peer_count--;
    memmove(s->peers + at, s->peers + at + 1,
            (s->peer_count - at) * sizeof s->peers[0]);
    peer_free(p);
}

struct peer *menu_connect(struct site *s)
{
    struct peer *p = peer_add(s);

    client_session_start(&s->ctx, &p->stream.stream, NULL,
                         client_menu_role(s->policy));
    site_run(s);
    return p;
}

struct peer *admin_connect(struct site *s)
{
    struct peer *p = peer_add(s);

    s->ctx.settings.client_policy = s->policy;
    admin_session_start(&s->ctx, &p->stream.stream);
    site_run(s);
    return p;
}

struct peer *vm_arrive(struct site *s)
{
    struct peer *p = peer_add(s);

    vm_session_start(&s->ctx, &p->stream.stream, s->policy);
    return p;
}

struct peer *vm_connect(struct site *s)
{
    struct peer *p = vm_arrive(s);

    site_run(s);
    return p;
}

struct peer *client_arrive(struct site *s, struct console *c)
{
    struct peer *p = peer_add(s);

    client_session_start(&s->ctx, &p->stream.stream, c,
                         client_port_role(s->policy));
    return p;
}

struct peer *client_connect(struct site *s, struct console *c)
{
    struct peer *p = client_arrive(s, c);

    site_run(s);
    return p;
}

static void put_message(struct peer *p, const char *before, const char *text)
{
    peer_put(p, slice_of_text(before));
    peer_put(p, slice_of_text(text));
    peer_put(p, BYTES(IAC SE));
}

/* In one piece: a site that comes to rest behind each message would take half
 * of a fuzz target's time. */
void vm_put_start(struct peer *p, const char *uuid, const char *label)
{
    peer_put(p, BYTES(ESXI_OPTIONS ESXI_KNOWN));
    put_message(p, IAC SB VMWARE DO_PROXY "S", label);
    put_message(p, IAC SB VMWARE VC_UUID, uuid);
    put_message(p, IAC SB VMWARE VM_NAME, "vm-0001");
    put_message(p, IAC SB VMWARE BIOS_UUID, uuid);
    put_message(p, IAC SB VMWARE LOCATION_UUID, uuid);
}

struct peer *vm_start_as(struct site *s, const char *uuid, const char *label)
{
    struct peer *p = vm_connect(s);

    vm_put_start(p, uuid, label);
    site_run(s);
    peer_forget(p);
    return p;
}

struct peer *vm_start(struct site *s)
{
    return vm_start_as(s, UUID_TEXT, LABEL);
}

struct peer *telnet_connect(struct site *s, struct console *c)
{
    struct peer *p = client_connect(s, c);

    peer_give(p, BYTES(IAC DO BINARY IAC DO SGA IAC DO ECHO IAC WILL BINARY IAC
                           WILL SGA));
    peer_forget(p);
    return p;
}

struct peer *raw_connect(struct site *s, struct console *c)
{
    struct peer *p = client_connect(s, c);

    site_negotiations_due(s);
    peer_forget(p);
    p->is_raw = true;
    return p;
}

void peer_put(struct peer *p, struct slice bytes)
{
    require(stream_mem_give(&p->stream, bytes) == 0, "too much is given");
}

void peer_put_data(struct peer *p, struct slice bytes)
{
    static const uint8_t iac = 255;

    for (size_t i = 0, from = 0; i < bytes.len; from = ++i) {
        while (i < bytes.len - 1 && bytes.data[i] != iac)
            i++;
        peer_put(p, slice_of(bytes.data + from, i - from + 1));
        if (bytes.data[i] == iac)
            peer_put(p, slice_of(&iac, 1));
    }
}

void peer_give(struct peer *p, struct slice bytes)
{
    peer_put(p, bytes);
    site_run(p->site);
}

void peer_give_pieces(struct peer *p, struct slice bytes, size_t len)
{
    while (bytes.len > 0) {
        size_t piece = bytes.len < len ? bytes.len : len;

        peer_give(p, slice_of(bytes.data, piece));
        bytes = slice_after(bytes, piece);
    }
}

void peer_send(struct peer *p, struct slice bytes)
{
    peer_put_data(p, bytes);
    site_run(p->site);
}

void peer_take(struct peer *p, size_t len)
{
    do {
        p->stream.room = len;
        site_run(p->site);
    } while (p->stream.room < len && !p->stream.is_closed);
    p->stream.room = 0;
}

void peer_block(struct peer *p)
{
    p->stream.room = 0;
}

void peer_unblock(struct peer *p)
{
    p->stream.room = SIZE_MAX;
    site_run(p->site);
}

void peer_half_close(struct peer *p)
{
    p->stream.is_ended = true;
    site_run(p->site);
}

void peer_end(struct peer *p)
{
    peer_half_close(p);
    fall_due(p->site, &p->site->ctx.clients->half_closes);
}

void peer_break(struct peer *p)
{
    p->stream.is_broken = true;
    site_run(p->site);
}

static bool came(struct buf *what, struct slice expected, const char *kind)
{
    struct slice bytes = buf_bytes(what);
    bool is_it = slice_is_equal(bytes, expected);

    if (!is_it)
        fprintf(stderr, "%s came (%zu bytes): %.*s\n", kind, bytes.len,
                (int)(bytes.len < 1000 ? bytes.len : 1000),
                (const char *)bytes.data);
    buf_take(what, bytes.len);
    return is_it;
}

bool peer_got(struct peer *p, struct slice data)
{
    return came(&p->data, data, "data");
}

bool peer_heard(struct peer *p, const char *said)
{
    return came(&p->said, slice_of_text(said), "commands");
}

void peer_forget(struct peer *p)
{
    buf_take(&p->data, p->data.len);
    buf_take(&p->said, p->said.len);
}

uint8_t pattern_at(uint64_t at)
{
    if (at % 5 == 0 || at % 7 == 0)
        return 255;
    return at % 11 == 0 ? 13 : (uint8_t)(at * 31 + (at >> 8) * 7);
}

void pattern_fill(uint8_t *to, size_t len, uint64_t at)
{
    for (size_t i = 0; i < len; i++)
        to[i] = pattern_at(at + i);
}

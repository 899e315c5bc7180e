#include "daemon/parts/daemon_state.h"

#include "api/events/event_tell.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/directory.h"
#include "daemon/alerts/daemon_alerts.h"
#include "daemon/parts/daemon_hooks.h"
#include "daemon/parts/daemon_logs.h"
#include "daemon/parts/daemon_ports.h"
#include "daemon/parts/words.h"
#include "log/log.h"
#include "log/log_words.h"
#include "net/address.h"
#include "net/waker.h"
#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    US_PER_S = 1000 * 1000,
    /* How long a new port waits for the disk before it is announced. */
    ANNOUNCE_US = US_PER_S,
    /* How long the end waits for the disk. */
    CLOSE_US = 3 * US_PER_S,
    /* Changes that are kept without --console-limit; some 250 bytes each. */
    PENDING_MAX = 1000 * 1000,
};

/* A new port that is not announced. */
struct announcement {
    struct deadline due;
    uint64_t number; /* of the change that must be on the disk */
    struct console *console;
    struct fact_vm_attached attached;
};

static struct announcement *announcement_at(struct deadline *due)
{
    return CONTAINER_OF(due, struct announcement, due);
}

/* ---- announcing ------------------------------------------------------- */

static void announce(struct announcement *a)
{
    a->console->is_port_new = false;
    words_log_connected(a->console, &a->attached);
    deadline_stop(&a->due);
    free(a);
}

/* Announces all ports up to this change; UINT64_MAX: all, because the disk
 * fails. The queue is in the order of starting, and changes are numbered in
 * that order, so the first larger number ends the walk. */
static void announce_up_to(struct daemon_state *s, uint64_t number)
{
    LIST_EACH (node, after, &s->announcements.waiting) {
        struct announcement *a =
            announcement_at(CONTAINER_OF(node, struct deadline, node));

        if (a->number > number)
            break;
        announce(a);
    }
}

/* Must precede every other message about the console. */
static void announce_console(struct daemon_state *s, const struct console *c)
{
    if (!c->is_port_new)
        return;
    LIST_EACH (node, after, &s->announcements.waiting) {
        struct announcement *a =
            announcement_at(CONTAINER_OF(node, struct deadline, node));

        if (a->console == c)
            announce(a);
    }
}

static void announce_later(struct daemon_state *s, struct console *c,
                           const struct fact_vm_attached *attached,
                           uint64_t number)
{
    struct announcement *a = xcalloc(1, sizeof *a);

    a->number = number;
    a->console = c;
    a->attached = *attached;
    deadline_init(&a->due);
    deadline_start(&s->announcements, &a->due, clock_now_us());
}

static void daemon_state_announcement_due(struct deadline *due, void *owner)
{
    struct daemon_state *s = owner;

    if (!s->is_slow)
        log_warning(LOG_STATE_SLOW " file=%s", LOG_TEXT(s->path));
    s->is_slow = true;
    announce(announcement_at(due));
}

/* ---- writing ---------------------------------------------------------- */

/* Since when the console has neither VM nor client; 0: it has one. */
static int64_t left_s(const struct console *c, int64_t now_s)
{
    uint64_t since_us;

    if (!console_left_since(c, &since_us))
        return 0;
    return now_s - (int64_t)((clock_now_us() - since_us) / US_PER_S);
}

/* vm_seen: the VM connects or disconnects now. */
static uint64_t put(struct daemon_state *s, const struct console *c,
                    bool vm_seen)
{
    int64_t now_s = clock_utc_s();
    struct store_record record = {
        .uuid = c->uuid,
        .label = c->label,
        .name = c->name,
        .address = c->link != NULL ? c->link->peer : "",
        .first_seen_s = now_s,
        .last_seen_s = vm_seen ? now_s : 0,
        .left_s = left_s(c, now_s),
        .port = c->port_number,
        .is_proven = c->is_proven,
        .came_by_tls = c->came_by_tls,
        .is_keyed = c->is_keyed,
    };

    return store_put(s->store, &record);
}

static void put_all(struct daemon_state *s)
{
    struct directory_cursor cursor = { 0 };
    const struct console *c;

    while ((c = directory_next(s->links.directory, &cursor)) != NULL)
        put(s, c, c->link != NULL);
}

void daemon_state_vm_came(struct daemon_state *s, struct console *c,
                          const struct fact_vm_attached *attached)
{
    uint64_t number = 0;

    /* Written first and announced afterwards, so that no crash in between takes
     * back an announced port. A disk that fails is not waited for: a port that
     * nobody knows is of less use than one that may change after a crash. */
    if (s->store != NULL && !s->is_ending)
        number = put(s, c, true);
    if (c->is_port_new && number != 0 && !s->is_failing && !s->is_slow) {
        announce_later(s, c, attached, number);
        return;
    }
    c->is_port_new = false;
    words_log_connected(c, attached);
}

void daemon_state_changed(struct daemon_state *s, struct console *c,
                          bool vm_left)
{
    /* Before the line of the VM's end. */
    if (vm_left)
        announce_console(s, c);
    if (s->store != NULL && !s->is_ending)
        put(s, c, vm_left);
}

void daemon_state_labelled(struct daemon_state *s, const struct console *c)
{
    if (s->store != NULL && !s->is_ending)
        store_forget(s->store, c->uuid, "");
}

void daemon_state_forget(struct daemon_state *s, struct console *c)
{
    announce_console(s, c);
    if (s->store != NULL)
        store_forget(s->store, c->uuid, c->label);
}

void daemon_state_put_note(struct daemon_state *s,
                           const struct store_note *note)
{
    if (s->store != NULL)
        store_put_note(s->store, note);
}

/* ---- news ------------------------------------------------------------- */

static void log_news(struct daemon_state *s, const struct store_news *news)
{
    if (news->aside[0] != '\0')
        log_error(LOG_STATE_DAMAGED " file=%s moved-to=%s reason=%s",
                  LOG_TEXT(s->path), LOG_TEXT(news->aside),
                  LOG_TEXT(news->trouble));
    if (news->is_failing && !s->is_failing)
        log_error(LOG_STATE_NOT_WRITTEN " file=%s reason=%s", LOG_TEXT(s->path),
                  LOG_TEXT(news->trouble));
    if (!news->is_failing && s->is_failing)
        log_info(LOG_STATE_WRITTEN " file=%s waiting=%zu dropped=%llu",
                 LOG_TEXT(s->path), news->waiting,
                 (unsigned long long)news->dropped);
    s->is_failing = news->is_failing;
    s->dropped = news->dropped;
}

static void daemon_state_on_news(void *owner)
{
    struct daemon_state *s = owner;
    struct store_news news;

    store_take_news(s->store, &news);
    log_news(s, &news);
    if (!news.is_failing && s->is_slow) {
        log_info(LOG_STATE_ANSWERS " file=%s", LOG_TEXT(s->path));
        s->is_slow = false;
    }
    /* After log_news, which gives the reason of an early announcement. */
    announce_up_to(s, news.is_failing ? UINT64_MAX : news.written);
    if (news.wants_all) {
        put_all(s);
        daemon_alerts_keep_all(s->links.alerts);
    }
}

/* Called on the store's thread. */
static void daemon_state_wake(void *owner)
{
    waker_wake(((struct daemon_state *)owner)->waker);
}

/* ---- the start -------------------------------------------------------- */

struct known {
    struct console *console;
    int64_t left_s;
    int64_t last_seen_s;
};

struct loading {
    struct daemon_state *state;
    int64_t now_s;
    struct known *known;
    size_t cap;
};

/* We write clean texts only, but the file may not be written by us. Invisible
 * characters were left in names by earlier versions. */
static bool is_clean(const char *text)
{
    struct slice rest = slice_of_text(text);

    if (rest.len > TEXT_ID_MAX)
        return false;
    while (rest.len > 0) {
        uint32_t code;
        size_t len = text_character(rest, &code);

        if (len == 0 || text_is_control(code))
            return false;
        rest = slice_after(rest, len);
    }
    return true;
}

static bool is_usable(const struct store_record *r)
{
    return r->uuid[0] != '\0' && is_clean(r->uuid) && is_clean(r->label) &&
           is_clean(r->name) && r->left_s >= 0;
}

static void remember(struct loading *loading, struct console *c,
                     const struct store_record *record)
{
    struct daemon_state *s = loading->state;

    if (s->known == loading->cap) {
        size_t cap = loading->cap > 0 ? loading->cap * 2 : 256;
        struct known *more = xcalloc(cap, sizeof *more);

        if (loading->cap > 0)
            memcpy(more, loading->known, loading->cap * sizeof *more);
        free(loading->known);
        loading->known = more;
        loading->cap = cap;
    }
    loading->known[s->known++] = (struct known){
        .console = c,
        .left_s = record->left_s,
        .last_seen_s = record->last_seen_s,
    };
}

/* A new console expires sooner, whether vspcd runs or not. */
static bool has_expired(const struct loading *loading,
                        const struct store_record *r)
{
    uint64_t expire_us =
        directory_expire_us(loading->state->links.directory, r->is_proven);

    return r->left_s != 0 &&
           loading->now_s - r->left_s >= (int64_t)(expire_us / US_PER_S);
}

static struct console_past past_of(const struct store_record *r)
{
    struct console_past past = {
        .is_proven = r->is_proven,
        .came_by_tls = r->came_by_tls,
        .is_keyed = r->is_keyed,
    };
    char host[ADDRESS_HOST_MAX + 1];
    struct address address;
    struct err why;
    uint16_t port;

    if (address_split(r->address, 0, host, &port, &why) == 0 &&
        address_parse(host, port, &address, &why) == 0)
        (void)address_ip(&address, &past.ip);
    return past;
}

static bool daemon_state_on_record(void *owner,
                                   const struct store_record *record)
{
    struct loading *loading = owner;
    struct daemon_state *s = loading->state;
    char name[TEXT_ID_MAX + 1];
    struct vm_identity identity = {
        .uuid = record->uuid,
        .label = record->label,
        .name = name,
    };
    struct console_past past = past_of(record);
    struct console *c;

    if (!is_usable(record))
        return false;
    if (has_expired(loading, record)) {
        s->expired++;
        daemon_hooks_tell_gone(s->links.hooks, record);
        event_tell_gone(s->links.events, record->uuid, record->label,
                        record->name, record->port);
        return false;
    }
    text_clean(name, sizeof name, slice_of_text(record->name));
    c = directory_restore(s->links.directory, &identity, &past);
    if (c == NULL) {
        s->left_out++;
        return true;
    }
    c->port_number = record->port;
    daemon_logs_add(s->links.logs, c, true);
    remember(loading, c, record);
    return true;
}

static void daemon_state_on_note(void *owner, const struct store_note *note)
{
    const struct loading *loading = owner;

    daemon_alerts_load(loading->state->links.alerts, note);
}

/* Sorts by the time of leaving; consoles that were not seen to leave come
 * last. */
static int daemon_state_by_leaving(const void *a, const void *b)
{
    const struct known *x = a;
    const struct known *y = b;

    if (x->left_s != y->left_s) {
        if (x->left_s == 0 || y->left_s == 0)
            return x->left_s == 0 ? 1 : -1;
        return x->left_s < y->left_s ? -1 : 1;
    }
    return (x->last_seen_s > y->last_seen_s) -
           (x->last_seen_s < y->last_seen_s);
}

static void start_expiry(struct daemon_state *s, const struct known *k,
                         int64_t now_s)
{
    /* The system's clock may have been set back. */
    bool is_gone = k->left_s != 0 && k->left_s <= now_s;
    int64_t gone_s = is_gone ? now_s - k->left_s : 0;

    directory_restore_expiry(k->console, (uint64_t)gone_s * US_PER_S,
                             clock_now_us());
    /* Records the time, so that daily restarts do not keep the console for
     * ever. */
    if (!is_gone)
        put(s, k->console, false);
}

static void open_known_port(struct daemon_state *s, struct console *c)
{
    int r;

    if (c->port_number == 0 || s->links.settings->no_vm_ports)
        return;
    r = daemon_ports_give_known(s->links.ports, c);
    if (r == 0)
        return;
    s->portless++;
    log_warning(LOG_CONSOLE_PORT_NOT_OPENED " console=%s port=%u reason=%s",
                LOG_TEXT(console_name(c).text), c->port_number,
                LOG_TEXT(r == -EADDRINUSE ? "another program uses the port"
                         : r == -ERANGE   ? "the port is no longer in the range"
                                          : strerror(-r)));
}

/* After the whole file was read: expiry and ports need an order of all consoles
 * that the file does not have. */
static void settle(struct loading *loading)
{
    struct daemon_state *s = loading->state;
    size_t count = s->known;

    if (count == 0)
        return;
    /* A deadline queue must be filled in the order of falling due: the console
     * that was left longest ago first. */
    qsort(loading->known, count, sizeof *loading->known,
          daemon_state_by_leaving);
    for (size_t i = 0; i < count; i++)
        start_expiry(s, &loading->known[i], loading->now_s);
    /* If two consoles claim one port, the one seen most recently keeps it, so
     * its port is opened first. */
    for (size_t i = count; i > 0; i--)
        open_known_port(s, loading->known[i - 1].console);
}

/* ---- opening and closing ---------------------------------------------- */

static int open_store(struct daemon_state *s, struct loading *loading,
                      struct err *err)
{
    const struct settings *settings = s->links.settings;
    uint64_t limit = settings->console_limit;
    struct store_settings store = {
        .path = s->path,
        .is_own_place = settings->state_file == NULL,
        .make_place = settings->state_file == NULL ? state_path_make : NULL,
        .seed = { s->links.directory->settings.seed[0],
                  s->links.directory->settings.seed[1] },
        /* For each present console, and as many former ones. */
        .pending_max = limit != 0 ? 2 * limit : PENDING_MAX,
        .each_note = daemon_state_on_note,
        .on_news = daemon_state_wake,
        .owner = s,
    };
    struct err why = { "" };
    int r = waker_open(s->links.loop, daemon_state_on_news, s, &s->waker);

    if (r < 0) {
        err_set(err, "cannot keep state: %s", strerror(-r));
        return r;
    }
    r = store_open(&s->store, &store, daemon_state_on_record, loading, &why);
    if (r == 0)
        return 0;
    waker_close(s->waker);
    return state_path_explain(s->path, r, &why, err);
}

int daemon_state_open(struct daemon_state *s, const struct state_links *links,
                      struct err *err)
{
    struct loading loading = { .state = s, .now_s = clock_utc_s() };
    uint64_t begun_us = clock_now_us();
    int r;

    *s = (struct daemon_state){ .links = *links };
    deadline_queue_open(&s->announcements, ANNOUNCE_US,
                        daemon_state_announcement_due, s);
    if (s->links.settings->backend != SETTINGS_BACKEND_FILE)
        return 0;
    r = state_path_find(s->links.settings, s->path, err);
    if (r == -ENOENT) {
        log_warning(LOG_STATE_NOT_KEPT " reason=%s",
                    LOG_TEXT("there is no directory for the state file: set "
                             "STATE_DIRECTORY or --file"));
        return 0;
    }
    if (r < 0)
        return r;
    /* The only place that waits for the disk: without the known consoles, their
     * ports would be given to others. */
    log_info(LOG_STATE_LOADING " file=%s", LOG_TEXT(s->path));
    log_flush();
    r = open_store(s, &loading, err);
    if (r == 0)
        settle(&loading);
    free(loading.known);
    if (r < 0)
        return r;
    loop_watch(s->links.loop, &s->announcements);
    s->took_us = clock_now_us() - begun_us;
    daemon_state_on_news(s); /* reports the state of the start */
    return 0;
}

bool daemon_state_is_kept(const struct daemon_state *s)
{
    return s->store != NULL && !s->is_failing;
}

void daemon_state_log(const struct daemon_state *s)
{

    if (s->left_out > 0)
        log_warning(LOG_STATE_TOO_LARGE " left-out=%u reason=%s", s->left_out,
                    LOG_TEXT("raise the limit, or the consoles that are left "
                             "out get other ports"));
    if (s->store != NULL)
        log_info(LOG_STATE_LOADED
                 " file=%s consoles=%u without-port=%u expired=%u ms=%llu",
                 LOG_TEXT(s->path), s->known, s->portless, s->expired,
                 (unsigned long long)s->took_us / 1000);
}

void daemon_state_count(const struct daemon_state *s, struct census *census)
{
    census->state_failing = s->is_failing;
    census->state_dropped = s->dropped;
}

void daemon_state_end(struct daemon_state *s)
{
    s->is_ending = true;
}

void daemon_state_close(struct daemon_state *s)
{
    struct store_news news = { 0 };

    if (!store_close(s->store, CLOSE_US, &news))
        log_error(LOG_STATE_LOST " file=%s changes=%zu reason=%s",
                  LOG_TEXT(s->path), news.waiting, LOG_TEXT(news.trouble));
    /* Until store_close the store's thread may call the waker. */
    waker_close(s->waker);
    /* Announces what still waits for the disk, so that each VM has its line. */
    announce_up_to(s, UINT64_MAX);
    deadline_queue_close(&s->announcements);
}

/*
 * All recordings: which there are, when one begins and ends, and what the
 * writers have to tell.
 */
#include "record/record.h"

#include "base/clock.h"
#include "base/mem.h"
#include "conlog/file/conlog_space.h"
#include "core/client.h"
#include "core/console.h"
#include "core/told/fact.h"
#include "record/record_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { US_PER_S = 1000 * 1000, WHO_MAX = 512 };

/* Clients that attach and detach without end would make files without end, and
 * older recordings go from lists, and from the disk, for them. */
static const struct rate often = {
    .interval_ns = UINT64_C(1000) * US_PER_S * RECORD_OFTEN_S,
    .burst = RECORD_OFTEN_BURST,
};

/* ---- finding ---------------------------------------------------------- */

/* A console has one recording by rule, and one on demand. */
struct key {
    uint32_t console;
    uint32_t is_on_demand;
};

static struct key key_of(const struct console *c, bool is_on_demand)
{
    return (struct key){ c->number, is_on_demand };
}

static struct key key_of_record(const struct console_record *record)
{
    return key_of(record->tap.reader.console, record->reason == RECORD_DEMAND);
}

static uint64_t hash_of(const struct recorder *r, struct key key)
{
    return map_hash(&r->records, slice_of(&key, sizeof key));
}

static bool record_has_key(const void *value, const void *key)
{
    const struct key *wanted = key;
    struct key has = key_of_record(value);

    return has.console == wanted->console &&
           has.is_on_demand == wanted->is_on_demand;
}

static uint64_t id_hash(const struct recorder *r, const char *id)
{
    return map_hash(&r->ids, slice_of_text(id));
}

static bool record_has_id(const void *value, const void *id)
{
    return strcmp(((const struct console_record *)value)->id.text, id) == 0;
}

/* NULL: there is none. */
static struct console_record *find(const struct recorder *r,
                                   const struct console *c, bool is_on_demand)
{
    struct key key = key_of(c, is_on_demand);

    if (r->records.count == 0)
        return NULL;
    return map_find(&r->records, hash_of(r, key), record_has_key, &key);
}

static struct console_record *record_at(struct list *node)
{
    return CONTAINER_OF(node, struct console_record, node);
}

/* ---- writers ---------------------------------------------------------- */

static struct conlog_settings settings_of_writers(
    const struct record_settings *settings)
{
    struct conlog_settings to = {
        .keep_free = settings->keep_free,
        .total = settings->keep_size,
        .mode = 0640,
        .uid = (uid_t)-1,
        .gid = (gid_t)-1,
        .open_max = settings->open_max,
        .render = record_cast_render,
        .part_end = ".cast",
        .keep_s = settings->keep_s,
    };

    snprintf(to.directory, sizeof to.directory, "%s", settings->directory);
    return to;
}

/* Most installations have no recordings, and no threads for them. */
static bool open_writers(struct recorder *r)
{
    const struct conlog_settings settings = settings_of_writers(&r->settings);

    if (r->taps.writers != NULL)
        return true;
    return r->settings.directory[0] != '\0' &&
           conlog_writers_open(&r->taps.writers, &settings, r->callbacks.wake,
                               r->callbacks.owner, r->seed) == 0;
}

static void record_on_news(void *owner, const struct conlog_writers_news *news)
{
    const struct record_callbacks *callbacks =
        &((struct recorder *)owner)->callbacks;
    const struct console *c = NULL;

    if (news->slot != NULL) {
        struct console_record *record =
            CONTAINER_OF(news->slot, struct console_record, tap.slot);

        c = record->tap.reader.console;
        if (news->error != 0)
            record->error = news->error;
    }
    if (news->compression != NULL)
        callbacks->on_compression(callbacks->owner, c, news->path,
                                  news->compression);
    if (news->has_new_error)
        callbacks->on_state(callbacks->owner, c, news->path, news->error);
}

/* News first: written jobs have made room, and errors that are over must be
 * cleared before a recording takes more. */
void record_wake(struct recorder *r, uint64_t now_us)
{
    struct conlog_sweep_result swept;

    if (r->taps.writers == NULL)
        return;
    conlog_writers_take_news(r->taps.writers, record_on_news, r);
    if (conlog_writers_take_swept(r->taps.writers, &swept))
        r->callbacks.on_deletion(r->callbacks.owner, swept.path, swept.files,
                                 swept.freed);
    conlog_taps_retry(&r->taps, now_us);
}

/* ---- beginning and ending --------------------------------------------- */

static const char input_notice[] =
    "what is typed here is recorded, as far as the VM shows it";

static void tell_of_input(const struct console *c)
{
    LIST_EACH (node, after, &c->clients) {
        if (client_at(node)->right >= RIGHT_WRITE)
            client_say(client_at(node), input_notice);
    }
}

/* NULL: there can be none now. */
static struct console_record *begin(struct recorder *r, struct console *c,
                                    const struct console_record_start *start,
                                    uint64_t now_us)
{
    struct console_record *record;
    struct record_info info;

    if (!open_writers(r) || conlog_writers_are_full(r->taps.writers))
        return NULL;
    record = console_record_begin(r, c, start, now_us);
    list_add_tail(&r->all, &record->node);
    map_add(&r->records, hash_of(r, key_of_record(record)), record);
    map_add(&r->ids, id_hash(r, record->id.text), record);
    r->counts.live++;
    r->counts.started++;
    info = console_record_info(record);
    r->callbacks.on_started(r->callbacks.owner, &info);
    if (start->has_input)
        tell_of_input(c);
    return record;
}

/* on_ended is told before: the console is there, and so are the texts. */
static void end(struct console_record *record, const char *why,
                bool is_program_end, uint64_t now_us)
{
    struct recorder *r = record->recorder;
    struct record_info info = console_record_info(record);

    list_remove(&record->node);
    map_remove(&r->records, hash_of(r, key_of_record(record)), record);
    map_remove(&r->ids, id_hash(r, record->id.text), record);
    r->counts.live--;
    if (!is_program_end)
        r->callbacks.on_ended(r->callbacks.owner, &info, why);
    console_record_end(record, why, is_program_end, now_us);
}

static void watch_end(struct recorder *r, uint64_t now_us)
{
    if (!deadline_is_running(&r->second))
        deadline_start(&r->seconds, &r->second, now_us);
}

/* ---- by rule ---------------------------------------------------------- */

/* Whether the console is recorded by rule now, and why. */
static bool is_wanted(const struct recorder *r, const struct console *c,
                      struct access_recording rule,
                      enum record_reason *ret_reason)
{
    *ret_reason =
        rule.record == ACCESS_RECORD_ALWAYS ? RECORD_RULE : RECORD_SESSION;
    return r->settings.directory[0] != '\0' &&
           (rule.record == ACCESS_RECORD_ALWAYS ||
            (rule.record == ACCESS_RECORD_SESSIONS && c->client_count > 0));
}

static const char deserted[] = "the last client has detached";

static const char *why_not(struct access_recording rule,
                           enum record_reason reason)
{
    return rule.record == ACCESS_RECORD_SESSIONS && reason == RECORD_SESSION
               ? deserted
               : "the rules have changed";
}

/* Whether a recording of sessions goes on though the last client has detached:
 * very many have ended lately, and the next client finds it. */
static bool lingers(struct recorder *r, struct console_record *record,
                    struct access_recording rule, uint64_t now_us)
{
    if (rule.record != ACCESS_RECORD_SESSIONS ||
        record->reason != RECORD_SESSION ||
        (record->echo != NULL) != rule.has_input)
        return false;
    if (record->ends_us != 0)
        return now_us < record->ends_us;
    if (rate_take(&r->sessions_ns, &often, now_us))
        return false;
    record->ends_us = now_us + RECORD_LINGER_US;
    watch_end(r, now_us);
    return true;
}

void record_judge(struct recorder *r, struct console *c, bool has_come,
                  uint64_t now_us)
{
    struct access_recording rule = r->callbacks.rules(r->callbacks.owner, c);
    struct console_record *on_demand = find(r, c, true);
    struct console_record *record = find(r, c, false);
    struct console_record_start start = {
        .by = "",
        .begins_at = has_come ? ring_tail(&c->output) : c->output.head,
        .has_input = rule.has_input,
    };
    bool is = is_wanted(r, c, rule, &start.reason) &&
              (record != NULL || console_has_vm(c) || c->client_count > 0);

    start.looks_back = !has_come && start.reason == RECORD_SESSION;

    if (on_demand != NULL && on_demand->echo != NULL && !rule.has_input) {
        console_record_set_input(on_demand, false, now_us);
        console_record_mark(on_demand, RECORD_CAST_KEYS ": the rules forbid it",
                            now_us);
    }
    if (record != NULL && is && record->reason == start.reason &&
        (record->echo != NULL) == rule.has_input) {
        record->ends_us = 0;
        return;
    }
    if (record != NULL && lingers(r, record, rule, now_us))
        return;
    if (record != NULL)
        end(record, why_not(rule, record->reason), false, now_us);
    if (is)
        (void)begin(r, c, &start, now_us);
}

void record_forget(struct recorder *r, const struct console *c, uint64_t now_us)
{
    for (int i = 0; i < 2; i++) {
        struct console_record *record = find(r, c, i != 0);

        if (record != NULL)
            end(record, "the console is forgotten", false, now_us);
    }
}

/* ---- on demand -------------------------------------------------------- */

enum record_outcome record_start(struct recorder *r, struct console *c,
                                 const struct record_wish *wish,
                                 struct record_info *ret_info)
{
    uint64_t now_us = clock_now_us();
    struct access_recording rule = r->callbacks.rules(r->callbacks.owner, c);
    struct console_record *record = find(r, c, true);
    const struct console_record_start start = {
        .reason = RECORD_DEMAND,
        .by = wish->by,
        .begins_at = c->output.head,
        .looks_back = true,
        .has_input = wish->has_input,
    };

    if (record != NULL) {
        *ret_info = console_record_info(record);
        return RECORD_GOES_ON;
    }
    if (wish->has_input && !rule.has_input)
        return RECORD_NO_INPUT;
    if (!rate_take(&r->demands_ns, &often, now_us))
        return RECORD_TOO_OFTEN;
    record = begin(r, c, &start, now_us);
    if (record == NULL)
        return RECORD_IS_OFF;
    if (wish->length_us > 0 && wish->length_us < UINT64_MAX - now_us) {
        record->ends_us = now_us + wish->length_us;
        watch_end(r, now_us);
    }
    *ret_info = console_record_info(record);
    return RECORD_STARTED;
}

bool record_stop(struct recorder *r, const struct console *c, const char *by,
                 struct record_info *ret_info)
{
    struct console_record *record = find(r, c, true);
    char why[WHO_MAX];

    if (record == NULL)
        return false;
    *ret_info = console_record_info(record);
    snprintf(why, sizeof why, "stopped by %s", by);
    end(record, why, false, clock_now_us());
    return true;
}

static void record_second_due(struct deadline *deadline, void *owner)
{
    struct recorder *r = owner;
    uint64_t now_us = r->seconds.fired_us;
    bool is_any_left = false;

    (void)deadline;
    LIST_EACH (node, after, &r->all) {
        struct console_record *record = record_at(node);

        if (record->ends_us == 0)
            continue;
        if (now_us < record->ends_us)
            is_any_left = true;
        else
            end(record,
                record->reason == RECORD_DEMAND ? "its time is over" : deserted,
                false, now_us);
    }
    if (is_any_left)
        watch_end(r, now_us);
}

/* ---- markers ---------------------------------------------------------- */

static void mark(struct recorder *r, const struct console *c, const char *text,
                 uint64_t now_us)
{
    for (int i = 0; i < 2; i++) {
        struct console_record *record = find(r, c, i != 0);

        if (record != NULL)
            console_record_mark(record, text, now_us);
    }
}

void record_mark(struct recorder *r, const struct console *c, const char *words,
                 const char *about, uint64_t now_us)
{
    char text[RECORD_CAST_MARKER_MAX];

    snprintf(text, sizeof text, "%s: %s", words, about);
    mark(r, c, text, now_us);
}

static bool records_input(const struct recorder *r, const struct console *c)
{
    for (int i = 0; i < 2; i++) {
        const struct console_record *record = find(r, c, i != 0);

        if (record != NULL && record->echo != NULL)
            return true;
    }
    return false;
}

static void tell_client(const struct console *c, uint64_t number)
{
    LIST_EACH (node, after, &c->clients) {
        struct client *client = client_at(node);

        if (client->number == number && client->right >= RIGHT_WRITE)
            client_say(client, input_notice);
    }
}

void record_mark_client(struct recorder *r, const struct console *c,
                        const struct fact_client *client, bool is_attached,
                        uint64_t now_us)
{
    char who[WHO_MAX];

    if (r->records.count == 0)
        return;
    snprintf(who, sizeof who, "%s by %s%s%s",
             client->name != NULL ? client->name : "somebody",
             client_door_name((enum client_door)client->door),
             client->peer[0] != '\0' ? " from " : "", client->peer);
    record_mark(r, c, is_attached ? RECORD_CAST_ATTACHED : RECORD_CAST_DETACHED,
                who, now_us);
    if (is_attached && records_input(r, c))
        tell_client(c, client->number);
}

/* ---- asking ----------------------------------------------------------- */

/* False: there is no record. */
static bool tell_info(const struct console_record *record,
                      struct record_info *ret_info)
{
    if (record == NULL)
        return false;
    *ret_info = console_record_info(record);
    return true;
}

bool record_find(const struct recorder *r, const char *id,
                 struct record_info *ret_info)
{
    return tell_info(map_find(&r->ids, id_hash(r, id), record_has_id, id),
                     ret_info);
}

bool record_find_on_demand(const struct recorder *r, const struct console *c,
                           struct record_info *ret_info)
{
    return tell_info(find(r, c, true), ret_info);
}

const char *record_directory(const struct recorder *r)
{
    return r->settings.directory[0] != '\0' ? r->settings.directory : NULL;
}

struct record_counts record_count(const struct recorder *r)
{
    struct record_counts counts = r->counts;

    if (r->taps.writers != NULL)
        conlog_writers_count(r->taps.writers, &counts.held, &counts.failing);
    return counts;
}

/* ---- all -------------------------------------------------------------- */

static void record_echo_due(struct deadline *deadline, void *owner)
{
    const struct recorder *r = owner;

    console_record_check_echo(
        CONTAINER_OF(deadline, struct console_record, echo_wait),
        r->echoes.fired_us);
}

/* Files that are too old go also while nothing is recorded. */
static void start_looking(struct recorder *r, uint64_t now_us)
{
    const struct conlog_settings settings = settings_of_writers(&r->settings);
    uint64_t length_us = conlog_space_expiry_us(&settings);

    deadline_stop(&r->look);
    if (length_us == 0 || !open_writers(r))
        return;
    deadline_queue_set_length(&r->looks, length_us);
    deadline_start(&r->looks, &r->look, now_us);
    conlog_writers_look(r->taps.writers);
}

static void record_look_due(struct deadline *deadline, void *owner)
{
    struct recorder *r = owner;

    (void)deadline;
    start_looking(r, r->looks.fired_us);
}

struct recorder *record_open(const struct record_settings *settings,
                             const struct record_callbacks *callbacks,
                             const uint64_t seed[2])
{
    struct recorder *r = xcalloc(1, sizeof *r);

    r->settings = *settings;
    r->callbacks = *callbacks;
    memcpy(r->seed, seed, sizeof r->seed);
    conlog_taps_init(&r->taps);
    map_init(&r->records, seed);
    map_init(&r->ids, seed);
    list_init(&r->all);
    deadline_queue_open(&r->echoes, RECORD_ECHO_US, record_echo_due, r);
    deadline_queue_open(&r->seconds, US_PER_S, record_second_due, r);
    deadline_init(&r->second);
    deadline_queue_open(&r->looks, US_PER_S, record_look_due, r);
    deadline_init(&r->look);
    start_looking(r, clock_now_us());
    return r;
}

void record_watch(struct recorder *r,
                  void (*watch)(void *owner, struct deadline_queue *queue),
                  void *owner)
{
    watch(owner, &r->taps.batches);
    watch(owner, &r->taps.ticks);
    watch(owner, &r->echoes);
    watch(owner, &r->seconds);
    watch(owner, &r->looks);
}

void record_set(struct recorder *r, const struct record_settings *settings,
                uint64_t now_us)
{
    char directory[RECORD_DIRECTORY_MAX];
    struct conlog_settings to;

    snprintf(directory, sizeof directory, "%s", r->settings.directory);
    r->settings = *settings;
    snprintf(r->settings.directory, sizeof r->settings.directory, "%s",
             directory);
    if (r->taps.writers != NULL) {
        to = settings_of_writers(&r->settings);
        conlog_writers_set(r->taps.writers, &to);
        conlog_taps_start_tick(&r->taps, now_us);
    }
    start_looking(r, now_us);
}

static void record_count_left(void *owner,
                              const struct conlog_writers_news *left)
{
    unsigned *count = owner;

    (void)left;
    ++*count;
}

/* Threads that are left behind use the writers alone, so r can be freed. */
unsigned record_close(struct recorder *r, uint64_t wait_us)
{
    unsigned left = 0;

    if (r == NULL)
        return 0;
    LIST_EACH (node, after, &r->all)
        end(record_at(node), "vspcd stops", true, clock_now_us());
    deadline_stop(&r->taps.tick);
    deadline_stop(&r->second);
    deadline_stop(&r->look);
    conlog_writers_close(r->taps.writers, wait_us, record_count_left, &left);
    map_done(&r->records);
    map_done(&r->ids);
    free(r);
    return left;
}

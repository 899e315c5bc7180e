/*
 * The loop's side: a watch for each console that a rule applies to, which takes
 * output from the ring as a console log does, but is never waited for.
 *
 * A watch is small. What costs memory, the thread's subject, begins with the
 * first output (has_target).
 *
 * New rules are in force for the loop (which consoles they apply to, and their
 * counts) when they are compiled, and for the thread when it comes to that
 * order; finds of the former rules may come meanwhile, and bring them along.
 */
#include "alert/alert.h"

#include "alert/alert_compiler.h"
#include "alert/alert_thread.h"
#include "base/clock.h"
#include "base/mem.h"
#include "core/console.h"
#include "core/directory.h"
#include "core/reader.h"

#include <stdlib.h>
#include <string.h>

/* Bytes that are copied at once. */
enum { PIECE_MAX = 16 * 1024, US_PER_MS = 1000 };

/* Finds that are told in one turn of the loop: whoever is told writes lines,
 * events and JSON of some KiB for each. */
enum { TOLD_AT_ONCE = 8 };

/* Of a rule in force. */
struct tally {
    uint64_t found;
    uint64_t others;
};

struct alert_engine {
    struct alert_callbacks callbacks;
    struct alert_thread *thread; /* NULL: there were no rules yet */
    struct alert_compiler *compiler;
    struct alert_rules *rules;     /* in force; NULL: none yet */
    struct tally *tallies;         /* of the rules */
    struct deadline_queue batches; /* struct alert_watch.waits */
    struct deadline_queue compilings;
    struct deadline compiling;
    struct list watches; /* struct alert_watch.node */
    struct list left;    /* the same, until the thread has given them back */
    struct list refused; /* struct alert_watch.waits.node: no room */
    struct list finds;   /* taken from the thread, and not told yet */
    struct list targets; /* came with them */
    uint64_t taken;
    uint64_t missed;
    uint64_t found;
    uint64_t consoles;
};

struct alert_watch {
    struct reader reader;
    struct list node;
    struct alert_engine *engine;
    struct deadline waits; /* its batch; or its node is in engine->refused */
    bool is_refused;       /* the latter */
    struct alert_target target;
    uint8_t *bits;   /* rules that apply */
    bool has_target; /* the thread knows it */
};

/* ---- taking output --------------------------------------------------------
 */

static struct alert_watch *watch_of(struct reader *reader)
{
    return CONTAINER_OF(reader, struct alert_watch, reader);
}

static void begin_target(struct alert_watch *w)
{
    if (w->has_target)
        return;
    w->has_target = true;
    alert_thread_apply(w->engine->thread, &w->target, w->bits,
                       alert_rules_bits_len(w->engine->rules));
}

/* Takes all that is there, as far as there is room. */
static void take(struct alert_watch *w, uint64_t now_us)
{
    struct alert_engine *e = w->engine;

    deadline_stop(&w->waits);
    w->is_refused = false;
    while (!reader_has_caught_up(&w->reader)) {
        struct ring_span span;
        uint64_t lost = reader_peek(&w->reader, &span);
        size_t len = span.part[0].len + span.part[1].len;

        if (lost > 0) {
            e->missed += lost;
            e->callbacks.on_missed(e->callbacks.owner, w->reader.console, lost);
        }
        if (len == 0)
            return;
        len = len < PIECE_MAX ? len : PIECE_MAX;
        begin_target(w);
        if (!alert_thread_put(e->thread, &w->target, &span, len,
                              w->reader.at)) {
            list_add_tail(&e->refused, &w->waits.node);
            w->is_refused = true;
            return;
        }
        e->taken += len;
        reader_took(&w->reader, len, now_us);
    }
}

/* Half a ring is taken at once, before it is lost. Where there is no room,
 * output waits in the ring until there is. */
static void alert_pull(struct reader *reader)
{
    struct alert_watch *w = watch_of(reader);
    const struct ring *ring = &reader->console->output;

    if (reader_has_caught_up(reader) || w->is_refused)
        return;
    if (ring->head - reader->at >= ring->cap / 2)
        take(w, clock_now_us());
    else if (!deadline_is_running(&w->waits))
        deadline_start(&w->engine->batches, &w->waits, clock_now_us());
}

static void alert_batch_due(struct deadline *deadline, void *owner)
{
    struct alert_watch *w = CONTAINER_OF(deadline, struct alert_watch, waits);
    const struct alert_engine *e = owner;
    struct directory *directory = w->reader.console->directory;

    take(w, e->batches.fired_us);
    directory_settle(directory);
}

/* ---- watches --------------------------------------------------------------
 */

/* The thread gives the target back, and then the watch is freed. */
static void leave(struct alert_watch *w)
{
    deadline_stop(&w->waits);
    list_remove(&w->node);
    w->engine->consoles--;
    free(w->bits);
    w->bits = NULL;
    if (!w->has_target) {
        free(w);
        return;
    }
    list_add_tail(&w->engine->left, &w->node);
    alert_thread_remove(w->engine->thread, &w->target);
}

static void alert_gone(struct reader *reader)
{
    leave(watch_of(reader));
}

static const struct reader_kind alert_reader = {
    .pull = alert_pull,
    .gone = alert_gone,
};

/* A console has few readers, or its clients cost more than this walk. */
static struct alert_watch *find_watch(const struct console *c)
{
    LIST_EACH (node, after, &c->readers) {
        if (reader_at(node)->kind == &alert_reader)
            return watch_of(reader_at(node));
    }
    return NULL;
}

static struct alert_watch *begin(struct alert_engine *e, struct console *c,
                                 bool from_start)
{
    struct alert_watch *w = xcalloc(1, sizeof *w);

    w->engine = e;
    deadline_init(&w->waits);
    list_init(&w->target.node);
    reader_init(&w->reader, &alert_reader);
    reader_attach(&w->reader, c);
    if (from_start)
        w->reader.at = 0;
    list_add_tail(&e->watches, &w->node);
    e->consoles++;
    return w;
}

void alert_engine_judge(struct alert_engine *e, struct console *c,
                        bool from_start, uint64_t now_us)
{
    const struct access_console console = console_view(c);
    struct alert_watch *w = find_watch(c);
    size_t len;
    uint8_t *bits;

    if (e->rules == NULL)
        return;
    len = alert_rules_bits_len(e->rules);
    bits = xmalloc(len + 1);
    if (!alert_rules_apply(e->rules, &console, bits)) {
        free(bits);
        if (w == NULL)
            return;
        reader_detach(&w->reader, now_us);
        leave(w);
        return;
    }
    if (w == NULL)
        w = begin(e, c, from_start);
    free(w->bits);
    w->bits = bits;
    if (w->has_target)
        alert_thread_apply(e->thread, &w->target, bits, len);
    alert_pull(&w->reader);
}

void alert_engine_vm(struct alert_engine *e, struct console *c, bool is_there,
                     uint64_t now_us)
{
    struct alert_watch *w = find_watch(c);

    if (w == NULL)
        return;
    take(w, now_us);
    if (w->has_target)
        alert_thread_vm(e->thread, &w->target, is_there);
}

/* ---- rules ----------------------------------------------------------------
 */

static struct tally *tally_of(struct alert_engine *e, const char *name)
{
    for (size_t i = 0; e->rules != NULL && i < e->rules->settings.count; i++) {
        if (strcmp(e->rules->settings.rule[i].name, name) == 0)
            return &e->tallies[i];
    }
    return NULL;
}

static void use_rules(struct alert_engine *e, struct alert_rules *rules)
{
    struct tally *tallies = xcalloc(rules->settings.count + 1, sizeof *tallies);

    for (size_t i = 0; i < rules->settings.count; i++) {
        const struct tally *former = tally_of(e, rules->settings.rule[i].name);

        if (former != NULL)
            tallies[i] = *former;
    }
    alert_rules_leave(e->rules);
    free(e->tallies);
    e->rules = rules;
    e->tallies = tallies;
    alert_thread_use(e->thread, alert_rules_share(rules));
}

static int start_threads(struct alert_engine *e)
{
    int r = 0;

    if (e->thread == NULL)
        r = alert_thread_open(&e->thread, e->callbacks.wake,
                              e->callbacks.owner);
    if (r == 0 && e->compiler == NULL)
        r = alert_compiler_open(&e->compiler, e->callbacks.wake,
                                e->callbacks.owner);
    return r;
}

void alert_engine_set(struct alert_engine *e,
                      const struct alert_settings *settings, uint64_t now_us)
{
    int r;

    if (settings->count == 0 && e->compiler == NULL)
        return;
    r = start_threads(e);
    if (r < 0) {
        struct err why;

        err_set(&why, "cannot start a thread: %s", strerror(-r));
        e->callbacks.on_rules(e->callbacks.owner, why.text);
        return;
    }
    alert_compiler_ask(e->compiler, settings);
    deadline_start(&e->compilings, &e->compiling, now_us);
}

static void alert_compiling_due(struct deadline *deadline, void *owner)
{
    const struct alert_engine *e = owner;

    (void)deadline;
    e->callbacks.on_rules(e->callbacks.owner,
                          "the patterns take more than 10 s to compile: use "
                          "smaller repeats than .{1,1000}");
}

static void take_rules(struct alert_engine *e)
{
    struct alert_rules *rules;
    struct err err;

    if (!alert_compiler_take(e->compiler, &rules, &err))
        return;
    deadline_stop(&e->compiling);
    if (rules != NULL)
        use_rules(e, rules);
    e->callbacks.on_rules(e->callbacks.owner, rules != NULL ? NULL : err.text);
}

/* ---- finds ----------------------------------------------------------------
 */

static void tell(struct alert_engine *e, const struct alert_find *find,
                 const struct console *console, uint64_t now_us, int64_t now_ms)
{
    const struct alert_rule *rule = &find->rules->settings.rule[find->rule];
    struct alert_found found = {
        .rule = rule->name,
        .severity = rule->severity,
        .cause = find->cause,
        .console = console,
        .time_ms = now_ms - (int64_t)((now_us - find->found_us) / US_PER_MS),
        .epoch = console_epoch(console),
        .position = find->position,
        .others = find->others,
        .text = find->text,
        .before_count = find->before_count,
        .after_count = find->after_count,
    };
    struct tally *tally = tally_of(e, rule->name);

    for (uint32_t i = 0; i < find->before_count; i++)
        found.before[i] = find->before[i];
    for (uint32_t i = 0; i < find->after_count; i++)
        found.after[i] = find->after_line[i];
    if (tally != NULL) {
        tally->found++;
        tally->others += find->others;
    }
    e->found++;
    e->callbacks.on_found(e->callbacks.owner, &found);
}

/* A console that has gone is told nothing about. */
static void tell_some(struct alert_engine *e)
{
    uint64_t now_us = clock_now_us();
    int64_t now_ms = clock_utc_ms();

    for (int i = 0; i < TOLD_AT_ONCE && !list_is_empty(&e->finds); i++) {
        struct alert_find *find =
            CONTAINER_OF(e->finds.next, struct alert_find, node);
        const struct alert_watch *w =
            CONTAINER_OF(find->console, struct alert_watch, target);

        list_remove(&find->node);
        if (w->reader.console != NULL)
            tell(e, find, w->reader.console, now_us, now_ms);
        alert_find_free(find);
    }
}

static void free_targets(struct alert_engine *e)
{
    LIST_EACH (node, after, &e->targets) {
        struct alert_watch *w =
            CONTAINER_OF(node, struct alert_watch, target.node);

        list_remove(node);
        list_remove(&w->node);
        free(w);
    }
}

/* Finds first: the target of each is given back after it, if at all. More are
 * taken from the thread when these are told; so there is another turn after
 * each in which something was told. */
static void take_finds(struct alert_engine *e)
{
    if (list_is_empty(&e->finds))
        alert_thread_take(e->thread, &e->finds, &e->targets);
    if (!list_is_empty(&e->finds)) {
        tell_some(e);
        e->callbacks.wake(e->callbacks.owner);
    }
    if (list_is_empty(&e->finds))
        free_targets(e);
}

/* Those that were refused, in their order; one that is refused again goes to
 * the end. */
static void take_refused(struct alert_engine *e, uint64_t now_us)
{
    struct list refused;

    list_init(&refused);
    list_move_all(&e->refused, &refused);
    while (!list_is_empty(&refused)) {
        struct deadline *waits =
            CONTAINER_OF(refused.next, struct deadline, node);

        take(CONTAINER_OF(waits, struct alert_watch, waits), now_us);
    }
}

void alert_engine_wake(struct alert_engine *e, uint64_t now_us)
{
    if (e->thread != NULL) {
        take_finds(e);
        take_refused(e, now_us);
    }
    if (e->compiler != NULL)
        take_rules(e);
}

/* ---- opening and closing --------------------------------------------------
 */

struct alert_engine *alert_engine_open(const struct alert_callbacks *callbacks)
{
    struct alert_engine *e = xcalloc(1, sizeof *e);

    e->callbacks = *callbacks;
    deadline_queue_open(&e->batches, ALERT_BATCH_US, alert_batch_due, e);
    deadline_queue_open(&e->compilings, ALERT_COMPILE_US, alert_compiling_due,
                        e);
    deadline_init(&e->compiling);
    list_init(&e->watches);
    list_init(&e->left);
    list_init(&e->refused);
    list_init(&e->finds);
    list_init(&e->targets);
    return e;
}

static void close_watches(struct alert_engine *e)
{
    uint64_t now_us = clock_now_us();

    LIST_EACH (node, after, &e->watches) {
        struct alert_watch *w = CONTAINER_OF(node, struct alert_watch, node);

        reader_detach(&w->reader, now_us);
        leave(w);
    }
}

static void free_finds(struct alert_engine *e)
{
    LIST_EACH (node, after, &e->finds) {
        list_remove(node);
        alert_find_free(CONTAINER_OF(node, struct alert_find, node));
    }
}

static void free_left(struct alert_engine *e)
{
    LIST_EACH (node, after, &e->left) {
        list_remove(node);
        free(CONTAINER_OF(node, struct alert_watch, node));
    }
}

void alert_engine_close(struct alert_engine *e, uint64_t wait_us)
{
    if (e == NULL)
        return;
    close_watches(e);
    free_finds(e);
    deadline_queue_close(&e->batches);
    deadline_stop(&e->compiling);
    deadline_queue_close(&e->compilings);
    alert_compiler_close(e->compiler, wait_us);
    /* A thread that is left behind keeps its targets. */
    if (alert_thread_close(e->thread, wait_us))
        free_left(e);
    alert_rules_leave(e->rules);
    free(e->tallies);
    free(e);
}

struct deadline_queue *alert_engine_batches(struct alert_engine *e)
{
    return &e->batches;
}

struct deadline_queue *alert_engine_compilings(struct alert_engine *e)
{
    return &e->compilings;
}

/* ---- counts ---------------------------------------------------------------
 */

struct alert_counts alert_engine_count(const struct alert_engine *e)
{
    return (struct alert_counts){
        .taken = e->taken,
        .missed = e->missed,
        .waiting = e->thread != NULL ? alert_thread_waiting(e->thread) : 0,
        .consoles = e->consoles,
        .found = e->found,
    };
}

bool alert_engine_rule(const struct alert_engine *e, size_t index,
                       struct alert_rule_state *ret)
{
    if (e->rules == NULL || index >= e->rules->settings.count)
        return false;
    *ret = (struct alert_rule_state){
        .rule = &e->rules->settings.rule[index],
        .found = e->tallies[index].found,
        .others = e->tallies[index].others,
    };
    return true;
}

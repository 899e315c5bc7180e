#include "daemon/inventory/daemon_inventory.h"

#include "access/pattern.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/directory.h"
#include "daemon/inventory/inventory_look.h"
#include "daemon/inventory/inventory_source.h"
#include "hook/hook_spec.h"
#include "log/log.h"
#include "log/log_words.h"
#include "net/loop.h"
#include "net/waker.h"
#include "session/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    US_PER_S = 1000 * 1000,
    US_PER_MS = 1000,
    FIRST_US = 2 * US_PER_S,
    CLOSE_US = 2 * US_PER_S,
    JUDGED_AT_ONCE = 32, /* sessions or consoles of a turn: some 50 us */
};

static const char *source_of(const struct settings *s)
{
    return s->inventory_program != NULL ? s->inventory_program : s->inventory;
}

/* ---- judging ------------------------------------------------------------- */

static bool judge_some(struct daemon_inventory *i)
{
    for (int n = 0; n < JUDGED_AT_ONCE; n++) {
        struct console *c = census_walk_next(&i->walk);

        if (c == NULL) {
            census_walk_end(&i->walk);
            return false;
        }
        i->links.judge(i->links.owner, c);
    }
    return true;
}

static void daemon_inventory_turn(struct deadline *deadline, void *owner)
{
    struct daemon_inventory *i = owner;
    bool are_more =
        session_judge_some(i->links.sessions, JUDGED_AT_ONCE) || judge_some(i);

    directory_settle(i->links.directory);
    if (are_more)
        deadline_start(&i->turns, deadline, clock_now_us());
}

/* Without memory for the walk, all consoles are judged in this turn. */
static void judge_all(struct daemon_inventory *i)
{
    struct directory_cursor cursor = { 0 };
    struct console *c;

    deadline_stop(&i->turn);
    session_judge_begin(i->links.sessions);
    if (!census_walk_begin(&i->walk, i->links.walks, i->links.directory)) {
        while ((c = directory_next(i->links.directory, &cursor)) != NULL)
            i->links.judge(i->links.owner, c);
        directory_settle(i->links.directory);
    }
    deadline_start(&i->turns, &i->turn, clock_now_us());
}

/* ---- tables -------------------------------------------------------------- */

static void put_in_force(struct daemon_inventory *i, struct inventory *table)
{
    struct inventory *former = i->table;

    i->table = table;
    i->links.directory->inventory = table;
    if (table == NULL && source_of(i->links.settings) != NULL)
        i->links.directory->inventory = inventory_unknown();
    inventory_source_give_back(i->source, former);
    if (i->is_open)
        judge_all(i);
}

static void log_doubts(const struct inventory_doubts *doubts,
                       const char *source)
{
    for (size_t n = 0; n < INVENTORY_DOUBTS_MAX && n < doubts->left_out; n++)
        log_warning(LOG_INVENTORY_VM_LEFT_OUT " file=%s line=%u reason=%s",
                    LOG_TEXT(source), doubts->first[n].line,
                    LOG_TEXT(doubts->first[n].what));
}

static void log_loaded(const struct inventory_news *news,
                       const struct inventory *table, const char *source)
{
    log_audit(LOG_INFO, NULL, NULL,
              LOG_INVENTORY_LOADED
              " file=%s vms=%zu changed=%zu left-out=%zu repeated=%zu "
              "bytes=%zu ms=%llu",
              LOG_TEXT(source), inventory_count(table), news->changed,
              news->doubts.left_out, news->doubts.repeated,
              inventory_size(table),
              (unsigned long long)news->took_us / US_PER_MS);
}

static void take_news(struct daemon_inventory *i)
{
    const char *source = source_of(i->links.settings);
    struct inventory_news news;

    while (inventory_source_take(i->source, &news)) {
        if (source == NULL) {
            inventory_source_give_back(i->source, news.table);
            continue;
        }
        if (news.table != NULL) {
            log_doubts(&news.doubts, source);
            log_loaded(&news, news.table, source);
            put_in_force(i, news.table);
        } else if (news.why.text[0] == '\0' && i->table != NULL) {
            log_loaded(&news, i->table, source);
        }
        i->is_failing = news.why.text[0] != '\0';
        if (i->is_failing)
            log_error(LOG_INVENTORY_NOT_LOADED " reason=%s former=%s",
                      LOG_TEXT(news.why.text),
                      i->table != NULL ? "in-force" : "none");
    }
}

static void daemon_inventory_on_news(void *owner)
{
    take_news(owner);
}

/* Called on the thread. */
static void daemon_inventory_wake(void *owner)
{
    waker_wake(((struct daemon_inventory *)owner)->waker);
}

/* ---- life ---------------------------------------------------------------- */

static int use(struct daemon_inventory *i)
{
    const struct settings *s = i->links.settings;
    const struct inventory_source_settings settings = {
        .file = s->inventory,
        .program = s->inventory_program,
        .every_us = s->inventory_time_s * US_PER_S,
    };

    if (source_of(s) != NULL && i->table == NULL)
        i->links.directory->inventory = inventory_unknown();
    return inventory_source_set(i->source, &settings);
}

int daemon_inventory_open(struct daemon_inventory *i,
                          const struct inventory_links *links, struct err *err)
{
    int r;

    *i = (struct daemon_inventory){ .links = *links };
    census_walk_init(&i->walk);
    deadline_init(&i->turn);
    r = waker_open(links->loop, daemon_inventory_on_news, i, &i->waker);
    if (r < 0) {
        err_set(err, "cannot read the inventory: %s", strerror(-r));
        return r;
    }
    deadline_queue_open(&i->turns, 0, daemon_inventory_turn, i);
    loop_watch(links->loop, &i->turns);
    i->source = inventory_source_open(links->directory->settings.seed,
                                      daemon_inventory_wake, i);
    r = use(i);
    if (r < 0) {
        daemon_inventory_close(i);
        err_set(err, "cannot read the inventory: %s", strerror(-r));
        return r;
    }
    if (source_of(links->settings) != NULL)
        inventory_source_wait(i->source, FIRST_US);
    take_news(i);
    i->is_open = true;
    return 0;
}

void daemon_inventory_use(struct daemon_inventory *i)
{
    int r;

    if (source_of(i->links.settings) == NULL) {
        i->is_failing = false;
        if (i->links.directory->inventory != NULL)
            put_in_force(i, NULL);
    }
    r = use(i);
    if (r < 0)
        log_error(LOG_INVENTORY_UNUSABLE " reason=%s", LOG_TEXT(strerror(-r)));
}

void daemon_inventory_count(const struct daemon_inventory *i,
                            struct census *census)
{
    census->inventory_failing = i->is_failing;
}

void daemon_inventory_end(struct daemon_inventory *i)
{
    i->is_open = false;
    deadline_stop(&i->turn);
    census_walk_end(&i->walk);
}

void daemon_inventory_close(struct daemon_inventory *i)
{
    deadline_stop(&i->turn);
    census_walk_end(&i->walk);
    deadline_queue_close(&i->turns);
    i->links.directory->inventory = NULL;
    inventory_source_give_back(i->source, i->table);
    inventory_source_close(i->source, CLOSE_US);
    /* Until then the thread may call the waker. */
    waker_close(i->waker);
}

/* ---- checking ------------------------------------------------------------ */

static void complain(const struct settings *s, const char *name,
                     const struct err *err, struct problems *problems)
{
    struct options_place place = options_where(s, name, 0);

    problems_add(problems, place.line, "%s: %s", place.text, err->text);
}

static void check_file(const struct settings *s, struct problems *problems)
{
    static const uint64_t seed[2] = { 1, 2 }; /* of a program that ends soon */
    struct inventory_reader *reader = xmalloc(sizeof *reader);
    struct inventory *table = NULL;
    struct inventory_stamp stamp;
    struct err err;

    inventory_reader_init(reader, seed);
    if (inventory_look_at_file(s->inventory, reader, &stamp, &err))
        table = inventory_look_end(s->inventory, reader, &err);
    if (table == NULL)
        complain(s, "inventory", &err, problems);
    inventory_free(table);
    inventory_reader_done(reader);
    free(reader);
}

static void check_program(const struct settings *s, struct problems *problems)
{
    struct hook_spec spec;
    struct err err;

    snprintf(spec.program, sizeof spec.program, "%s", s->inventory_program);
    if (hook_spec_check(&spec, &err) < 0)
        complain(s, "inventory-program", &err, problems);
}

/* Rules that nothing can ever decide. */
static void check_sections(const struct settings *s, struct problems *problems)
{
    const struct access_section_group *access = &s->sections.of[SECTION_ACCESS];

    for (size_t n = 0; n < access->count; n++) {
        const struct access_section *section = &access->item[n];

        if (pattern_is_of_inventory(section->title))
            problems_add(problems, section->line,
                         "%.200s:%u: access '%s' needs inventory or "
                         "inventory-program: a console of that name is "
                         "[%c]%.60s",
                         s->file, section->line, text_show(section->title).text,
                         section->title[0], text_show(section->title + 1).text);
    }
}

void daemon_inventory_check(const struct settings *s, bool looks_at_disk,
                            struct problems *problems)
{
    if (source_of(s) == NULL)
        check_sections(s, problems);
    else if (looks_at_disk && s->inventory != NULL)
        check_file(s, problems);
    else if (looks_at_disk)
        check_program(s, problems);
}

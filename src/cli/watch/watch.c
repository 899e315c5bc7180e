#include "cli/watch/watch.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/common/say.h"
#include "cli/invocation/console_list.h"
#include "cli/invocation/consoles.h"
#include "cli/output/out.h"
#include "cli/output/width.h"
#include "cli/watch/lines.h"
#include "remote/link/console_link.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Each is a connection to the server, and up to a window of output. */
enum { CONSOLES_MAX = 256, PREFIX_MAX = 24 };

/* clang-format off */
static const struct option_row options[] = {
    { "history", 'n', "LINES", "begin with so many lines of earlier output [0]" },
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

struct watched;

struct watch {
    struct loop *loop;
    struct turns turns;
    struct watched *watched[CONSOLES_MAX];
    size_t count;
    unsigned columns; /* of the longest name */
    long history;
    enum exits exits;
    bool was_listed;
    bool was_told_many;
    bool was_told_failed;
    bool is_over;
};

struct watched {
    struct watch *watch;
    char *id;
    char *name;
    unsigned colour;
    struct console_link_settings settings;
    struct console_link link;
    struct lines lines;
    bool is_over;
};

/* ---- lines ---------------------------------------------------------------
 */

/* The name keeps its colour, whichever consoles there are. */
static unsigned colour_of(const char *name)
{
    unsigned hash = 5381;

    for (; *name != '\0'; name++)
        hash = hash * 33 + (uint8_t)*name;
    return hash;
}

static void put_prefix(const struct watched *w)
{
    unsigned own = width_of(w->name);

    out_begin_colour(w->colour);
    out_text(w->name);
    out_format("%*s| ",
               (int)(w->watch->columns > own ? w->watch->columns - own : 0),
               "");
    out_end_colour();
}

static void watched_on_line(void *owner, struct slice line)
{
    put_prefix(owner);
    out_bytes(line);
    out_text("\n");
}

static void say_line(struct watched *w, const char *text)
{
    char clean[512];

    text_clean(clean, sizeof clean, slice_of_text(text));
    lines_end(&w->lines);
    put_prefix(w);
    out_format("[%s]\n", clean);
    out_flush();
}

/* ---- a console -----------------------------------------------------------
 */

static void watched_on_hello(void *owner, const json_t *hello)
{
    (void)owner;
    (void)hello;
}

static void watched_on_output(void *owner, struct slice bytes)
{
    struct watched *w = owner;

    lines_feed(&w->lines, bytes);
    out_flush();
    console_link_took(&w->link, bytes.len);
}

static void watched_on_text(void *owner, const char *type, const json_t *text)
{
    const char *words = json_string_value(json_object_get(text, "text"));
    json_int_t bytes = json_integer_value(json_object_get(text, "bytes"));
    char gap[64];

    if (strcmp(type, "notice") == 0 && words != NULL) {
        say_line(owner, words);
    } else if (strcmp(type, "gap") == 0) {
        snprintf(gap, sizeof gap,
                 bytes > 0
                     ? "%" JSON_INTEGER_FORMAT " bytes were missed"
                     : "output may be missing here%.0" JSON_INTEGER_FORMAT,
                 bytes);
        say_line(owner, gap);
    }
}

static void watched_on_change(void *owner, enum console_link_change change,
                              const char *why)
{
    (void)why;
    if (change == CONSOLE_LINK_LOST)
        say_line(owner, "connection lost, will retry");
    else if (change == CONSOLE_LINK_BACK)
        say_line(owner, "reconnected");
}

static void watched_on_room(void *owner)
{
    (void)owner;
}

/* Freed when it is listed no more: whoever was disconnected stays so. */
static void watched_on_over(void *owner, enum exits exits, const char *why)
{
    struct watched *w = owner;

    (void)exits;
    w->is_over = true;
    say_line(w, why[0] != '\0' ? why : "it has ended");
}

static const struct console_link_ops watch_link = {
    .on_hello = watched_on_hello,
    .on_output = watched_on_output,
    .on_text = watched_on_text,
    .on_change = watched_on_change,
    .on_room = watched_on_room,
    .on_over = watched_on_over,
};

static void watched_new(struct watch *watch, const char *id, const char *name)
{
    struct watched *w = xcalloc(1, sizeof *w);
    char clean[PREFIX_MAX * 4 + 1];

    text_clean(clean, sizeof clean, slice_of_text(name));
    clean[width_cut(clean, PREFIX_MAX)] = '\0';
    w->watch = watch;
    w->id = xstrdup(id);
    w->name = xstrdup(clean);
    w->colour = colour_of(clean);
    w->settings = (struct console_link_settings){ .id = w->id,
                                                  .mode = "read-only",
                                                  .history = watch->history,
                                                  .is_onlooker = true };
    lines_init(&w->lines, watched_on_line, w);
    console_link_init(&w->link, &watch->turns, &w->settings, &watch_link, w);
    watch->watched[watch->count++] = w;
    if (width_of(clean) > watch->columns)
        watch->columns = width_of(clean);
}

/* Not from a timer's handler. */
static void watched_free(struct watched *w)
{
    console_link_done(&w->link);
    lines_done(&w->lines);
    free(w->id);
    free(w->name);
    free(w);
}

/* ---- which ones ----------------------------------------------------------
 */

static bool is_watched(const struct watch *watch, const char *id)
{
    for (size_t i = 0; i < watch->count; i++)
        if (strcmp(watch->watched[i]->id, id) == 0)
            return true;
    return false;
}

static void add(struct watch *watch, const json_t *item)
{
    const char *id = json_string_value(json_object_get(item, "id"));
    const char *name = json_string_value(json_object_get(item, "name"));

    if (id == NULL || name == NULL || is_watched(watch, id))
        return;
    if (watch->count < CONSOLES_MAX) {
        watched_new(watch, id, name);
        return;
    }
    if (!watch->was_told_many)
        say_news("more than %d consoles match; the others are not watched",
                 CONSOLES_MAX);
    watch->was_told_many = true;
}

static bool is_listed(const json_t *items, const char *id)
{
    for (size_t i = 0; i < json_array_size(items); i++) {
        const char *other =
            json_string_value(json_object_get(json_array_get(items, i), "id"));

        if (other != NULL && strcmp(other, id) == 0)
            return true;
    }
    return false;
}

static void forget_ended(struct watch *watch, const json_t *items)
{
    size_t kept = 0;

    for (size_t i = 0; i < watch->count; i++) {
        struct watched *w = watch->watched[i];

        if (w->is_over && !is_listed(items, w->id))
            watched_free(w);
        else
            watch->watched[kept++] = w;
    }
    watch->count = kept;
}

/* An answer is no timer's handler. */
static void watch_on_list(void *owner, const json_t *answer)
{
    struct watch *watch = owner;
    const json_t *items = json_object_get(answer, "items");
    size_t first;

    forget_ended(watch, items);
    first = watch->count;
    for (size_t i = 0; i < json_array_size(items); i++)
        add(watch, json_array_get(items, i));
    /* All names are known then, and have one width. */
    for (size_t i = first; i < watch->count; i++)
        console_link_open(&watch->watched[i]->link);
    if (!watch->was_listed && watch->count == 0)
        say_news("no console matches yet");
    watch->was_listed = true;
    watch->was_told_failed = false;
    watch->history = -1; /* of those that come later all there is */
}

static void watch_on_failed(void *owner, enum exits exits, const char *why)
{
    struct watch *watch = owner;

    if (!watch->was_listed) {
        say_error("%s", why);
        watch->exits = exits;
        watch->is_over = true;
        loop_stop(watch->loop);
    } else if (!watch->was_told_failed) {
        say_news("new consoles are not seen: %s", why);
    }
    watch->was_told_failed = true;
}

static const struct console_list_ops watch_list = {
    .on_list = watch_on_list,
    .on_failed = watch_on_failed,
};

static enum exits run_watch(struct invocation *in)
{
    enum { HISTORY_MAX = 100000 };
    struct watch watch = { .exits = EXITS_DONE };
    struct console_list list;
    struct target target;
    unsigned long history;
    enum exits exits;
    struct err err;

    if (!arguments_number(&in->arguments, "history", HISTORY_MAX, 0, &history,
                          &err))
        return invocation_refuse(in, "%s", err.text);
    exits = invocation_connect(in);
    if (exits != EXITS_DONE)
        return exits;
    target_init(&target, "/api/v1/consoles");
    target_add_query(&target, "fields", "id,name");
    target_add_query(&target, "match", invocation_word(in, 0));
    if (target.is_oversized)
        return invocation_refuse(in, "the pattern is too long");
    watch.loop = remote_loop(in->remote);
    watch.history = (long)history;
    turns_init(&watch.turns, in->remote);
    console_list_init(&list, &watch.turns, target.text, &watch_list, &watch);
    console_list_start(&list);
    while (!watch.is_over)
        loop_run(watch.loop);
    console_list_done(&list);
    for (size_t i = 0; i < watch.count; i++)
        watched_free(watch.watched[i]);
    return watch.exits;
}

const struct verb verb_watch = {
    .name = "watch",
    .group = VERB_GROUP_CONSOLES,
    .words = "PATTERN",
    .words_min = 1,
    .words_max = 1,
    .kind = VERB_WORDS_CONSOLES,
    .summary = "print what many consoles print, line by line",
    .text = "Each line begins with its console's name; escape sequences are "
            "left out. Consoles that come and match are added. Nothing is "
            "typed. Up to 256 consoles at once; ^C ends it.",
    .example = "vspc watch 'web-*'\n"
               "vspc watch '*' | grep --line-buffered -i panic\n",
    .option = options,
    .by_ssh = "history",
    .run = run_watch,
};

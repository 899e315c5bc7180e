/* list and show: what consoles there are. */
#include "base/mem.h"
#include "cli/common/say.h"
#include "cli/invocation/consoles.h"
#include "cli/output/out.h"
#include "cli/verbs/form_options.h"
#include "cli/verbs/verbs.h"

#include <assert.h>
#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct column columns[] = {
    { .heading = "NAME", .path = "name" },
    { .heading = "STATE", .path = "state", .is_firm = true, .is_state = true },
    { .heading = "PORT", .path = "port", .is_right = true },
    { .heading = "CLIENTS", .path = "clients", .is_right = true },
    { .heading = "IDLE", .path = "last_output", .kind = VALUE_AGO,
      .is_right = true },
    { .heading = "LOCKED BY", .path = "locked_by", .is_wide = true },
    { .heading = "HOST", .path = "host", .is_wide = true },
    { .heading = "OUTPUT", .path = "output_bytes", .kind = VALUE_BYTES,
      .is_right = true, .is_wide = true },
    { .heading = "INPUT", .path = "input_bytes", .kind = VALUE_BYTES,
      .is_right = true, .is_wide = true },
    { .heading = "ID", .path = "id", .is_wide = true },
    { .heading = "FOLDER", .path = "inventory.folder", .is_wide = true,
      .is_filled = true },
    { .heading = "OWNER", .path = "inventory.owner", .is_wide = true,
      .is_filled = true },
    { .heading = "TAGS", .path = "inventory.tags", .is_wide = true,
      .is_filled = true },
    { .heading = "ON", .path = "inventory.host", .is_wide = true,
      .is_filled = true },
    { .heading = NULL },
};

static const struct option_row options[] = {
    FORM_OPTION_OUTPUT,
    FORM_OPTION_HEADERS,
    { "state", 0, "STATE", "only those in it: connected, moving or none" },
    { "search", 0, "TEXT",
      "only those with this text in their name, folder, owner or tags" },
    { "sort", 0, "KEY",
      "name, state, clients, activity, host, folder or owner; -name from the "
      "end [name]" },
    { "columns", 0, "NAME,...", "these columns of -o wide, such as "
      "name,folder,locked-by" },
    { "limit", 0, "N", "at most so many" },
    { "watch", 'w', NULL, "again and again; without a terminal, what changes" },
    { "interval", 0, "SECONDS", "how often --watch looks [2]" },
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

static const struct listing listing = { columns, "name" };

/* ---- columns --------------------------------------------------------------
 */

struct chosen {
    struct column column[TABLE_COLUMNS_MAX];
    struct listing listing;
};

/* "locked-by" is LOCKED BY. */
static bool is_heading(const char *heading, const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = name[i] == '-' ? ' ' : (char)toupper((unsigned char)name[i]);

        if (heading[i] != c)
            return false;
    }
    return len > 0 && heading[len] == '\0';
}

static const struct column *find_column(const char *name, size_t len)
{
    for (const struct column *c = columns; c->heading != NULL; c++) {
        if (is_heading(c->heading, name, len))
            return c;
    }
    return NULL;
}

static bool choose_columns(const char *names, struct chosen *to,
                           struct err *err)
{
    size_t count = 0;

    for (const char *at = names; *at != '\0' || count == 0;) {
        size_t len = strcspn(at, ",");
        const struct column *c = find_column(at, len);

        if (c == NULL || count + 1 == TABLE_COLUMNS_MAX) {
            err_set(err,
                    "--columns: '%.*s' is none: expected headings of vspc list "
                    "-o wide, such as name,folder",
                    (int)(len < 40 ? len : 40), at);
            return false;
        }
        to->column[count] = *c;
        to->column[count].is_wide = false;
        to->column[count++].is_filled = false;
        at += len;
        at += *at == ',';
    }
    to->column[count] = (struct column){ .heading = NULL };
    return true;
}

/* What a table shows is all that is asked for: with many consoles, the rest
 * costs the server more than the list itself. */
static void add_fields(struct target *target, const struct column *shown,
                       enum listing_form form)
{
    char fields[200] = "id,name";
    size_t len = strlen(fields);

    if (form == LISTING_JSON || form == LISTING_JSONL)
        return;
    for (const struct column *c = shown; c->heading != NULL; c++) {
        char member[40];

        snprintf(member, sizeof member, "%.*s", (int)strcspn(c->path, "."),
                 c->path);
        if (form == LISTING_NAME || (c->is_wide && form == LISTING_TABLE) ||
            strstr(fields, member) != NULL)
            continue;
        len +=
            (size_t)snprintf(fields + len, sizeof fields - len, ",%s", member);
        assert(len < sizeof fields);
    }
    target_add_query(target, "fields", fields);
}

static void make_target(const struct invocation *in, const struct column *shown,
                        enum listing_form form, struct target *target)
{
    const struct arguments *a = &in->arguments;

    target_init(target, "/api/v1/consoles");
    /* A change of the lock is one that --watch shows. */
    add_fields(target, shown,
               arguments_has(a, "watch") && form != LISTING_JSON &&
                       form != LISTING_JSONL
                   ? LISTING_WIDE
                   : form);
    target_add_query(target, "match", invocation_word(in, 0));
    target_add_query(target, "state", arguments_text(a, "state"));
    target_add_query(target, "search", arguments_text(a, "search"));
    target_add_query(target, "sort", arguments_text(a, "sort"));
    target_add_query(target, "limit", arguments_text(a, "limit"));
}

/* ---- --watch --------------------------------------------------------------
 */

/* What of a console is looked at for a change: not what changes by itself. */
static char *digest_of(const json_t *item)
{
    json_t *seen =
        json_pack("{sO? sO? sO? sO?}", "state", json_object_get(item, "state"),
                  "port", json_object_get(item, "port"), "clients",
                  json_object_get(item, "clients"), "locked_by",
                  json_object_get(item, "locked_by"));
    char *text = seen != NULL ? json_dumps(seen, JSON_COMPACT) : NULL;

    json_decref(seen);
    if (text == NULL)
        mem_end();
    return text;
}

/* The items that are new or have changed; those that have gone, with the state
 * "gone". known: id -> what was seen; replaced. */
static json_t *changes_of(const json_t *items, json_t **known)
{
    json_t *changed = json_array();
    json_t *next = json_object();
    const char *id;
    json_t *before;

    for (size_t i = 0; i < json_array_size(items); i++) {
        json_t *item = json_array_get(items, i);
        const char *item_id = json_string_value(json_object_get(item, "id"));
        char *digest = digest_of(item);
        json_t *was = json_object_get(*known, item_id != NULL ? item_id : "");
        json_t *seen = json_pack("{ss sO?}", "digest", digest, "name",
                                 json_object_get(item, "name"));

        if (strcmp(digest, was == NULL ? ""
                                       : json_string_value(json_object_get(
                                             was, "digest"))) != 0)
            (void)json_array_append(changed, item);
        (void)json_object_set_new(next, item_id != NULL ? item_id : "", seen);
        (void)json_object_del(*known, item_id != NULL ? item_id : "");
        free(digest);
    }
    json_object_foreach (*known, id, before) {
        json_t *gone =
            json_pack("{ss sO? ss}", "id", id, "name",
                      json_object_get(before, "name"), "state", "gone");

        (void)json_array_append_new(changed, gone);
    }
    json_decref(*known);
    *known = next;
    return changed;
}

static void print_changes(const json_t *answer, json_t **known,
                          const struct listing *table, enum listing_form form,
                          bool has_headings)
{
    json_t *changed = changes_of(json_object_get(answer, "items"), known);
    json_t *shown = json_pack("{so}", "items", changed);

    if (json_array_size(changed) > 0)
        listing_print(table, shown, form == LISTING_JSON ? LISTING_JSONL : form,
                      has_headings);
    json_decref(shown);
}

static enum exits watch(struct invocation *in, const struct target *target,
                        const struct listing *table, enum listing_form form,
                        unsigned interval_s)
{
    bool has_headings = !arguments_has(&in->arguments, "no-headers");
    json_t *known = json_object();
    json_t *answer;
    enum exits exits;

    while ((exits = ask_get(in, target, &answer)) == EXITS_DONE) {
        if (out_is_terminal()) {
            /* Home, and clear from there: scrolled lines stay. */
            out_text("\033[H\033[J");
            listing_print(table, answer, form, has_headings);
        } else {
            print_changes(answer, &known, table, form, has_headings);
            has_headings = false;
        }
        json_decref(answer);
        (void)poll(NULL, 0, (int)interval_s * 1000);
    }
    json_decref(known);
    return exits;
}

/* ---- the verbs ------------------------------------------------------------
 */

static enum exits run_list(struct invocation *in)
{
    enum { USUAL_S = 2, LONGEST_S = 3600 };
    unsigned long interval_s;
    const char *names = arguments_text(&in->arguments, "columns");
    struct chosen chosen = { .listing = listing };
    enum listing_form form;
    struct target target;
    struct err err;
    enum exits exits = form_options_read(in, &form);

    if (exits != EXITS_DONE)
        return exits;
    if (!arguments_number(&in->arguments, "interval", LONGEST_S, USUAL_S,
                          &interval_s, &err))
        return invocation_refuse(in, "%s", err.text);
    if (names != NULL) {
        if (!choose_columns(names, &chosen, &err))
            return invocation_refuse(in, "%s", err.text);
        chosen.listing.columns = chosen.column;
    }
    make_target(in, chosen.listing.columns, form, &target);
    if (arguments_has(&in->arguments, "watch"))
        return watch(in, &target, &chosen.listing, form,
                     interval_s > 0 ? (unsigned)interval_s : 1);
    return form_options_get_list(in, &target, &chosen.listing);
}

static enum exits run_show(struct invocation *in)
{
    struct console_found found;
    enum listing_form form;
    enum exits exits = form_options_read(in, &form);

    if (exits == EXITS_DONE)
        exits = consoles_find(in, invocation_word(in, 0), &found);
    if (exits != EXITS_DONE)
        return exits;
    listing_print_one(found.json, form, "name");
    consoles_found_done(&found);
    return EXITS_DONE;
}

const struct verb verb_list = {
    .name = "list",
    .alias = "ls",
    .group = VERB_GROUP_CONSOLES,
    .words = "[PATTERN]",
    .words_max = 1,
    .kind = VERB_WORDS_CONSOLES,
    .summary = "list consoles",
    .text =
        "PATTERN is a glob: it matches the name, NAME/LABEL or the UUID; or "
        "what the inventory has: folder:/prod/*, owner:alice, tag:web, "
        "host:esx-*. "
        "Consoles that you may not read are not listed.",
    .example = "vspc list\n"
               "vspc list 'web-*' --state connected -o wide\n"
               "vspc list -o json | jq '.items[].name'\n"
               "vspc list --watch\n",
    .option = options,
    .by_ssh =
        "output no-headers state search sort columns limit watch interval",
    .run = run_list,
};

const struct verb verb_show = {
    .name = "show",
    .group = VERB_GROUP_CONSOLES,
    .words = "CONSOLE",
    .words_min = 1,
    .words_max = 1,
    .kind = VERB_WORDS_CONSOLE,
    .summary = "show everything about a console",
    .example = "vspc show web-01\n"
               "vspc show web-01 -o json\n",
    .option = form_options_one,
    .by_ssh = "output",
    .run = run_show,
};

/* record: recordings on demand; which there are, one of them as a file. */
#include "cli/common/say.h"
#include "cli/invocation/consoles.h"
#include "cli/invocation/recordings.h"
#include "cli/output/out.h"
#include "cli/output/value.h"
#include "cli/play/play.h"
#include "cli/verbs/form_options.h"

/* ---- begin and end ------------------------------------------------------
 */

/* clang-format off */
static const struct option_row record_options[] = {
    { "start", 0, NULL, "begin, which it does anyway" },
    { "stop", 0, NULL, "end the recording" },
    { "input", 0, NULL, "what is typed, too, if the rules allow that" },
    { "for", 0, "DURATION", "it ends by itself then: 30s, 10m, 2h" },
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

/* NULL: what is wrong was told. */
static json_t *wish_of(struct invocation *in)
{
    const char *duration = arguments_text(&in->arguments, "for");
    json_t *body = json_object();
    uint64_t seconds;

    if (duration != NULL && !value_parse_duration(duration, &seconds)) {
        (void)invocation_refuse(in, "--for %.40s: expected 30s, 10m or 2h",
                                duration);
        json_decref(body);
        return NULL;
    }
    if (duration != NULL)
        (void)json_object_set_new(body, "seconds",
                                  json_integer((json_int_t)seconds));
    if (arguments_has(&in->arguments, "input"))
        (void)json_object_set_new(body, "input", json_true());
    return body;
}

/* The recording's id is what a script wants. */
static enum exits tell_begun(struct invocation *in, const struct target *target,
                             json_t *body)
{
    json_t *answer;
    enum exits exits = ask_post(in, target, body, &answer);
    const json_t *recording;
    const char *done;
    const char *id;

    if (exits != EXITS_DONE)
        return exits;
    recording = json_object_get(answer, "recording");
    done = json_string_value(json_object_get(answer, "done"));
    id = json_string_value(json_object_get(recording, "id"));
    if (done != NULL)
        say_news("%s", done);
    if (id != NULL)
        out_format("%s\n", id);
    json_decref(answer);
    return EXITS_DONE;
}

static enum exits run_record(struct invocation *in)
{
    bool stops = arguments_has(&in->arguments, "stop");
    struct console_found found;
    struct target target;
    json_t *body = NULL;
    enum exits exits;

    if (stops && (arguments_has(&in->arguments, "start") ||
                  arguments_has(&in->arguments, "input") ||
                  arguments_has(&in->arguments, "for")))
        return invocation_refuse(in, "--stop goes with no other option");
    if (!stops) {
        body = wish_of(in);
        if (body == NULL)
            return EXITS_USAGE;
    }
    exits = consoles_find(in, invocation_word(in, 0), &found);
    if (exits != EXITS_DONE) {
        json_decref(body);
        return exits;
    }
    consoles_target(&target, &found, stops ? "/record/stop" : "/record");
    exits = tell_begun(in, &target, body);
    consoles_found_done(&found);
    return exits;
}

const struct verb verb_record = {
    .name = "record",
    .group = VERB_GROUP_ACTING,
    .words = "CONSOLE",
    .words_min = 1,
    .words_max = 1,
    .kind = VERB_WORDS_CONSOLE,
    .summary = "record a console, or end its recording",
    .text = "vspcd records, whether anybody is attached or not; the id of the "
            "recording is printed. It goes on until vspc record --stop, the "
            "end of --for, or the end of vspcd. Recordings by rules go on "
            "beside it.",
    .example = "vspc record web-01 --for 1h\n"
               "vspc record web-01 --stop\n",
    .option = record_options,
    .by_ssh = "start stop input for",
    .run = run_record,
};

/* ---- the list -----------------------------------------------------------
 */

/* clang-format off */
static const struct column columns[] = {
    { .heading = "ID", .path = "id", .is_firm = true },
    { .heading = "CONSOLE", .path = "console.name" },
    { .heading = "SECONDS", .path = "seconds", .kind = VALUE_DURATION,
      .is_right = true },
    { .heading = "SIZE", .path = "bytes", .kind = VALUE_BYTES,
      .is_right = true },
    { .heading = "REASON", .path = "reason" },
    { .heading = "BY", .path = "by" },
    { .heading = "ENDED", .path = "ended", .kind = VALUE_TIME },
    { .heading = "COMPLETE", .path = "is_complete", .is_wide = true },
    { .heading = "GAPS", .path = "gaps", .is_right = true, .is_wide = true },
    { .heading = "INPUT", .path = "has_input", .is_wide = true },
    { .heading = "PARTS", .path = "parts", .is_right = true, .is_wide = true },
    { .heading = NULL },
};

static const struct option_row list_options[] = {
    FORM_OPTION_OUTPUT,
    FORM_OPTION_HEADERS,
    { "search", 0, "TEXT", "only those in whose output a line has this text" },
    { "since", 0, "TIME", "only those that began then or later: 10m, 2h, 7d "
      "ago, or 2026-01-31T12:00:00Z" },
    { "until", 0, "TIME", "only those that began then or earlier" },
    { "reason", 0, "REASON", "only those for it: rule, session or demand" },
    { "limit", 0, "N", "at most so many, up to 1000 [100]" },
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

static const struct listing listing = { columns, "id" };

static enum exits run_list(struct invocation *in)
{
    const struct arguments *a = &in->arguments;
    enum listing_form form;
    struct target target;
    json_t *answer;
    json_int_t unread;
    enum exits exits = form_options_read(in, &form);

    if (exits != EXITS_DONE)
        return exits;
    target_init(&target, "/api/v1/recordings");
    target_add_query(&target, "match", invocation_word(in, 0));
    target_add_query(&target, "search", arguments_text(a, "search"));
    target_add_query(&target, "since", arguments_text(a, "since"));
    target_add_query(&target, "until", arguments_text(a, "until"));
    target_add_query(&target, "reason", arguments_text(a, "reason"));
    target_add_query(&target, "limit", arguments_text(a, "limit"));
    exits = ask_get(in, &target, &answer);
    if (exits != EXITS_DONE)
        return exits;
    listing_print(&listing, answer, form, !arguments_has(a, "no-headers"));
    unread = json_integer_value(json_object_get(answer, "unread"));
    if (unread > 0)
        say_news("%" JSON_INTEGER_FORMAT
                 " more could not be read, or were not searched",
                 unread);
    json_decref(answer);
    return EXITS_DONE;
}

const struct verb verb_record_list = {
    .name = "record list",
    .alias = "record ls",
    .group = VERB_GROUP_ACTING,
    .words = "[PATTERN]",
    .words_min = 0,
    .words_max = 1,
    .kind = VERB_WORDS_CONSOLES,
    .summary = "list recordings, the newest first",
    .text = "PATTERN is a glob over the names of consoles.",
    .example = "vspc record list 'web-*' --since 1d\n"
               "vspc record list --search 'kernel panic'\n",
    .option = list_options,
    .by_ssh = "output no-headers search since until reason limit",
    .run = run_list,
};

/* ---- one of them --------------------------------------------------------
 */

/* clang-format off */
static const struct option_row get_options[] = {
    { "format", 'f', "FORMAT", "v2 or v3 of asciicast, or text [as it is]" },
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

static bool record_on_bytes(void *owner, struct slice bytes)
{
    (void)owner;
    out_bytes(bytes);
    return true;
}

static enum exits run_get(struct invocation *in)
{
    struct recording_id id;
    struct target target;
    const struct ask_stream ask = {
        .target = &target,
        .on_bytes = record_on_bytes,
    };
    enum exits exits = recordings_find(in, invocation_word(in, 0), &id);

    if (exits != EXITS_DONE)
        return exits;
    recordings_target(&target, &id, "/cast");
    target_add_query(&target, "format",
                     arguments_text(&in->arguments, "format"));
    exits = ask_stream(in, &ask);
    out_flush();
    return exits;
}

const struct verb verb_record_get = {
    .name = "record get",
    .group = VERB_GROUP_ACTING,
    .words = "RECORDING|CONSOLE",
    .words_min = 1,
    .words_max = 1,
    .kind = VERB_WORDS_CONSOLE,
    .summary = "write a recording to standard output, as an asciicast",
    .text = "All of its files as one; of a console its newest recording. As "
            "text, it is what people would have read.",
    .example = "vspc record get web-01 > web-01.cast\n"
               "vspc record get web-01 --format text | less\n",
    .option = get_options,
    .by_ssh = "format",
    .run = run_get,
};

/* By its id alone: the newest one may be another by now. */
static enum exits run_delete(struct invocation *in)
{
    struct target target;

    target_init(&target, "/api/v1/recordings/");
    target_add_segment(&target, invocation_word(in, 0));
    return ask_change(in, HTTP_VERB_DELETE, &target, NULL);
}

const struct verb verb_record_delete = {
    .name = "record delete",
    .group = VERB_GROUP_ACTING,
    .words = "RECORDING",
    .words_min = 1,
    .words_max = 1,
    .summary = "delete a recording that does not go on",
    .example = "vspc record delete 20261130T140509.123Z-1a2b3c4d5e6f7a8b\n",
    .by_ssh = "",
    .run = run_delete,
};

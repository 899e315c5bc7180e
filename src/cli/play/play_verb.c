/* play: a recording on the terminal, or all of its output at once. */
#include "base/mem.h"
#include "cli/common/say.h"
#include "cli/invocation/recordings.h"
#include "cli/output/out.h"
#include "cli/output/value.h"
#include "cli/play/play.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
static const struct option_row options[] = {
    { "speed", 0, "FACTOR", "so many times as fast: 2, 0.5 [1]" },
    { "idle-limit", 'i', "DURATION", "no pause is longer than that: 2, 500ms" },
    { "from", 0, "TIME", "begins so far into it: 90, 5m; what was before is "
      "shown at once" },
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

/* ---- options ------------------------------------------------------------
 */

/* "90", "1.5", "5m", "500ms". False: no such text. */
static bool parse_time(const char *text, uint64_t *ret_us)
{
    enum { US_PER_S = 1000 * 1000 };
    char *end;
    double value = strtod(text, &end);
    uint64_t seconds;

    if (end != text && value >= 0 && value < 1e9 &&
        (*end == '\0' || strcmp(end, "s") == 0 || strcmp(end, "ms") == 0)) {
        *ret_us =
            (uint64_t)(value * (strcmp(end, "ms") == 0 ? 1000 : US_PER_S));
        return true;
    }
    if (!value_parse_duration(text, &seconds) || seconds > 1000000000)
        return false;
    *ret_us = seconds * US_PER_S;
    return true;
}

static bool parse_speed(const char *text, unsigned *ret)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= 0.01 && value <= 1000))
        return false;
    *ret = (unsigned)(value * PLAY_SPEED_ONE + 0.5);
    return true;
}

static enum exits read_settings(struct invocation *in,
                                struct play_settings *ret)
{
    const struct arguments *a = &in->arguments;
    const char *speed = arguments_text(a, "speed");
    const char *idle = arguments_text(a, "idle-limit");
    const char *from = arguments_text(a, "from");

    *ret = (struct play_settings){
        .speed = PLAY_SPEED_ONE,
        .has_keys = isatty(STDIN_FILENO) == 1,
    };
    if (speed != NULL && !parse_speed(speed, &ret->speed))
        return invocation_refuse(
            in, "--speed %.40s: expected a number from 0.01 to 1000", speed);
    if (idle != NULL && !parse_time(idle, &ret->idle_us))
        return invocation_refuse(
            in, "--idle-limit %.40s: expected 2, 500ms or 1m", idle);
    if (from != NULL && !parse_time(from, &ret->from_us))
        return invocation_refuse(in, "--from %.40s: expected 90, 90s or 5m",
                                 from);
    return EXITS_DONE;
}

/* ---- without a terminal -------------------------------------------------
 */

struct pouring {
    struct cast_reader reader;
    uint64_t from_us;
};

/* All bytes as they were: whoever reads them knows what for. */
static bool play_on_pour(void *owner, struct slice bytes)
{
    struct pouring *p = owner;
    struct cast_event event;
    enum cast_item item;

    while ((item = cast_reader_next(&p->reader, &bytes, &event)) !=
           CAST_NEED_MORE) {
        if (item == CAST_HEADER)
            (void)cast_reader_begin(&p->reader, 2);
        else if (event.code == CAST_OUTPUT && event.time_us >= p->from_us)
            out_bytes(event.text);
    }
    out_flush();
    return true;
}

static enum exits pour(struct invocation *in, const struct target *target,
                       const struct play_settings *settings)
{
    struct pouring p = { .from_us = settings->from_us };
    const struct ask_stream ask = {
        .target = target,
        .on_bytes = play_on_pour,
        .owner = &p,
    };
    enum exits exits;

    cast_reader_init(&p.reader);
    exits = ask_stream(in, &ask);
    cast_reader_done(&p.reader);
    return exits;
}

/* ---- on a terminal ------------------------------------------------------
 */

struct fetching {
    struct cast_file file;
    int error;
};

static bool play_on_fetched(void *owner, struct slice bytes)
{
    struct fetching *f = owner;

    f->error = cast_file_put(&f->file, bytes);
    return f->error == 0;
}

static enum exits show(struct invocation *in, const struct target *target,
                       const struct play_settings *settings)
{
    struct fetching *f = xcalloc(1, sizeof *f);
    const struct ask_stream ask = {
        .target = target,
        .on_bytes = play_on_fetched,
        .owner = f,
    };
    enum exits exits = EXITS_FAILED;

    f->error = cast_file_open(&f->file);
    if (f->error == 0)
        exits = ask_stream(in, &ask);
    if (f->error < 0) {
        say_error("a file for the recording: %s", strerror(-f->error));
        exits = EXITS_FAILED;
    }
    if (exits == EXITS_DONE)
        exits = play_run(remote_loop(in->remote), &f->file, settings);
    cast_file_close(&f->file);
    free(f);
    return exits;
}

static enum exits run_play(struct invocation *in)
{
    struct play_settings settings;
    struct target target;
    struct recording_id id;
    enum exits exits = read_settings(in, &settings);

    if (exits == EXITS_DONE)
        exits = recordings_find(in, invocation_word(in, 0), &id);
    if (exits != EXITS_DONE)
        return exits;
    recordings_target(&target, &id, "/cast");
    target_add_query(&target, "format", "v2");
    return out_is_terminal() ? show(in, &target, &settings)
                             : pour(in, &target, &settings);
}

const struct verb verb_play = {
    .name = "play",
    .group = VERB_GROUP_CONSOLES,
    .words = "RECORDING|CONSOLE",
    .words_min = 1,
    .words_max = 1,
    .kind = VERB_WORDS_CONSOLE,
    .summary = "replay a recording; of a console its newest one",
    .text =
        "Keys: space pauses and goes on, left and right jump by 5 seconds, "
        "up and down change the speed, . shows the next piece of output and "
        "pauses, ] goes to the next marker and pauses, 0 begins again, q "
        "leaves. The terminal gets what draws: sequences that would set its "
        "title or clipboard, make it answer, print or do anything else are "
        "left out. Without a terminal, all output is written at once and as "
        "it is, from --from on.",
    .example = "vspc play 20261130T140509.123Z-1a2b3c4d5e6f7a8b\n"
               "vspc play web-01 --speed 4 --idle-limit 2\n"
               "vspc play web-01 | grep -a panic\n",
    .option = options,
    .by_ssh = "speed idle-limit from",
    .run = run_play,
};

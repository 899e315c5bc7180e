/* What a console has printed: its log, and its history. */
#include "api/api_commands.h"
#include "api/api_means.h"
#include "api/output/output_log.h"
#include "api/output/output_stream.h"

#include <string.h>

static struct output_wish wish_of(const struct api_call *call)
{
    const char *format = api_text(call, "format");
    struct output_wish wish = {
        .follows = api_flag(call, "follow"),
        .format = OUTPUT_TEXT,
    };

    if (strcmp(format, "raw") == 0)
        wish.format = OUTPUT_RAW;
    else if (strcmp(format, "timed") == 0)
        wish.format = OUTPUT_TIMED;
    else if (strcmp(format, "file") == 0)
        wish = (struct output_wish){ .format = OUTPUT_RAW,
                                     .follows = wish.follows,
                                     .is_as_in_file = true };
    return wish;
}

/* ---- the log -------------------------------------------------------------
 */

static const struct api_argument log_arguments[] = {
    { "file", API_TEXT, API_IN_QUERY, .max = OUTPUT_LOG_FILE_LEN,
      .help = "this one of the log's files alone, as /log/places has it" },
    { "from", API_NUMBER, API_IN_QUERY, .max = INT64_MAX,
      .help = "begins at this byte of the file" },
    { "bytes", API_NUMBER, API_IN_QUERY, .max = INT64_MAX,
      .help = "at most so many bytes of the file; 0: all" },
    { "since", API_TIME, API_IN_QUERY,
      .help = "begins with the first line of this time or later; needs "
              "log-format = timestamps" },
    { "until", API_TIME, API_IN_QUERY,
      .help = "ends before the first line of a later time; needs log-format = "
              "timestamps" },
    { "tail", API_NUMBER, API_IN_QUERY, .max = CONLOG_READING_LINES_MAX,
      .help = "the last lines, at most so many" },
    { "follow", API_FLAG, API_IN_QUERY, .standard = "false",
      .help = "goes on with what the VM prints" },
    { "previous", API_FLAG, API_IN_QUERY, .standard = "false",
      .help = "begins with the rotated files" },
    { "format", API_WORD, API_IN_QUERY, .words = "text|raw|timed|file",
      .standard = "text",
      .help = "text: readable lines; raw: the bytes; timed: each line with its "
              "time; file: what stands in the file, times and all" },
    { .name = NULL },
};

/* False: it was answered. */
static bool are_sound(struct api_call *call, const struct output_wish *wish,
                      const struct conlog_source *source)
{
    bool has_time = api_has(call, "since") || api_has(call, "until");
    bool is_of_many = api_flag(call, "previous") || api_has(call, "tail");

    if (has_time && !output_log_check_times(call, source))
        return false;
    if (is_of_many && (api_has(call, "from") || api_has(call, "file"))) {
        api_fail(call, API_BAD_REQUEST, "from is a place in one file",
                 "file and from go with neither previous nor tail");
        return false;
    }
    if (api_has(call, "bytes") && (is_of_many || wish->follows)) {
        api_fail(call, API_BAD_REQUEST, "bytes are of one file",
                 "bytes go with neither previous, tail nor follow");
        return false;
    }
    if (wish->is_as_in_file && (has_time || wish->follows)) {
        api_fail(call, API_BAD_REQUEST, NULL,
                 "the format file goes with neither since, until nor follow");
        return false;
    }
    return true;
}

static void run_log(struct api_call *call)
{
    struct output_wish wish = wish_of(call);
    struct conlog_source source;
    struct conlog_wish of_log;

    wish.since_ms = (int64_t)api_number(call, "since");
    wish.until_ms = (int64_t)api_number(call, "until");
    of_log = (struct conlog_wish){
        .offset = api_number(call, "from"),
        .bytes = api_number(call, "bytes"),
        .since_ms = wish.since_ms,
        .lines = api_number(call, "tail"),
        .has_lines = api_has(call, "tail"),
        .with_rotated = api_flag(call, "previous"),
    };
    if (output_log_find(call, &source) && are_sound(call, &wish, &source) &&
        output_log_read_file(call, &of_log.file))
        output_stream_from_log(call, api_means_of(call->api)->output_reads,
                               &wish, &of_log);
}

/* As Nova's driver for vSphere asks for it: the bytes, of what the file has. */
static void run_console_log(struct api_call *call)
{
    const struct output_wish wish = { .format = OUTPUT_RAW };
    const struct conlog_wish of_log = { .offset = 0 };
    struct conlog_source source;

    if (output_log_find(call, &source))
        output_stream_from_log(call, api_means_of(call->api)->output_reads,
                               &wish, &of_log);
}

/* ---- the history ---------------------------------------------------------
 */

static const struct api_argument history_arguments[] = {
    { "from", API_NUMBER, API_IN_QUERY, .max = INT64_MAX,
      .help = "begins at this position in the output; what is not kept any "
              "more is counted" },
    { "tail", API_NUMBER, API_IN_QUERY, .max = CONLOG_READING_LINES_MAX,
      .help = "the last lines, at most so many" },
    { "bytes", API_NUMBER, API_IN_QUERY, .max = UINT32_MAX,
      .help = "the last bytes, at most so many" },
    { "follow", API_FLAG, API_IN_QUERY, .standard = "false",
      .help = "goes on with what the VM prints" },
    { "format", API_WORD, API_IN_QUERY, .words = "text|raw|timed",
      .standard = "text",
      .help = "text: readable lines; raw: the bytes; timed: what comes has its "
              "time" },
    { .name = NULL },
};

static uint64_t position_of(const struct api_call *call)
{
    const struct ring *output = &call->console->output;
    uint64_t from = api_number(call, "from");
    struct history_wish wish = { UINT32_MAX, output->len };

    if (api_has(call, "from"))
        return from < output->head ? from : output->head;
    if (api_has(call, "bytes") && api_number(call, "bytes") < wish.bytes)
        wish.bytes = (uint32_t)api_number(call, "bytes");
    if (!api_has(call, "tail"))
        return output->head - wish.bytes;
    wish.lines = (uint32_t)api_number(call, "tail");
    return history_start(output, output->head, &wish);
}

static void run_history(struct api_call *call)
{
    struct output_wish wish = wish_of(call);

    output_stream_from_ring(call, &wish, position_of(call));
}

const struct api_command api_output_commands[] = {
    {
        .name = "consoles.log",
        .verb = HTTP_VERB_GET,
        .path = "/consoles/{console}/log",
        .right = RIGHT_READ,
        .shows_output = true,
        .summary = "A console's log.",
        .argument = log_arguments,
        .run = run_log,
    },
    {
        .name = "consoles.history",
        .verb = HTTP_VERB_GET,
        .path = "/consoles/{console}/history",
        .right = RIGHT_READ,
        .shows_output = true,
        .summary = "A console's last output, as it is kept in memory.",
        .argument = history_arguments,
        .run = run_history,
    },
    {
        .name = "console_log",
        .verb = HTTP_VERB_GET,
        .path = "//console_log/{console}",
        .right = RIGHT_READ,
        .shows_output = true,
        .summary = "A console's log, as OpenStack Nova asks for it.",
        .run = run_console_log,
    },
    { .name = NULL },
};

/* Recordings: which ones there are, one of them, and their beginning and end on
 * demand. */
#include "api/api_commands.h"
#include "api/api_means.h"
#include "api/recordings/list_recordings.h"
#include "api/recordings/one_recording.h"
#include "api/recordings/recording.h"
#include "record/reading/record_search.h"

#include <string.h>

enum {
    SECONDS_MAX = 7 * 24 * 60 * 60,
    US_PER_SECOND = 1000 * 1000,
};

/* ---- on demand ---------------------------------------------------------
 */

static void answer_recording(struct api_call *call, const char *done,
                             const struct record_info *info)
{
    struct console_name name = console_name(call->console);
    struct recording r = {
        .id = info->id,
        .first_part = 1,
        .parts = info->part,
        .facts = {
            .reason = info->reason,
            .version = info->is_v3 ? 3 : 2,
            .has_input = info->has_input,
        },
    };

    recording_set_console(&r, call->console, info->by);
    recording_look(call, &r);
    api_answer_json(call, 200,
                    json_pack("{s:o, s:o}", "done",
                              json_sprintf("%s %s", name.text, done),
                              "recording", recording_show(call, &r)));
}

static void run_start(struct api_call *call)
{
    struct recorder *recorder = api_means_of(call->api)->recorder;
    struct recording_by by = recording_by(call->who);
    const struct record_wish wish = {
        .by = by.text[0] != '\0' ? by.text : "anybody",
        .length_us = api_number(call, "seconds") * US_PER_SECOND,
        .has_input = api_flag(call, "input"),
    };
    struct record_info info;

    if (recording_directory(call) == NULL)
        return;
    switch (record_start(recorder, call->console, &wish, &info)) {
    case RECORD_STARTED:
        answer_recording(call, "is recorded", &info);
        break;
    case RECORD_GOES_ON:
        api_fail(call, API_CONFLICT,
                 "it is in the list of recordings; it can be stopped",
                 "%s is recorded already, for %s",
                 console_name(call->console).text, info.by);
        break;
    case RECORD_IS_OFF:
        api_fail(call, API_UNAVAILABLE,
                 "the setting record-dir says where; see the log of vspcd",
                 "nothing can be recorded");
        break;
    case RECORD_TOO_OFTEN:
        api_fail(call, API_TOO_MANY, "try again in a while",
                 "very many recordings were begun lately");
        break;
    case RECORD_NO_INPUT:
        api_fail(call, API_FORBIDDEN,
                 "record-input = yes in the access section that is for the "
                 "console allows it",
                 "what is typed at %s may not be recorded",
                 console_name(call->console).text);
        break;
    }
}

/* Who may not take the keyboard from others may not end their recording,
 * either; one's own may be ended. */
static bool may_stop(const struct api_call *call, const char *by)
{
    return strcmp(recording_by(call->who).text, by) == 0 ||
           api_right_on(call, call->console) >= RIGHT_CONTROL;
}

static void run_stop(struct api_call *call)
{
    struct recorder *recorder = api_means_of(call->api)->recorder;
    struct recording_by by = recording_by(call->who);
    struct record_info info;

    if (recording_directory(call) == NULL)
        return;
    if (!record_find_on_demand(recorder, call->console, &info)) {
        api_fail(call, API_NOT_FOUND,
                 "a recording by a rule goes on for as long as the rule says",
                 "%s is not recorded on demand",
                 console_name(call->console).text);
        return;
    }
    if (!may_stop(call, info.by)) {
        api_fail(call, API_FORBIDDEN,
                 "the right \"control\" on the console allows it",
                 "the recording is %s's", info.by);
        return;
    }
    (void)record_stop(recorder, call->console,
                      by.text[0] != '\0' ? by.text : "anybody", &info);
    answer_recording(call, "is not recorded any more", &info);
}

/* ---- rows --------------------------------------------------------------
 */

static const struct api_argument list_arguments[] = {
    { .name = "match",
      .type = API_TEXT,
      .max = 255,
      .help = "A glob over the console's name, name/label, UUID and "
              "UUID/label, such as web-*." },
    { .name = "console",
      .type = API_TEXT,
      .max = 255,
      .help = "Only of this console: its id, UUID or exact name, now or when "
              "it was recorded." },
    { .name = "search",
      .type = API_TEXT,
      .max = OUTPUT_FIND_TEXT_MAX,
      .help = "Only those in whose output a line has this text, in any case of "
              "ASCII "
              "letters; escape sequences are left out. Reads up to 1 GiB, the "
              "newest recordings first; unread tells what it did not reach." },
    { .name = "since",
      .type = API_TIME,
      .help = "Only those that began at this time or later." },
    { .name = "until",
      .type = API_TIME,
      .help = "Only those that began at this time or earlier." },
    { .name = "reason",
      .type = API_WORD,
      .words = "rule|session|demand",
      .help = "Only those that began for this reason." },
    { .name = "limit",
      .type = API_NUMBER,
      .max = LIST_RECORDINGS_PAGE,
      .standard = "100",
      .help = "How many are listed at most; 0: none, they are counted." },
    { .name = "offset",
      .type = API_NUMBER,
      .standard = "0",
      .help = "How many are left out before the first one." },
    { .name = NULL },
};

#define WHICH                                                                  \
    {                                                                          \
        .name = "recording", .type = API_TEXT, .is_required = true,            \
        .help = "Its id, as in the list."                                      \
    }

static const struct api_argument one_arguments[] = {
    WHICH,
    { .name = NULL },
};

static const struct api_argument cast_arguments[] = {
    WHICH,
    { .name = "format",
      .type = API_WORD,
      .words = "v2|v3|text",
      .help = "asciicast v2 or v3, or text: the output as people read it, and "
              "markers as lines; without it, the version of its files." },
    { .name = NULL },
};

static const struct api_argument start_arguments[] = {
    { .name = "input",
      .type = API_FLAG,
      .place = API_IN_BODY,
      .standard = "false",
      .help = "What is typed, too, if record-input allows it." },
    { .name = "seconds",
      .type = API_NUMBER,
      .place = API_IN_BODY,
      .max = SECONDS_MAX,
      .standard = "0",
      .help = "It ends by itself then; 0: it does not." },
    { .name = NULL },
};

const struct api_command api_recordings_commands[] = {
    {
        .name = "recordings.list",
        .verb = HTTP_VERB_GET,
        .path = "/recordings",
        .right = RIGHT_NONE,
        .summary = "The recordings of consoles that the caller may read, the "
                   "newest first.",
        .returns = "Recordings",
        .argument = list_arguments,
        .run = list_recordings,
    },
    {
        .name = "recordings.show",
        .verb = HTTP_VERB_GET,
        .path = "/recordings/{recording}",
        .right = RIGHT_NONE,
        .summary = "A recording, if the caller may read its console.",
        .returns = "Recording",
        .argument = one_arguments,
        .run = one_recording_show,
        .may_go_on = one_recording_may_go_on,
    },
    {
        .name = "recordings.cast",
        .verb = HTTP_VERB_GET,
        .path = "/recordings/{recording}/cast",
        .right = RIGHT_NONE,
        .shows_output = true,
        .summary = "All of a recording, as one asciicast or as text, if the "
                   "caller may read its console.",
        .argument = cast_arguments,
        .run = one_recording_cast,
        .may_go_on = one_recording_may_go_on,
    },
    {
        .name = "recordings.delete",
        .verb = HTTP_VERB_DELETE,
        .path = "/recordings/{recording}",
        .right = RIGHT_NONE,
        .is_change = true,
        .summary = "Deletes a recording that does not go on, if the caller may "
                   "administer its console.",
        .returns = "RecordingDeleted",
        .argument = one_arguments,
        .run = one_recording_delete,
        .may_go_on = one_recording_may_go_on,
    },
    {
        .name = "consoles.record",
        .verb = HTTP_VERB_POST,
        .path = "/consoles/{console}/record",
        .right = RIGHT_WRITE,
        .is_change = true,
        .summary = "Begins to record a console, beside what rules say.",
        .returns = "RecordingDone",
        .argument = start_arguments,
        .run = run_start,
    },
    {
        .name = "consoles.record_stop",
        .verb = HTTP_VERB_POST,
        .path = "/consoles/{console}/record/stop",
        .right = RIGHT_WRITE,
        .is_change = true,
        .summary = "Ends the recording of a console that began on demand: the "
                   "caller's own, or with the right to control another's.",
        .returns = "RecordingDone",
        .run = run_stop,
    },
    { .name = NULL },
};

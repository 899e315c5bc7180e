/* alerts mute, mutes, unmute: what is not told for a while. */
#include "cli/alerts/alerts.h"
#include "cli/common/say.h"
#include "cli/output/out.h"
#include "cli/verbs/form_options.h"

#include <string.h>

/* clang-format off */
static const struct column columns[] = {
    { .heading = "ID", .path = "id", .is_right = true, .is_firm = true },
    { .heading = "CONSOLES", .path = "match" },
    { .heading = "RULES", .path = "rule" },
    { .heading = "UNTIL", .path = "until", .kind = VALUE_TIME,
      .is_firm = true },
    { .heading = "COUNT", .path = "count", .is_right = true },
    { .heading = "BY", .path = "by" },
    { .heading = "REASON", .path = "reason" },
    { .heading = "SINCE", .path = "since", .kind = VALUE_TIME,
      .is_wide = true },
    { .heading = NULL },
};

static const struct option_row mute_options[] = {
    { "match", 0, "PATTERN", "on consoles that match it [all]" },
    { "rule", 0, "PATTERN", "of rules whose name matches it [all]" },
    { "for", 0, "DURATION", "30m, 2h, 7d, or ever: until it is ended [1h]" },
    { "reason", 0, "TEXT", "why, for others to read" },
    FORM_OPTION_OUTPUT,
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

static const struct listing mutes = { columns, "id" };

/* False: it was told what is wrong. */
static bool take_duration(const struct invocation *in, json_t *body)
{
    const char *text = arguments_text(&in->arguments, "for");
    uint64_t seconds = 0;

    if (text == NULL)
        return true;
    if (strcmp(text, "ever") != 0 &&
        (!value_parse_duration(text, &seconds) || seconds == 0)) {
        (void)invocation_refuse(in, "--for %.40s: expected 30m, 2h, 7d or ever",
                                text);
        return false;
    }
    (void)json_object_set_new(body, "seconds",
                              json_integer((json_int_t)seconds));
    return true;
}

static enum exits run_mute(struct invocation *in)
{
    static const char *const names[] = { "match", "rule", "reason" };
    json_t *body = json_object();
    enum listing_form form;
    struct target target;
    json_t *answer;
    enum exits exits = form_options_read(in, &form);

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *text = arguments_text(&in->arguments, names[i]);

        if (text != NULL)
            (void)json_object_set_new(body, names[i], json_string(text));
    }
    if (exits == EXITS_DONE && !take_duration(in, body))
        exits = EXITS_USAGE;
    if (exits == EXITS_DONE && json_object_get(body, "match") == NULL &&
        json_object_get(body, "rule") == NULL)
        exits = invocation_refuse(in, "expected --match or --rule");
    if (exits != EXITS_DONE) {
        json_decref(body);
        return exits;
    }
    target_init(&target, "/api/v1/alerts/mutes");
    exits = ask_post(in, &target, body, &answer);
    if (exits != EXITS_DONE)
        return exits;
    listing_print_one(answer, form, "id");
    out_flush();
    json_decref(answer);
    return EXITS_DONE;
}

static enum exits run_mutes(struct invocation *in)
{
    struct target target;

    target_init(&target, "/api/v1/alerts/mutes");
    return form_options_get_list(in, &target, &mutes);
}

static enum exits run_unmute(struct invocation *in)
{
    struct target target;
    const struct ask ask = { .verb = HTTP_VERB_DELETE, .target = &target };

    target_init(&target, "/api/v1/alerts/mutes/");
    target_add_segment(&target, invocation_word(in, 0));
    return ask_json(in, &ask, NULL);
}

const struct verb verb_alerts_mute = {
    .name = "alerts mute",
    .group = VERB_GROUP_SERVER,
    .words = "",
    .summary = "mute alerts: they are counted, and not told",
    .text = "Needs the right to control on the server.",
    .example = "vspc alerts mute --match 'test-*' --for 2h --reason 'load "
               "tests'\n"
               "vspc alerts mute --rule silence --for ever\n",
    .option = mute_options,
    .by_ssh = "match rule for reason output",
    .run = run_mute,
};

const struct verb verb_alerts_mutes = {
    .name = "alerts mutes",
    .group = VERB_GROUP_SERVER,
    .words = "",
    .summary = "list the mutes",
    .example = "vspc alerts mutes\n",
    .option = form_options_list,
    .by_ssh = "output no-headers",
    .run = run_mutes,
};

const struct verb verb_alerts_unmute = {
    .name = "alerts unmute",
    .group = VERB_GROUP_SERVER,
    .words = "ID",
    .words_min = 1,
    .words_max = 1,
    .summary = "end a mute",
    .example = "vspc alerts unmute 18\n",
    .by_ssh = "",
    .run = run_unmute,
};

/* access explain; token create, list, revoke. */
#include "base/clock.h"
#include "cli/common/say.h"
#include "cli/output/out.h"
#include "cli/verbs/form_options.h"
#include "cli/verbs/verbs.h"

#include <string.h>

/* clang-format off */
static const struct column token_columns[] = {
    { .heading = "NAME", .path = "name" },
    { .heading = "OWNER", .path = "owner" },
    { .heading = "MAY", .path = "may", .is_firm = true },
    { .heading = "CONSOLES", .path = "consoles" },
    { .heading = "CREATED", .path = "created", .kind = VALUE_TIME },
    { .heading = "EXPIRES", .path = "expires", .kind = VALUE_TIME },
    { .heading = "USED", .path = "last_used", .kind = VALUE_AGO,
      .is_right = true },
    { .heading = "ID", .path = "id", .is_firm = true },
    { .heading = NULL },
};

static const struct option_row create_options[] = {
    { "may", 0, "RIGHT", "read, write, break, control or admin [read]" },
    { "consoles", 0, "GLOB", "for consoles that match; may be repeated [*]" },
    { "expires", 0, "DURATION", "it is of no use after: 12h, 90d [90d]" },
    FORM_OPTION_OUTPUT,
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

static const struct listing tokens = { token_columns, "name" };

static enum exits run_explain(struct invocation *in)
{
    struct target target;

    target_init(&target, "/api/v1/access/explain");
    target_add_query(&target, "principal", invocation_word(in, 0));
    target_add_query(&target, "console", invocation_word(in, 1));
    return form_options_get_one(in, &target, "right");
}

static enum exits run_token_list(struct invocation *in)
{
    struct target target;

    target_init(&target, "/api/v1/tokens");
    return form_options_get_list(in, &target, &tokens);
}

static json_t *globs_of(const struct arguments *a)
{
    json_t *globs = json_array();
    const char *glob;
    size_t at = 0;

    while ((glob = arguments_each(a, "consoles", &at)) != NULL)
        (void)json_array_append_new(globs, json_string(glob));
    if (json_array_size(globs) == 0)
        (void)json_array_append_new(globs, json_string("*"));
    return globs;
}

static enum exits run_token_create(struct invocation *in)
{
    const struct arguments *a = &in->arguments;
    const char *may = arguments_text(a, "may");
    const char *expires = arguments_text(a, "expires");
    const char *secret;
    enum listing_form form;
    struct target target;
    uint64_t seconds;
    json_t *answer;
    enum exits exits = form_options_read(in, &form);

    if (exits != EXITS_DONE)
        return exits;
    if (!value_parse_duration(expires != NULL ? expires : "90d", &seconds) ||
        seconds == 0)
        return invocation_refuse(in, "--expires %.40s: expected 12h or 90d",
                                 expires);
    target_init(&target, "/api/v1/tokens");
    exits = ask_post(in, &target,
                     json_pack("{ss ss so sI}", "name", invocation_word(in, 0),
                               "may", may != NULL ? may : "read", "consoles",
                               globs_of(a), "expires", (json_int_t)seconds),
                     &answer);
    if (exits != EXITS_DONE)
        return exits;
    secret = json_string_value(json_object_get(answer, "token"));
    if (form != LISTING_TABLE || secret == NULL) {
        listing_print_one(answer, form, "name");
    } else {
        say_news("this is the token; it is shown only now");
        out_format("%s\n", secret);
        out_flush();
    }
    json_decref(answer);
    return EXITS_DONE;
}

static enum exits run_token_revoke(struct invocation *in)
{
    struct target target;
    const struct ask ask = { .verb = HTTP_VERB_DELETE, .target = &target };

    target_init(&target, "/api/v1/tokens/");
    target_add_segment(&target, invocation_word(in, 0));
    return ask_json(in, &ask, NULL);
}

const struct verb verb_access_explain = {
    .name = "access explain",
    .group = VERB_GROUP_SERVER,
    .words = "PRINCIPAL CONSOLE",
    .words_min = 2,
    .words_max = 2,
    .kind = VERB_WORDS_CONSOLE_NEXT,
    .summary = "say what somebody may do with a console, and by which rule",
    .example = "vspc access explain alice web-01\n"
               "vspc access explain token:ci web-01\n",
    .option = form_options_one,
    .run = run_explain,
};

const struct verb verb_token_create = {
    .name = "token create",
    .group = VERB_GROUP_SERVER,
    .words = "NAME",
    .words_min = 1,
    .words_max = 1,
    .summary = "make a token, for programs that act for you",
    .text = "It can do no more than you can. The token is printed once, on "
            "standard output.",
    .example = "vspc token create ci --may write --consoles 'ci-*' "
               "--expires 90d > ci.token\n",
    .option = create_options,
    .run = run_token_create,
};

const struct verb verb_token_list = {
    .name = "token list",
    .group = VERB_GROUP_SERVER,
    .words = "",
    .summary = "list tokens",
    .example = "vspc token list\n",
    .option = form_options_list,
    .run = run_token_list,
};

const struct verb verb_token_revoke = {
    .name = "token revoke",
    .group = VERB_GROUP_SERVER,
    .words = "NAME",
    .words_min = 1,
    .words_max = 1,
    .summary = "end a token, and what uses it",
    .example = "vspc token revoke ci\n",
    .run = run_token_revoke,
};

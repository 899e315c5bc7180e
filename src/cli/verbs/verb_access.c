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
    { .heading = "STATE", .path = "state", .is_firm = true },
    { .heading = "EXPIRES", .path = "expires", .kind = VALUE_TIME,
      .is_firm = true },
    { .heading = "USED", .path = "last_used", .kind = VALUE_AGO,
      .is_right = true },
    { .heading = "FROM", .path = "last_used_from", .is_wide = true },
    { .heading = "CREATED", .path = "created", .kind = VALUE_TIME,
      .is_wide = true },
    { .heading = "BY", .path = "created_by", .is_wide = true },
    { .heading = "ID", .path = "id", .is_right = true, .is_wide = true },
    { .heading = NULL },
};

static const struct option_row create_options[] = {
    { "may", 0, "RIGHT", "read, write, break, control or admin [read]" },
    { "consoles", 0, "GLOB", "only for consoles that match" },
    { "expires", 0, "DURATION", "it is of no use after: 12h, 90d, never [90d]" },
    { "owner", 0, "NAME", "whom it acts for, if not for you" },
    FORM_OPTION_OUTPUT,
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

static const struct listing tokens = { token_columns, "name" };

static json_t *sentences_of(const json_t *answer)
{
    return json_object_get(answer, "explanation");
}

static void print_sentences(const json_t *answer)
{
    const json_t *sentences = sentences_of(answer);

    out_format(
        "right: %s\n",
        value_format(json_object_get(answer, "right"), VALUE_TEXT, 0).text);
    for (size_t i = 0; i < json_array_size(sentences); i++)
        out_format(
            "%s\n",
            value_format(json_array_get(sentences, i), VALUE_TEXT, 0).text);
}

static enum exits run_explain(struct invocation *in)
{
    struct target target;
    enum listing_form form;
    json_t *answer;
    enum exits exits = form_options_read(in, &form);

    target_init(&target, "/api/v1/access/explain");
    target_add_query(&target, "principal", invocation_word(in, 0));
    target_add_query(&target, "console", invocation_word(in, 1));
    if (exits == EXITS_DONE)
        exits = ask_get(in, &target, &answer);
    if (exits != EXITS_DONE)
        return exits;
    if (form == LISTING_TABLE && json_is_array(sentences_of(answer)))
        print_sentences(answer);
    else
        listing_print_one(answer, form, "right");
    out_flush();
    json_decref(answer);
    return EXITS_DONE;
}

static enum exits run_token_list(struct invocation *in)
{
    struct target target;

    target_init(&target, "/api/v1/tokens");
    return form_options_get_list(in, &target, &tokens);
}

/* The request's body; NULL: it was told what is wrong. */
static json_t *make_token(const struct invocation *in)
{
    static const char *const texts[] = { "may", "consoles", "owner" };
    const struct arguments *a = &in->arguments;
    const char *expires = arguments_text(a, "expires");
    json_t *body = json_pack("{ss}", "name", invocation_word(in, 0));
    uint64_t seconds = 0;

    if (body == NULL) {
        (void)invocation_refuse(in, "the name is no text");
        return NULL;
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *text = arguments_text(a, texts[i]);

        if (text != NULL)
            (void)json_object_set_new(body, texts[i], json_string(text));
    }
    if (expires == NULL)
        return body;
    if (strcmp(expires, "never") != 0 &&
        (!value_parse_duration(expires, &seconds) || seconds == 0)) {
        (void)invocation_refuse(in,
                                "--expires %.40s: expected 12h, 90d or "
                                "never",
                                expires);
        json_decref(body);
        return NULL;
    }
    (void)json_object_set_new(body, "expires",
                              json_integer((json_int_t)seconds));
    return body;
}

static enum exits run_token_create(struct invocation *in)
{
    const char *secret;
    enum listing_form form;
    struct target target;
    json_t *body;
    json_t *answer;
    enum exits exits = form_options_read(in, &form);

    if (exits != EXITS_DONE)
        return exits;
    body = make_token(in);
    if (body == NULL)
        return EXITS_USAGE;
    target_init(&target, "/api/v1/tokens");
    exits = ask_post(in, &target, body, &answer);
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
    .by_ssh = "output",
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

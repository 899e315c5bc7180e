/* who, kick, message: the people at consoles. */
#include "cli/common/say.h"
#include "cli/invocation/consoles.h"
#include "cli/verbs/form_options.h"
#include "cli/verbs/verbs.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct column columns[] = {
    { .heading = "CLIENT", .path = "number", .is_right = true },
    { .heading = "NAME", .path = "name" },
    { .heading = "CONSOLE", .path = "console" },
    { .heading = "FROM", .path = "peer" },
    { .heading = "DOOR", .path = "door" },
    { .heading = "FOR", .path = "since", .kind = VALUE_AGO, .is_right = true },
    { .heading = "MODE", .path = "mode" },
    { .heading = "RIGHT", .path = "right", .is_wide = true },
    { .heading = "PROOF", .path = "proof", .is_wide = true },
    { .heading = "INPUT", .path = "input_bytes", .kind = VALUE_BYTES,
      .is_right = true, .is_wide = true },
    { .heading = "BEHIND", .path = "behind_bytes", .kind = VALUE_BYTES,
      .is_right = true, .is_wide = true },
    { .heading = NULL },
};

static const struct option_row kick_options[] = {
    { "reason", 0, "TEXT", "what the client is told" },
    { NULL, 0, NULL, NULL },
};

static const struct option_row message_options[] = {
    { "all", 0, NULL, "to the people at all consoles; the first word is text" },
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

static const struct listing listing = { columns, "number" };

static enum exits run_who(struct invocation *in)
{
    const char *console = invocation_word(in, 0);
    struct console_found found;
    struct target target;
    enum exits exits;

    if (console == NULL) {
        target_init(&target, "/api/v1/clients");
        return form_options_get_list(in, &target, &listing);
    }
    exits = consoles_find(in, console, &found);
    if (exits != EXITS_DONE)
        return exits;
    consoles_target(&target, &found, "/clients");
    consoles_found_done(&found);
    return form_options_get_list(in, &target, &listing);
}

/* ---- kick -----------------------------------------------------------------
 */

static enum exits kick_number(struct invocation *in, const char *number)
{
    struct target target;

    target_init(&target, "/api/v1/clients/");
    target_add_segment(&target, number);
    target_add_query(&target, "reason",
                     arguments_text(&in->arguments, "reason"));
    return ask_change(in, HTTP_VERB_DELETE, &target, NULL);
}

/* All clients of a person at a console. */
static enum exits kick_person(struct invocation *in, const char *person,
                              const struct console_found *found)
{
    struct target target;
    size_t kicked = 0;
    json_t *answer;
    json_t *item;
    enum exits exits;
    size_t i;

    consoles_target(&target, found, "/clients");
    exits = ask_get(in, &target, &answer);
    if (exits != EXITS_DONE)
        return exits;
    json_array_foreach (json_object_get(answer, "items"), i, item) {
        const char *who = json_string_value(json_object_get(item, "name"));
        struct value_text number =
            value_format(json_object_get(item, "number"), VALUE_TEXT, 0);

        if (exits == EXITS_DONE && who != NULL && strcmp(who, person) == 0) {
            exits = kick_number(in, number.text);
            kicked++;
        }
    }
    json_decref(answer);
    if (kicked > 0)
        return exits;
    say_error("%.128s has no client at %.128s", person, found->name);
    return EXITS_FAILED;
}

static enum exits run_kick(struct invocation *in)
{
    const char *client = invocation_word(in, 0);
    const char *at = strrchr(client, '@');
    struct console_found found;
    enum exits exits;
    char *person;

    if (client[strspn(client, "0123456789")] == '\0')
        return kick_number(in, client);
    if (at == NULL)
        return invocation_refuse(in,
                                 "%.100s: expected a client's number "
                                 "(vspc who has it), or NAME@CONSOLE",
                                 client);
    exits = consoles_find(in, at + 1, &found);
    if (exits != EXITS_DONE)
        return exits;
    person = strndup(client, (size_t)(at - client));
    if (person != NULL)
        exits = kick_person(in, person, &found);
    free(person);
    consoles_found_done(&found);
    return exits;
}

/* ---- message --------------------------------------------------------------
 */

static enum exits tell(struct invocation *in, const char *id, const char *text)
{
    const struct console_found found = { .id = id };
    struct target target;

    consoles_target(&target, &found, "/message");
    return ask_change(in, HTTP_VERB_POST, &target,
                      json_pack("{ss}", "text", text));
}

static enum exits tell_all(struct invocation *in, const char *text)
{
    enum exits worst = EXITS_DONE;
    json_t *list;
    json_t *item;
    size_t i;
    enum exits exits = consoles_match(in, NULL, NULL, &list);

    if (exits != EXITS_DONE)
        return exits;
    json_array_foreach (json_object_get(list, "items"), i, item) {
        exits = tell(in, json_string_value(json_object_get(item, "id")), text);
        /* A console may have gone meanwhile, or may not be told: go on. */
        if (exits != EXITS_DONE)
            worst = exits;
    }
    json_decref(list);
    return worst;
}

static enum exits run_message(struct invocation *in)
{
    bool is_for_all = arguments_has(&in->arguments, "all");
    struct console_found found;
    enum exits exits = EXITS_DONE;
    char *text;

    if (!is_for_all && in->arguments.word_count < 2)
        return invocation_refuse(in, "what is the message?");
    text = invocation_join_words(in, is_for_all ? 0 : 1);
    if (is_for_all) {
        exits = tell_all(in, text);
    } else {
        exits = consoles_find(in, invocation_word(in, 0), &found);
        if (exits == EXITS_DONE) {
            exits = tell(in, found.id, text);
            consoles_found_done(&found);
        }
    }
    free(text);
    return exits;
}

const struct verb verb_who = {
    .name = "who",
    .group = VERB_GROUP_CONSOLES,
    .words = "[CONSOLE]",
    .words_max = 1,
    .kind = VERB_WORDS_CONSOLE,
    .summary = "list the clients of a console, or of all",
    .example = "vspc who\n"
               "vspc who web-01\n",
    .option = form_options_list,
    .by_ssh = "output no-headers",
    .run = run_who,
};

const struct verb verb_kick = {
    .name = "kick",
    .group = VERB_GROUP_ACTING,
    .words = "CLIENT|NAME@CONSOLE",
    .words_min = 1,
    .words_max = 1,
    .summary = "end a client, or a person's clients at a console",
    .example = "vspc kick 17\n"
               "vspc kick alice@web-01 --reason 'maintenance'\n",
    .option = kick_options,
    .by_ssh = "reason",
    .run = run_kick,
};

const struct verb verb_message = {
    .name = "message",
    .group = VERB_GROUP_ACTING,
    .words = "CONSOLE TEXT...",
    .words_min = 1,
    .words_max = VERB_MANY,
    .kind = VERB_WORDS_CONSOLE,
    .summary = "send a line to the people at a console",
    .example = "vspc message web-01 I reboot it in 5 minutes\n"
               "vspc message --all maintenance at noon\n",
    .option = message_options,
    .by_ssh = "all",
    .run = run_message,
};

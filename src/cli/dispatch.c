#include "cli/dispatch.h"

#include "base/mem.h"
#include "cli/common/say.h"
#include "cli/help.h"
#include "cli/output/out.h"
#include "cli/pick/pick.h"
#include "cli/verb_table.h"

#include <string.h>

static enum exits refuse_verb(struct invocation *in, int count, char **words,
                              const char *near)
{
    if (near != NULL)
        return invocation_refuse(in,
                                 "there is no verb %.60s%s%.60s; did you "
                                 "mean %s?",
                                 words[0], count > 1 ? " " : "",
                                 count > 1 ? words[1] : "", near);
    return invocation_refuse(in, "there is no verb %.60s", words[0]);
}

/* The options of every verb that need no server. */
static enum exits use_options(struct invocation *in)
{
    static const char *const names[] = {
        [OUT_COLOURS_AUTO] = "auto",
        [OUT_COLOURS_ALWAYS] = "always",
        [OUT_COLOURS_NEVER] = "never",
    };
    const char *colours = arguments_text(&in->arguments, "color");

    say_set_quiet(arguments_has(&in->arguments, "quiet"));
    if (colours == NULL)
        return EXITS_DONE;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], colours) == 0) {
            out_set_colours((enum out_colours)i);
            return EXITS_DONE;
        }
    }
    return invocation_refuse(in,
                             "--color %.40s: expected auto, always or "
                             "never",
                             colours);
}

static bool has_word(const char *words, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = words; at[0] != '\0'; at += strspn(at, " ")) {
        size_t next = strcspn(at, " ");

        if (next == len && memcmp(at, name, len) == 0)
            return true;
        at += next;
    }
    return false;
}

/* What somebody who came by ssh may not say is refused, and not left out: he
 * would get something else than he has asked for. */
static enum exits check_by_ssh(const struct invocation *in)
{
    static const char common[] =
        "request-timeout color no-input quiet help version";
    const struct arguments *a = &in->arguments;
    const char *own = in->verb != NULL ? in->verb->by_ssh : "";

    if (own == NULL)
        return invocation_refuse(in, "%s cannot be used by ssh",
                                 in->verb->name);
    for (size_t i = 0; i < a->option_count; i++) {
        const char *name = a->option[i].row->name;

        if (!has_word(common, name) && !has_word(own, name))
            return invocation_refuse(in, "--%s cannot be used by ssh", name);
    }
    return EXITS_DONE;
}

/* argv begins behind the verb. */
static enum exits run_verb(struct invocation *in, int argc, char **argv)
{
    const struct verb *verb = in->verb;
    struct arguments *a = &in->arguments;
    enum exits exits;
    struct err err;

    a->rows[1] = verb->option;
    if (verb->takes_all) {
        a->word = xcalloc((size_t)argc + 1, sizeof *a->word);
        memcpy(a->word, argv, (size_t)argc * sizeof *a->word);
        a->word_count = (size_t)argc;
    } else if (arguments_read(a, argc, argv, false, &err) < 0) {
        return invocation_refuse(in, "%s", err.text);
    }
    exits = in->is_by_ssh ? check_by_ssh(in) : EXITS_DONE;
    if (exits != EXITS_DONE)
        return exits;
    if (arguments_has(a, "help")) {
        help_print_verb(stdout, verb);
        return EXITS_DONE;
    }
    exits = use_options(in);
    if (exits != EXITS_DONE)
        return exits;
    if (a->word_count < verb->words_min)
        return invocation_refuse(in, "vspc %s needs %s", verb->name,
                                 verb->words);
    if (a->word_count > verb->words_max)
        return invocation_refuse(
            in, "%.60s: vspc %s takes %s", a->word[verb->words_max], verb->name,
            verb->words_max == 0 ? "no words" : verb->words);
    return verb->run(in);
}

/* A person gets the list. */
static enum exits run_without_verb(struct invocation *in)
{
    enum exits exits = in->is_by_ssh ? check_by_ssh(in) : EXITS_DONE;

    if (exits == EXITS_DONE)
        exits = use_options(in);
    if (exits != EXITS_DONE)
        return exits;
    if (invocation_is_interactive() &&
        !arguments_has(&in->arguments, "no-input"))
        return pick_run(in);
    help_print(stderr, in->table);
    return EXITS_USAGE;
}

enum exits dispatch(struct invocation *in, int argc, char **argv)
{
    const char *near;
    struct err err;
    int taken;
    int words;

    in->table = verb_table;
    in->dispatch = dispatch;
    arguments_init(&in->arguments, invocation_options, NULL);
    taken = arguments_read(&in->arguments, argc, argv, true, &err);
    if (taken < 0)
        return invocation_refuse(in, "%s", err.text);
    if (arguments_has(&in->arguments, "version")) {
        out_text("vspc " VSPCD_VERSION "\n");
        return EXITS_DONE;
    }
    if (arguments_has(&in->arguments, "help")) {
        help_print(stdout, in->table);
        return EXITS_DONE;
    }
    if (taken == argc)
        return run_without_verb(in);
    in->verb = verb_table_find(argc - taken, argv + taken, &words, &near);
    if (in->verb == NULL)
        return refuse_verb(in, argc - taken, argv + taken, near);
    return run_verb(in, argc - taken - words, argv + taken + words);
}

#include "cli/complete.h"

#include "base/text.h"
#include "cli/invocation/invocation.h"
#include "cli/output/out.h"
#include "remote/target.h"

#include <jansson.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* A shell that waits for names longer than this feels broken. */
enum { NAMES_MS = 300 };

/* ---- what fits ------------------------------------------------------------
 */

static void offer(const char *candidate, const char *begin)
{
    if (strncmp(candidate, begin, strlen(begin)) != 0 ||
        !text_is_visible(candidate))
        return;
    out_text(candidate);
    out_text("\n");
}

/* words: "a|b|c" */
static void offer_words(const char *words, const char *begin)
{
    char one[64];

    while (*words != '\0') {
        size_t len = strcspn(words, "|");

        if (len < sizeof one) {
            memcpy(one, words, len);
            one[len] = '\0';
            offer(one, begin);
        }
        words += len + (words[len] == '|');
    }
}

static void offer_options(const struct option_row *rows, const char *begin)
{
    char text[64];

    for (; rows != NULL && rows->name != NULL; rows++) {
        snprintf(text, sizeof text, "--%s", rows->name);
        offer(text, begin);
    }
}

static void complete_on_late(int number)
{
    (void)number;
    _exit(EXITS_DONE);
}

/* Names that the server has, within NAMES_MS in all; else none. */
static void offer_consoles(struct invocation *in, const char *begin)
{
    const struct itimerval limit = { .it_value.tv_usec = NAMES_MS * 1000 };
    struct remote_answer answer;
    struct target target;
    struct remote_request request = { .verb = HTTP_VERB_GET,
                                      .target = target.text };
    struct slice body;
    json_t *list;
    json_t *item;
    size_t i;

    (void)signal(SIGALRM, complete_on_late);
    (void)setitimer(ITIMER_REAL, &limit, NULL);
    target_init(&target, "/api/v1/consoles");
    target_add_query(&target, "fields", "name");
    in->timeout_ms = NAMES_MS;
    if (invocation_connect(in) != EXITS_DONE)
        return;
    remote_call(in->remote, &request, &answer);
    body = buf_bytes(&answer.body);
    list = json_loadb((const char *)body.data, body.len, 0, NULL);
    json_array_foreach (json_object_get(list, "items"), i, item) {
        const char *name = json_string_value(json_object_get(item, "name"));

        if (name != NULL)
            offer(name, begin);
    }
    json_decref(list);
    remote_answer_done(&answer);
}

static void offer_contexts(const char *begin)
{
    char path[sizeof((struct contexts *)NULL)->path];
    struct contexts contexts;
    const char *name;
    json_t *context;

    contexts_own_path(path, sizeof path);
    (void)contexts_read(&contexts, path, NULL);
    json_object_foreach (json_object_get(contexts.root, "contexts"), name,
                         context) {
        offer(name, begin);
    }
    contexts_done(&contexts);
}

/* The verbs' names, or behind "token" what follows it. */
static void offer_verbs(const struct invocation *in, const char *before,
                        const char *begin)
{
    size_t len = strlen(before);
    const char *last = "";
    char one[64];

    for (const struct verb *const *v = in->table; *v != NULL; v++) {
        const char *name = (*v)->name;

        if ((*v)->is_hidden)
            continue;
        if (len > 0) {
            if (strncmp(name, before, len) != 0 || name[len] != ' ')
                continue;
            name += len + 1;
        }
        snprintf(one, sizeof one, "%.*s", (int)strcspn(name, " "), name);
        /* "token" is there for each of its verbs. */
        if (strncmp(last, one, strlen(one)) != 0 || last[strlen(one)] != ' ')
            offer(one, begin);
        last = name;
    }
}

/* ---- where the cursor is --------------------------------------------------
 */

static void offer_value(const struct option_row *row, const char *begin)
{
    static const struct {
        const char *option;
        const char *words;
    } values[] = {
        { "output", "table|wide|json|jsonl|name" },
        { "state", "connected|moving|none" },
        { "sort", "name|state|clients|activity|host" },
        { "may", "read|write|break|control|admin" },
        { "color", "auto|always|never" },
        { "reason", "rule|session|demand" },
        { "format", "v2|v3|text" },
    };

    if (strcmp(row->name, "context") == 0)
        offer_contexts(begin);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (strcmp(values[i].option, row->name) == 0)
            offer_words(values[i].words, begin);
    }
}

/* at: which word of the verb it is; the first may be the second one of another
 * verb: "record", and "record list". */
static void offer_word(struct invocation *in, const struct verb *verb,
                       size_t at, const char *begin)
{
    if (at == 0 && strchr(verb->name, ' ') == NULL)
        offer_verbs(in, verb->name, begin);
    switch (verb->kind) {
    case VERB_WORDS_CONSOLE:
        if (at == 0)
            offer_consoles(in, begin);
        break;
    case VERB_WORDS_CONSOLES:
        offer_consoles(in, begin);
        break;
    case VERB_WORDS_CONSOLE_NEXT:
        if (at == 1)
            offer_consoles(in, begin);
        break;
    case VERB_WORDS_CONTEXT:
        offer_contexts(begin);
        break;
    case VERB_WORDS_VERB:
        if (at == 0)
            offer_verbs(in, "", begin);
        break;
    case VERB_WORDS_OTHER:
        if (strcmp(verb->name, "completion") == 0)
            offer_words("bash|zsh|fish", begin);
        break;
    }
}

/* The verb that words begin with; NULL: none does, and *ret_before is what
 * there is of one, such as "token", or "". */
static const struct verb *find_verb(const struct invocation *in,
                                    size_t *ret_taken, const char **ret_before)
{
    const struct arguments *a = &in->arguments;
    char two[128];

    *ret_before = a->word_count > 0 ? a->word[0] : "";
    *ret_taken = 0;
    snprintf(two, sizeof two, "%s %s", *ret_before,
             a->word_count > 1 ? a->word[1] : "");
    for (const struct verb *const *v = in->table;
         a->word_count > 0 && *v != NULL; v++) {
        if (strcmp((*v)->name, a->word[0]) == 0 ||
            ((*v)->alias != NULL && strcmp((*v)->alias, a->word[0]) == 0))
            *ret_taken = 1;
        else if (a->word_count > 1 &&
                 (strcmp((*v)->name, two) == 0 ||
                  ((*v)->alias != NULL && strcmp((*v)->alias, two) == 0)))
            *ret_taken = 2;
        if (*ret_taken > 0)
            return *v;
    }
    return NULL;
}

/* Bash has "--state=x" as three words, "--state", "=" and "x". */
static size_t drop_equals(char **words, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        bool is_sign = strcmp(words[i], "=") == 0 && i > 0 &&
                       words[i - 1][0] == '-' && i + 1 < count;

        if (!is_sign)
            words[kept++] = words[i];
    }
    return kept;
}

/* Reads the words before the cursor, twice: for the verb, then with its
 * options. What is wrong with them is none of our business. */
static const struct verb *read_words(struct invocation *in, int count,
                                     char **words, size_t *ret_taken,
                                     const char **ret_before)
{
    const struct verb *verb = NULL;
    const struct option_row *rows = NULL;
    struct err ignored;

    for (int pass = 0; pass < 2; pass++) {
        arguments_done(&in->arguments);
        arguments_init(&in->arguments, invocation_options, rows);
        (void)arguments_read(&in->arguments, count, words, false, &ignored);
        verb = find_verb(in, ret_taken, ret_before);
        rows = verb != NULL ? verb->option : NULL;
    }
    return verb;
}

static enum exits run_complete(struct invocation *in)
{
    char **words = in->arguments.word;
    size_t count = drop_equals(words, in->arguments.word_count);
    const char *begin = count > 0 ? words[count - 1] : "";
    int before_count = count > 0 ? (int)count - 1 : 0;
    const struct option_row *row = NULL;
    const struct verb *verb;
    const char *before;
    size_t taken;

    in->arguments.word = NULL; /* words is ours now */
    verb = read_words(in, before_count, words, &taken, &before);
    if (before_count > 0 && strchr(words[before_count - 1], '=') == NULL)
        row = arguments_find_row(&in->arguments, words[before_count - 1]);
    if (row != NULL && row->value != NULL) {
        offer_value(row, begin);
    } else if (begin[0] == '-') {
        offer_options(verb != NULL ? verb->option : NULL, begin);
        offer_options(invocation_options, begin);
    } else if (verb == NULL) {
        offer_verbs(in, before, begin);
    } else {
        offer_word(in, verb, in->arguments.word_count - taken, begin);
    }
    out_flush();
    free(words);
    return EXITS_DONE;
}

/* ---- the scripts ----------------------------------------------------------
 */

/* In an open quote bash puts what it is given between quotes, where %q says
 * something else: there is nothing then. */
static const char bash_script[] =
    "# vspc(1) completion for bash\n"
    "_vspc() {\n"
    "    local found=() one\n"
    "    COMPREPLY=()\n"
    "    [[ ${COMP_WORDS[COMP_CWORD]} == *[\\\"\\']* ]] && return\n"
    "    mapfile -t found < <(vspc __complete \\\n"
    "        \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
    "    for one in \"${found[@]}\"; do\n"
    "        printf -v one %q \"$one\"\n"
    "        COMPREPLY+=(\"$one\")\n"
    "    done\n"
    "}\n"
    "complete -o default -F _vspc vspc\n";

static const char zsh_script[] =
    "#compdef vspc\n"
    "# vspc(1) completion for zsh\n"
    "_vspc() {\n"
    "    local -a found\n"
    "    found=(\"${(@f)$(vspc __complete \\\n"
    "        \"${(@Q)words[2,CURRENT]}\" 2>/dev/null)}\")\n"
    "    if [[ -n \"${found[*]}\" ]]; then\n"
    "        compadd -a found\n"
    "    else\n"
    "        _files\n"
    "    fi\n"
    "}\n"
    "if [[ \"$funcstack[1]\" == _vspc ]]; then _vspc; else compdef _vspc vspc; "
    "fi\n";

static const char fish_script[] =
    "# vspc(1) completion for fish\n"
    "function __vspc_complete\n"
    "    set -l words (commandline -opc) (commandline -ct)\n"
    "    vspc __complete $words[2..-1] 2>/dev/null\n"
    "end\n"
    "complete -c vspc -a '(__vspc_complete)'\n";

static enum exits run_completion(struct invocation *in)
{
    const char *shell = invocation_word(in, 0);

    if (strcmp(shell, "bash") == 0)
        out_text(bash_script);
    else if (strcmp(shell, "zsh") == 0)
        out_text(zsh_script);
    else if (strcmp(shell, "fish") == 0)
        out_text(fish_script);
    else
        return invocation_refuse(in, "%.40s: expected bash, zsh or fish",
                                 shell);
    out_flush();
    return EXITS_DONE;
}

const struct verb verb_completion = {
    .name = "completion",
    .group = VERB_GROUP_HERE,
    .words = "bash|zsh|fish",
    .words_min = 1,
    .words_max = 1,
    .summary = "print a script that completes verbs, options and names",
    .example = "source <(vspc completion bash)\n",
    .run = run_completion,
};

const struct verb verb_complete = {
    .name = "__complete",
    .group = VERB_GROUP_HERE,
    .words = "[WORD]...",
    .words_max = VERB_MANY,
    .summary = "print what may stand in place of the last word",
    .example = "vspc __complete li\n",
    .is_hidden = true,
    .takes_all = true,
    .run = run_complete,
};

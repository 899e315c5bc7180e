/*
 * ssh-session: what sshd runs for a person who comes by ssh. The person's
 * command line is in SSH_ORIGINAL_COMMAND; no shell sees it. Of the verbs, it
 * may use those that their rows open to ssh, with the options that are named
 * there: none that reads or writes a file of this machine, or says which server
 * it is, or as whom.
 *
 * The server is connected to first, as the command line of sshd_config says;
 * the verb finds the connection open.
 */
#include "cli/common/say.h"
#include "cli/invocation/invocation.h"
#include "cli/ssh/command_words.h"
#include "cli/ssh/ssh.h"
#include "net/timer.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* clang-format off */
static const struct option_row options[] = {
    { "as", 0, "NAME", "who has come; counts for the account --ssh-login-user" },
    { "by-key", 0, "ID", "by which key of vspcd, so that it ends with that" },
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

/* ---- the command line -----------------------------------------------------
 */

static bool begins_with(const char *name, const char *word)
{
    size_t len = strcspn(name, " ");

    return strlen(word) == len && memcmp(name, word, len) == 0;
}

static bool is_verb(const struct verb *const *table, const char *word)
{
    for (; *table != NULL; table++) {
        if (begins_with((*table)->name, word) ||
            ((*table)->alias != NULL && begins_with((*table)->alias, word)))
            return true;
    }
    return false;
}

/* "web-01.console", a host name of ~/.ssh/config, is the console web-01: what
 * is behind the last dot is not the console's. */
static void cut_host_name(char *name)
{
    char *dot = strrchr(name, '.');

    if (dot != NULL && dot != name)
        *dot = '\0';
}

/*
 * The words as vspc takes them: argv has room for two more. Without words it is
 * the list, on a terminal the one to pick from. A first word that is no verb is
 * a console; "host NAME" is the one of a host name.
 */
static int make_argv(const struct verb *const *table,
                     const struct command_words *words, char **argv)
{
    static char attach[] = "attach", end[] = "--", list[] = "list";
    char *const *from = words->word;
    int count = 0;

    if (words->count == 0) {
        if (!invocation_is_interactive())
            argv[count++] = list;
    } else if (words->count == 2 && strcmp(from[0], "host") == 0) {
        cut_host_name(from[1]);
        argv[count++] = attach;
        argv[count++] = end;
        from++;
    } else if (from[0][0] != '-' && !is_verb(table, from[0])) {
        argv[count++] = attach;
    }
    while (*from != NULL)
        argv[count++] = *from++;
    argv[count] = NULL;
    return count;
}

/* ---- without a terminal ---------------------------------------------------
 */

/*
 * sshd tells a program without a terminal nothing when its client has gone, and
 * one that follows a quiet console writes nothing by which it would notice. So
 * it looks, and ends as behind a terminal that hangs up.
 */
struct watch {
    struct timer timer;
};

enum { WATCH_MS = 2000 };

static void watch_on_due(void *owner)
{
    struct watch *watch = owner;
    struct pollfd output = { .fd = STDOUT_FILENO };

    if (poll(&output, 1, 0) == 1)
        (void)kill(getpid(), SIGHUP);
    timer_start(&watch->timer, WATCH_MS);
}

static void watch_open(struct watch *watch, struct loop *loop)
{
    timer_init(&watch->timer, loop, watch_on_due, watch);
    timer_start(&watch->timer, WATCH_MS);
}

/* ---- the verb -------------------------------------------------------------
 */

static enum exits run_words(struct invocation *in,
                            const struct command_words *words)
{
    char *argv[COMMAND_WORDS_MAX + 3];
    int argc = make_argv(in->table, words, argv);
    struct watch watch;
    enum exits exits;

    in->is_by_ssh = true;
    in->verb = NULL;
    watch_open(&watch, remote_loop(in->remote));
    arguments_done(&in->arguments);
    exits = in->dispatch(in, argc, argv);
    timer_done(&watch.timer);
    return exits;
}

static enum exits run_ssh_session(struct invocation *in)
{
    static const struct rlimit no_core = { 0, 0 };
    const char *line = getenv("SSH_ORIGINAL_COMMAND");
    /* Behind the verb, arguments still point into it. */
    static struct command_words words;
    enum exits exits;
    struct err err;

    if (in->is_by_ssh)
        return invocation_refuse(in, "this is an ssh session already");
    (void)setrlimit(RLIMIT_CORE, &no_core);
    if (command_words_split(&words, line != NULL ? line : "", &err) < 0) {
        say_error("%s", err.text);
        return EXITS_USAGE;
    }
    in->person = arguments_text(&in->arguments, "as");
    in->person_key = arguments_text(&in->arguments, "by-key");
    exits = invocation_connect(in);
    return exits == EXITS_DONE ? run_words(in, &words) : exits;
}

const struct verb verb_ssh_session = {
    .name = "ssh-session",
    .group = VERB_GROUP_SERVER,
    .words = "",
    .summary = "be the command that sshd runs for people who come by ssh",
    .text =
        "For ForceCommand in sshd_config, or command= of a key: docs/ssh.md. "
        "Carries out what ssh was given, without a shell: a verb, of those "
        "that touch no files, or a console to attach to; without either, the "
        "list.",
    .example = "SSH_ORIGINAL_COMMAND='logs -f web-01' vspc ssh-session\n",
    .option = options,
    .run = run_ssh_session,
};

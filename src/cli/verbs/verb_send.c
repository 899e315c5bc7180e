/* send and break: what is typed, without a terminal. */
#include "base/mem.h"
#include "cli/common/say.h"
#include "cli/invocation/consoles.h"
#include "cli/verbs/verbs.h"
#include "proto/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PIECE = 4096, /* bytes of one request */
    /* A piece takes no longer at its pace, so the server is never silent for
     * long, and ^C leaves little behind. */
    PIECE_S = 2,
    PACE_MAX = 1000 * 1000,
};

/* clang-format off */
static const struct option_row send_options[] = {
    { "no-enter", 'n', NULL, "without Enter behind the text" },
    { "file", 0, "FILE", "type the file's content instead of a text" },
    { "stdin", 0, NULL, "type what standard input has" },
    { "raw", 0, NULL, "with --file and --stdin: every byte as it is; else the "
      "end of a line is Enter" },
    { "pace", 0, "BYTES", "at most so many bytes a second" },
    { "all-matching", 0, NULL, "to all connected consoles that match the "
      "pattern in the console's place" },
    { "yes", 'y', NULL, "do not ask before --all-matching" },
    { NULL, 0, NULL, NULL },
};

static const struct option_row break_options[] = {
    { "sysrq", 0, "KEY", "then this key, for Linux's magic SysRq: h lists them" },
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

/* ---- where the bytes come from -------------------------------------------
 */

struct typing {
    const char *text; /* NULL: of fd */
    int fd;
    bool is_raw;
    bool was_cr; /* the last byte */
    unsigned long pace;
};

/* The end of a line becomes Enter, in place. Returns the new length. */
static size_t press_enter(struct typing *t, void *bytes, size_t len)
{
    struct slice in = slice_of(bytes, len);

    return enter_next(&t->was_cr, &in, bytes, len).len;
}

/* Reads up to a piece; 0 at the end; -errno. */
static ssize_t read_piece(struct typing *t, uint8_t *to, size_t size)
{
    ssize_t n;

    for (;;) {
        n = read(t->fd, to, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0 || t->is_raw)
            return n;
        n = (ssize_t)press_enter(t, to, (size_t)n);
        /* 0: an LF alone, behind its CR; there may be more. */
        if (n > 0)
            return n;
    }
}

static size_t piece_of(const struct typing *t)
{
    size_t paced = t->pace > 0 ? t->pace * PIECE_S : PIECE;

    return paced < PIECE ? paced : PIECE;
}

/* ---- to a console ---------------------------------------------------------
 */

static enum exits type_piece(struct invocation *in, const char *id,
                             const struct typing *t, struct slice bytes)
{
    struct console_found found = { .id = id };
    struct target target;
    const struct ask ask = { .verb = HTTP_VERB_POST,
                             .target = &target,
                             .octets = bytes };
    char pace[24];

    consoles_target(&target, &found, "/send");
    if (t->pace > 0) {
        snprintf(pace, sizeof pace, "%lu", t->pace);
        target_add_query(&target, "pace", pace);
    }
    return ask_json(in, &ask, NULL);
}

static enum exits type_text(struct invocation *in, const char *id,
                            const struct typing *t)
{
    struct slice rest = slice_of_text(t->text);
    enum exits exits = EXITS_DONE;

    while (exits == EXITS_DONE && rest.len > 0) {
        size_t len = rest.len < piece_of(t) ? rest.len : piece_of(t);

        exits = type_piece(in, id, t, slice_of(rest.data, len));
        rest = slice_after(rest, len);
    }
    return exits;
}

static enum exits type_file(struct invocation *in, const char *id,
                            struct typing *t)
{
    uint8_t piece[PIECE];
    unsigned long long typed = 0;
    enum exits exits = EXITS_DONE;
    ssize_t n;

    while ((n = read_piece(t, piece, piece_of(t))) > 0) {
        exits = type_piece(in, id, t, slice_of(piece, (size_t)n));
        explicit_bzero(piece, (size_t)n); /* it may be a password */
        if (exits != EXITS_DONE) {
            say_news("%llu bytes were typed before", typed);
            return exits;
        }
        typed += (size_t)n;
    }
    if (n == 0)
        return EXITS_DONE;
    say_error("cannot read what is to be typed: %s", strerror((int)-n));
    return EXITS_FAILED;
}

/* A file is typed again from its beginning. */
static void rewind_typing(struct typing *t)
{
    if (t->fd >= 0)
        (void)lseek(t->fd, 0, SEEK_SET);
    t->was_cr = false;
}

static enum exits type_to(struct invocation *in, const char *id,
                          struct typing *t)
{
    return t->text != NULL ? type_text(in, id, t) : type_file(in, id, t);
}

/* ---- to many --------------------------------------------------------------
 */

static const char *text_at(const json_t *items, size_t i, const char *key)
{
    const char *text =
        json_string_value(json_object_get(json_array_get(items, i), key));

    return text != NULL ? text : "";
}

static bool is_confirmed(const struct invocation *in, const json_t *items)
{
    char names[200] = "";
    size_t count = json_array_size(items);
    size_t len = 0;

    if (arguments_has(&in->arguments, "yes"))
        return true;
    for (size_t i = 0; i < count && i < 5; i++)
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%.30s",
                                i > 0 ? ", " : "", text_at(items, i, "name"));
    return invocation_confirm(in, "type to %zu consoles (%s%s)?", count, names,
                              count > 5 ? ", ..." : "");
}

static enum exits type_to_all(struct invocation *in, struct typing *t)
{
    enum exits worst = EXITS_DONE;
    const json_t *items;
    json_t *list;
    enum exits exits =
        consoles_match(in, invocation_word(in, 0), "connected", &list);

    if (exits != EXITS_DONE)
        return exits;
    items = json_object_get(list, "items");
    if (json_array_size(items) == 0) {
        say_error("no connected console matches %.128s",
                  invocation_word(in, 0));
        json_decref(list);
        return EXITS_NO_CONSOLE;
    }
    if (!is_confirmed(in, items)) {
        json_decref(list);
        return invocation_refuse(in, "nothing was typed: --all-matching needs "
                                     "a yes, or --yes");
    }
    for (size_t i = 0; i < json_array_size(items); i++) {
        rewind_typing(t);
        exits = type_to(in, text_at(items, i, "id"), t);
        if (exits != EXITS_DONE) {
            say_error("%s: nothing, or not all, was typed",
                      text_at(items, i, "name"));
            worst = exits;
        }
    }
    json_decref(list);
    return worst;
}

/* ---- the verbs ------------------------------------------------------------
 */

/* The text that is to be typed; NULL: what is wrong was told. */
static char *make_text(const struct invocation *in, struct typing *t)
{
    char *words = invocation_join_words(in, 1);
    size_t size = strlen(words) + 2;
    char *text;

    if (in->arguments.word_count < 2) {
        free(words);
        (void)invocation_refuse(in, "what is to be typed? a text, --file or "
                                    "--stdin");
        return NULL;
    }
    text = xmalloc(size);
    snprintf(text, size, "%s%s", words,
             arguments_has(&in->arguments, "no-enter") ? "" : "\r");
    free(words);
    if (!t->is_raw)
        text[press_enter(t, text, strlen(text))] = '\0';
    return text;
}

/* Opens what is typed from; *ret_text: a text that is freed afterwards. */
static enum exits open_typing(const struct invocation *in, struct typing *t,
                              char **ret_text)
{
    const struct arguments *a = &in->arguments;
    const char *file = arguments_text(a, "file");
    bool is_stdin = arguments_has(a, "stdin");
    struct err err;

    t->is_raw = arguments_has(a, "raw");
    if (!arguments_number(a, "pace", PACE_MAX, 0, &t->pace, &err))
        return invocation_refuse(in, "%s", err.text);
    if (file == NULL && !is_stdin) {
        *ret_text = make_text(in, t);
        t->text = *ret_text;
        return t->text != NULL ? EXITS_DONE : EXITS_USAGE;
    }
    if ((file != NULL && is_stdin) || in->arguments.word_count > 1)
        return invocation_refuse(in, "only one of a text, --file and --stdin");
    if (is_stdin && arguments_has(a, "all-matching"))
        return invocation_refuse(in, "--stdin can be typed only once: use "
                                     "--file with --all-matching");
    t->fd = is_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    if (t->fd >= 0)
        return EXITS_DONE;
    say_error("%s: %s", file, strerror(errno));
    return EXITS_FAILED;
}

static enum exits run_send(struct invocation *in)
{
    struct typing t = { .fd = -1 };
    struct console_found found;
    char *text = NULL;
    enum exits exits = open_typing(in, &t, &text);

    if (exits == EXITS_DONE && arguments_has(&in->arguments, "all-matching")) {
        exits = type_to_all(in, &t);
    } else if (exits == EXITS_DONE) {
        exits = consoles_find(in, invocation_word(in, 0), &found);
        if (exits == EXITS_DONE) {
            exits = type_to(in, found.id, &t);
            consoles_found_done(&found);
        }
    }
    if (t.fd > STDIN_FILENO)
        (void)close(t.fd);
    free(text);
    return exits;
}

static enum exits run_break(struct invocation *in)
{
    const char *key = arguments_text(&in->arguments, "sysrq");
    struct console_found found;
    struct target target;
    json_t *body = NULL;
    enum exits exits;

    if (key != NULL && strlen(key) != 1)
        return invocation_refuse(in,
                                 "--sysrq %.20s: expected one letter or "
                                 "digit",
                                 key);
    exits = consoles_find(in, invocation_word(in, 0), &found);
    if (exits != EXITS_DONE)
        return exits;
    consoles_target(&target, &found, "/break");
    if (key != NULL)
        body = json_pack("{ss}", "sysrq", key);
    exits = ask_post(in, &target, body, NULL);
    consoles_found_done(&found);
    return exits;
}

const struct verb verb_send = {
    .name = "send",
    .group = VERB_GROUP_ACTING,
    .words = "CONSOLE [TEXT...]",
    .words_min = 1,
    .words_max = VERB_MANY,
    .kind = VERB_WORDS_CONSOLE,
    .summary = "type a text, and Enter",
    .text = "Words are joined by blanks. A text that begins with - goes "
            "behind --.",
    .example = "vspc send web-01 root\n"
               "vspc send web-01 --file setup.txt --pace 200\n"
               "echo reboot | vspc send web-01 --stdin\n"
               "vspc send 'web-*' --all-matching 'shutdown -h now'\n",
    .option = send_options,
    .by_ssh = "no-enter stdin raw pace all-matching yes",
    .run = run_send,
};

const struct verb verb_break = {
    .name = "break",
    .group = VERB_GROUP_ACTING,
    .words = "CONSOLE",
    .words_min = 1,
    .words_max = 1,
    .kind = VERB_WORDS_CONSOLE,
    .summary = "send a break, and a SysRq key",
    .example = "vspc break web-01\n"
               "vspc break web-01 --sysrq t\n",
    .option = break_options,
    .by_ssh = "sysrq",
    .run = run_break,
};

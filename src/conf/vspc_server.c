#include "conf/vspc_server.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

enum { UNLESS_MAX = 3 };

/* vSPC.py's defaults that differ from those of vspcd. A default is not set if a
 * setting of unless is given. For a setting with two defaults, the first one
 * that can be set is. */
static const struct {
    const char *name;
    const char *value;
    const char *unless[UNLESS_MAX];
} defaults[] = {
    /* As in vSPC.py, -f FILE means the File backend, which is vspcd's default.
     */
    { "backend", "Memory", { "file" } },
    /* vSPC.py goes to the background also with --stdout. Nobody would see what
     * it writes there, so vSPCServer stays in the foreground. */
    { "daemon", "true", { "no-fork", "debug", "stdout" } },
    { "messages-to", "syslog", { "debug", "stdout" } },
    { "admin-port", "13371", { NULL } },
    /* On vSPC.py's telnet ports a new client receives no earlier output, and a
     * script written for them could take an old prompt for a new one. With a
     * number of bytes (--context) only the bytes limit the output. */
    { "attach-lines", "0", { "attach-bytes" } },
    { "attach-lines", "10000", { NULL } },
    /* vSPC.py never rotates, so its users may have logrotate. */
    { "log-rotate-size", "0", { NULL } },
};

const struct vspc_server_option vspc_server_options[] = {
    { .name = "persist-file", .kind = VSPC_SERVER_ROW, .row = "file" },
    { .name = "backend-help", .kind = VSPC_SERVER_ROW, .row = "help" },
    /* Belongs to vSPC.py's Logging backend. */
    { .name = "context", .kind = VSPC_SERVER_ROW, .row = "attach-bytes" },
    { .name = "backend-args", .kind = VSPC_SERVER_ARGUMENTS },
};

enum {
    OPTION_COUNT = sizeof vspc_server_options / sizeof vspc_server_options[0],
};

const int vspc_server_option_count = OPTION_COUNT;

static_assert((int)OPTION_COUNT <= (int)VSPC_SERVER_OPTIONS_MAX,
              "readers have room for each");

bool vspc_server_is_name(const char *program)
{
    const char *slash;

    if (program == NULL)
        return false;
    slash = strrchr(program, '/');
    return strcmp(slash != NULL ? slash + 1 : program, "vSPCServer") == 0;
}

/* Whether the row has its first default, and no setting of unless is given. */
static bool is_left_alone(const struct settings *s,
                          const struct option_row *row,
                          const char *const unless[UNLESS_MAX])
{
    if (s->origins[option_index(row)].source != SETTINGS_DEFAULT)
        return false;
    for (int i = 0; i < UNLESS_MAX && unless[i] != NULL; i++) {
        if (options_is_given(s, unless[i]))
            return false;
    }
    return true;
}

void vspc_server_set_defaults(struct settings *s)
{
    struct settings_origin origin = { SETTINGS_VSPC_SERVER, 0 };

    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        const struct option_row *row = option_find(defaults[i].name);
        int r;

        assert(row != NULL);
        if (!is_left_alone(s, row, defaults[i].unless))
            continue;
        r = option_set(row, origin, defaults[i].value, s, NULL);
        assert(r == 0);
        (void)r;
    }
}

const struct vspc_server_option *vspc_server_find(const char *name)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(vspc_server_options[i].name, name) == 0)
            return &vspc_server_options[i];
    }
    return NULL;
}

const struct vspc_server_option *vspc_server_find_letter(int letter)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (vspc_server_options[i].letter == letter)
            return &vspc_server_options[i];
    }
    return NULL;
}

const struct option_row *vspc_server_row_of_p(bool is_logging)
{
    return option_find(is_logging ? "prefix" : "proxy-port");
}

/* Copies one word from *from to *to, and moves both behind it. *to is never
 * ahead of *from, so the copy can be made in place. False: a quote is not
 * closed. */
static bool take_word(char **from, char **to)
{
    char quote = '\0';

    for (; **from != '\0'; (*from)++) {
        char c = **from;

        if (quote == '\0' && isspace((unsigned char)c))
            break;
        if (c == quote) {
            quote = '\0';
        } else if (quote == '\0' && (c == '\'' || c == '"')) {
            quote = c;
        } else {
            if (c == '\\' && quote != '\'' && (*from)[1] != '\0')
                (*from)++;
            *(*to)++ = **from;
        }
    }
    return quote == '\0';
}

int vspc_server_split(char *text, char **ret_words, int max)
{
    char *from = text;
    char *to = text;
    int count = 0;

    for (;;) {
        bool is_last;

        while (isspace((unsigned char)*from))
            from++;
        if (*from == '\0')
            return count;
        if (count == max)
            return -E2BIG;
        ret_words[count++] = to;
        if (!take_word(&from, &to))
            return -EINVAL;
        is_last = *from == '\0';
        from += !is_last; /* first: the NUL can take the blank's place */
        *to++ = '\0';
        if (is_last)
            return count;
    }
}

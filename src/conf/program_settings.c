#include "conf/program_settings.h"

#include "base/mem.h"
#include "conf/option_row.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static const struct {
    const char *word;
    const char *socket; /* default path; NULL: the place has no socket */
} places[] = {
    [MESSAGES_STDERR] = { "stderr", NULL },
    [MESSAGES_STDOUT] = { "stdout", NULL },
    [MESSAGES_SYSLOG] = { "syslog", "/dev/log" },
    [MESSAGES_JOURNAL] = { "journal", "/run/systemd/journal/socket" },
};

enum { PLACE_COUNT = sizeof places / sizeof places[0] };

bool program_messages_place(const struct settings *s,
                            enum messages_place *ret_place,
                            const char **ret_socket)
{
    const char *text = s->messages_to;
    size_t len = strcspn(text, ":");

    for (int i = 0; i < PLACE_COUNT; i++) {
        if (strlen(places[i].word) != len ||
            strncmp(text, places[i].word, len) != 0)
            continue;
        if (text[len] == ':' &&
            (places[i].socket == NULL || text[len + 1] != '/' ||
             strlen(text + len + 1) >=
                 sizeof((struct sockaddr_un *)0)->sun_path))
            return false;
        *ret_place = (enum messages_place)i;
        *ret_socket = text[len] == ':' ? text + len + 1 : places[i].socket;
        return true;
    }
    return false;
}

bool program_is_background(const struct settings *s)
{
    return s->daemon && !s->no_fork && !s->is_debug;
}

char *program_absolute_path(const char *directory, const char *path)
{
    size_t len = strlen(path) + 1;
    char *joined;

    if (directory == NULL || path[0] == '/')
        return xstrndup(path, len);
    len += strlen(directory) + 1;
    joined = xmalloc(len);
    snprintf(joined, len, "%s/%s", directory, path);
    return joined;
}

static enum settings_source source_of(const struct settings *s,
                                      const char *name)
{
    return s->origins[option_index(option_find(name))].source;
}

static void send_messages(struct settings *s, const char *to)
{
    free(s->messages_to);
    s->messages_to = xstrdup(to);
}

/* --stdout is vSPC.py's name for --messages-to stdout. A place from a source
 * that overrides that of stdout stays. */
static void take_stdout(struct settings *s)
{
    int stdout_row = option_index(option_find("stdout"));
    int to = option_index(option_find("messages-to"));

    if (!s->to_stdout || s->origins[to].source > s->origins[stdout_row].source)
        return;
    send_messages(s, "stdout");
    s->origins[to] = s->origins[stdout_row];
}

static void make_paths_absolute(struct settings *s)
{
    for (int i = 0; i < option_row_count; i++) {
        char **path = (char **)(void *)((char *)s + option_rows[i].offset);
        char *absolute;

        if (!option_rows[i].is_path || *path == NULL || (*path)[0] == '/')
            continue;
        absolute = program_absolute_path(s->directory, *path);
        free(*path);
        *path = absolute;
    }
}

void program_settle(struct settings *s, bool is_reload)
{
    if (!is_reload && program_is_background(s)) {
        s->directory = getcwd(NULL, 0);
        /* The working directory was removed: relative paths lead nowhere, and
         * opening them reports it. */
        if (s->directory == NULL)
            s->directory = xstrdup("/");
    }
    take_stdout(s);
    /* Only a program in the background has a directory. */
    if (s->directory == NULL)
        return;
    make_paths_absolute(s);
    if (source_of(s, "messages-to") == SETTINGS_DEFAULT)
        send_messages(s, "syslog");
}

const char *program_problem(const struct settings *s, const char **ret_name)
{
    enum messages_place place;
    const char *socket;

    *ret_name = "messages-to";
    if (!program_messages_place(s, &place, &socket))
        return "the place is not valid: expected stderr, stdout, syslog, "
               "journal, "
               "or syslog:/PATH or journal:/PATH with the path of a socket";
    if (s->directory != NULL && place <= MESSAGES_STDOUT)
        return "in the background (--daemon) there is neither stderr nor "
               "stdout: expected syslog or journal, or --no-fork";
    return NULL;
}

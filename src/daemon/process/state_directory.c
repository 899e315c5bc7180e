#include "daemon/process/state_directory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool state_directory_find(char to[STATE_DIRECTORY_MAX])
{
    const char *given = getenv("STATE_DIRECTORY");
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    size_t size = STATE_DIRECTORY_MAX;
    int len = -1;

    /* systemd separates several directories by colons. */
    if (given != NULL && given[0] == '/')
        len = snprintf(to, size, "%.*s", (int)strcspn(given, ":"), given);
    else if (geteuid() == 0)
        len = snprintf(to, size, "/var/lib/vspcd");
    else if (state != NULL && state[0] == '/')
        len = snprintf(to, size, "%s/vspcd", state);
    else if (home != NULL && home[0] == '/')
        len = snprintf(to, size, "%s/.local/state/vspcd", home);
    return len > 0 && (size_t)len < size;
}

int state_directory_make(const char *path)
{
    char part[STATE_DIRECTORY_MAX];

    for (size_t i = 1; path[i - 1] != '\0'; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        snprintf(part, sizeof part, "%.*s", (int)i, path);
        if (mkdir(part, 0700) < 0 && errno != EEXIST)
            return -errno;
    }
    return 0;
}

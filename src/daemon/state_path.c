#include "daemon/state_path.h"

#include "daemon/state_directory.h"
#include "store/database.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* What somebody has written by hand is looked at before it is waited for. */
static int check_given_path(const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');
    char directory[STATE_DIRECTORY_MAX] = ".";
    struct stat s;

    if (strlen(path) >= sizeof directory) {
        err_set(err, "--file: too long");
        return -ENAMETOOLONG;
    }
    if (slash != NULL)
        snprintf(directory, sizeof directory, "%.*s",
                 slash == path ? 1 : (int)(slash - path), path);
    if (stat(directory, &s) < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        err_set(err, "--file: %.180s: %s", directory, strerror(errno));
        return -ENOENT;
    }
    if (stat(path, &s) == 0 && !S_ISREG(s.st_mode)) {
        err_set(err, "--file: %.180s is not a regular file", path);
        return -EINVAL;
    }
    return 0;
}

int state_path_find(const struct settings *settings, char to[STATE_PATH_MAX],
                    struct err *err)
{
    char directory[STATE_DIRECTORY_MAX];

    if (settings->state_file != NULL) {
        int r = check_given_path(settings->state_file, err);

        if (r == 0)
            snprintf(to, STATE_PATH_MAX, "%s", settings->state_file);
        return r == -ENOENT ? -EINVAL : r;
    }
    if (!state_directory_find(directory))
        return -ENOENT;
    /* Where it fails, so does opening the file. */
    (void)state_directory_make(directory);
    snprintf(to, STATE_PATH_MAX, "%s/state.db", directory);
    return 0;
}

int state_path_explain(const char *path, int outcome, const struct err *why,
                       struct err *err)
{
    const char *help;

    switch (outcome) {
    case DATABASE_BUSY:
        help = "use another --file, or --backend Memory";
        break;
    case DATABASE_NEWER:
        help = "run that version, or use another --file";
        break;
    default:
        help = "use another --file";
        break;
    }
    err_set(err, "%.130s: %.78s; %s", path, why->text, help);
    return -EINVAL;
}

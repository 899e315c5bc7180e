#include "daemon/process/state_path.h"

#include "daemon/process/state_directory.h"
#include "store/database.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

int state_path_check(const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');
    char directory[STATE_DIRECTORY_MAX] = ".";
    struct stat s;

    if (strlen(path) >= sizeof directory) {
        err_set(err, "is too long");
        return -ENAMETOOLONG;
    }
    if (slash != NULL)
        snprintf(directory, sizeof directory, "%.*s",
                 slash == path ? 1 : (int)(slash - path), path);
    if (stat(directory, &s) < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        err_set(err, "%.180s: %s", directory, strerror(errno));
        return -EINVAL;
    }
    if (stat(path, &s) == 0 && !S_ISREG(s.st_mode)) {
        err_set(err, "%.180s is not a regular file", path);
        return -EINVAL;
    }
    return 0;
}

int state_path_find(const struct settings *settings, char to[STATE_PATH_MAX],
                    struct err *err)
{
    char directory[STATE_DIRECTORY_MAX];

    if (settings->state_file != NULL) {
        struct err why;
        int r = state_path_check(settings->state_file, &why);

        if (r < 0)
            err_set(err, "%.120s: %.120s",
                    options_where(settings, "file", 0).text, why.text);
        else
            snprintf(to, STATE_PATH_MAX, "%s", settings->state_file);
        return r;
    }
    if (!state_directory_find(directory))
        return -ENOENT;
    snprintf(to, STATE_PATH_MAX, "%s/state.db", directory);
    return 0;
}

int state_path_find_tokens(const struct settings *settings,
                           char to[STATE_PATH_MAX], struct err *err)
{
    static const char end[] = ".tokens";
    int r = settings->backend == SETTINGS_BACKEND_FILE
                ? state_path_find(settings, to, err)
                : -ENOENT;
    size_t len;

    if (r < 0)
        return r;
    len = strlen(to);
    if (len + sizeof end > STATE_PATH_MAX) {
        err_set(err, "%.130s: the path is too long", to);
        return -ENAMETOOLONG;
    }
    memcpy(to + len, end, sizeof end);
    return 0;
}

int state_path_make(const char *path)
{
    char directory[STATE_DIRECTORY_MAX];

    snprintf(directory, sizeof directory, "%.*s",
             (int)(strrchr(path, '/') - path), path);
    return state_directory_make(directory);
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

#include "conlog/file/conlog_sweep.h"

#include "base/mem.h"
#include "conlog/file/conlog_place.h"
#include "conlog/file/conlog_rotation.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- walking ---------------------------------------------------------- */

/* A log: first one entry for each of its files, then all in one. */
struct entry {
    char *path; /* of the live file */
    uint64_t bytes;
    unsigned oldest; /* the highest number of its rotated files; 0: none */
};

struct walk {
    const struct conlog_sweep *sweep;
    char path[CONLOG_NAME_MAX]; /* of the folder, then of the file in it */
    uint64_t bytes;
    struct entry *entries; /* NULL: only the bytes are wanted */
    size_t count;
};

static void add_file(struct walk *w, uint64_t bytes)
{
    struct entry *entry;

    w->bytes += bytes;
    if (w->entries == NULL || w->count == CONLOG_SWEEP_FILES_MAX)
        return;
    entry = &w->entries[w->count];
    entry->path =
        xstrndup(w->path, conlog_rotation_base(w->path, &entry->oldest));
    entry->bytes = bytes;
    w->count++;
}

static void walk_folder(struct walk *w, int fd, size_t at, int depth);

static void look_at(struct walk *w, int folder, const char *name, size_t at,
                    int depth)
{
    static const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    struct stat st;
    size_t len = strlen(name);
    int fd;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        at + len + 2 > sizeof w->path ||
        fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    memcpy(w->path + at, name, len + 1);
    if (S_ISREG(st.st_mode))
        add_file(w, (uint64_t)st.st_size);
    if (!S_ISDIR(st.st_mode) || depth == CONLOG_NAME_PARTS)
        return;
    memcpy(w->path + at + len, "/", 2);
    fd = openat(folder, name, flags);
    if (fd >= 0)
        walk_folder(w, fd, at + len + 1, depth + 1);
}

/* Takes fd over. The path's first at bytes are those of this folder. It goes no
 * deeper than a pattern has parts. */
static void walk_folder(struct walk *w, int fd, size_t at, int depth)
{
    DIR *dir = fdopendir(fd);
    const struct dirent *found;

    if (dir == NULL) {
        close(fd);
        return;
    }
    while (!*w->sweep->stop && (found = readdir(dir)) != NULL)
        look_at(w, fd, found->d_name, at, depth);
    closedir(dir);
}

static int walk_all(struct walk *w)
{
    int fd = open(w->sweep->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    w->bytes = 0;
    walk_folder(w, fd, 0, 1);
    return 0;
}

/* ---- deleting --------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->path,
                  ((const struct entry *)b)->path);
}

/* Makes one entry of each log. */
static void join(struct walk *w)
{
    size_t to = 0;

    qsort(w->entries, w->count, sizeof *w->entries, compare);
    for (size_t i = 1; i < w->count; i++) {
        struct entry *log = &w->entries[to];
        struct entry *next = &w->entries[i];

        if (strcmp(log->path, next->path) != 0) {
            w->entries[++to] = *next;
            continue;
        }
        log->bytes += next->bytes;
        if (next->oldest > log->oldest)
            log->oldest = next->oldest;
        free(next->path);
    }
    w->count = w->count > 0 ? to + 1 : 0;
}

/* The log with rotated files that takes most; NULL: there is none. */
static struct entry *largest(const struct walk *w)
{
    struct entry *found = NULL;

    for (size_t i = 0; i < w->count; i++) {
        struct entry *log = &w->entries[i];

        if (log->oldest > 0 && (found == NULL || log->bytes > found->bytes))
            found = log;
    }
    return found;
}

/* What cannot be deleted is not tried again in this sweep. */
static void delete_oldest(struct walk *w, struct entry *log,
                          struct conlog_sweep_result *result)
{
    const char *name;
    uint64_t freed = 0;
    int folder = conlog_place_folder(w->sweep->directory, log->path, &name);
    int r = folder;

    if (folder >= 0) {
        r = conlog_rotation_delete(folder, name, log->oldest, &freed);
        close(folder);
    }
    log->oldest = r < 0 ? 0 : log->oldest - 1;
    log->bytes -= freed < log->bytes ? freed : log->bytes;
    w->bytes -= freed < w->bytes ? freed : w->bytes;
    if (freed == 0)
        return;
    if (result->files++ == 0)
        snprintf(result->path, sizeof result->path, "%s", log->path);
    result->freed += freed;
}

static void delete_some(struct walk *w, struct conlog_sweep_result *result)
{
    const struct conlog_sweep *sweep = w->sweep;
    struct entry *log;

    while (w->bytes > sweep->target && !*sweep->stop &&
           (log = largest(w)) != NULL) {
        /* Without its turn now, it has it soon. Its output must not push out
         * that of others meanwhile. */
        if (!sweep->take_turn(sweep->owner, log->path))
            return;
        delete_oldest(w, log, result);
        sweep->give_turn(sweep->owner, log->path);
    }
}

int conlog_sweep(const struct conlog_sweep *sweep,
                 struct conlog_sweep_result *ret_result)
{
    struct walk *w = xcalloc(1, sizeof *w);
    int r;

    w->sweep = sweep;
    *ret_result = (struct conlog_sweep_result){ 0 };
    r = walk_all(w);
    if (r == 0 && w->bytes > sweep->mark)
        w->entries = calloc(CONLOG_SWEEP_FILES_MAX, sizeof *w->entries);
    if (w->entries != NULL) {
        r = walk_all(w);
        join(w);
        delete_some(w, ret_result);
    }
    ret_result->bytes = w->bytes;
    for (size_t i = 0; i < w->count; i++)
        free(w->entries[i].path);
    free(w->entries);
    free(w);
    return r;
}

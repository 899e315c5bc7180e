#include "conlog/file/conlog_sweep.h"

#include "base/clock.h"
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

/* A log: first one entry for each of its files, then all in one. Of parts, each
 * file has one. */
struct entry {
    char *path; /* of the live file; of a part, its own */
    uint64_t bytes;
    int64_t written_s;
    unsigned oldest; /* the highest number of its rotated files; 0: none */
};

/* A folder that is being read, and the ones above it. */
struct folder {
    DIR *dir;
    size_t at; /* where the names of its files begin in struct walk.path */
};

struct walk {
    const struct conlog_sweep *sweep;
    char path[CONLOG_NAME_MAX]; /* of the file that is looked at */
    struct folder folders[CONLOG_NAME_PARTS];
    int depth;
    uint64_t bytes;
    struct entry *entries; /* NULL: only the bytes are wanted */
    size_t count;
};

static void add_file(struct walk *w, const struct stat *st)
{
    uint64_t bytes = (uint64_t)st->st_size;
    struct entry *entry;

    w->bytes += bytes;
    if (w->entries == NULL || w->count == CONLOG_SWEEP_FILES_MAX)
        return;
    entry = &w->entries[w->count];
    entry->path =
        w->sweep->part_end != NULL
            ? xstrdup(w->path)
            : xstrndup(w->path, conlog_rotation_base(w->path, &entry->oldest));
    entry->bytes = bytes;
    entry->written_s = st->st_mtim.tv_sec;
    w->count++;
}

/* Takes fd over. Folders are no deeper than a pattern has parts. */
static void enter(struct walk *w, int fd, size_t at)
{
    DIR *dir = w->depth < CONLOG_NAME_PARTS ? fdopendir(fd) : NULL;

    if (dir == NULL) {
        close(fd);
        return;
    }
    w->folders[w->depth++] = (struct folder){ .dir = dir, .at = at };
}

static void look_at(struct walk *w, const struct folder *folder,
                    const char *name)
{
    static const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    struct stat st;
    size_t len = strlen(name);
    int fd = dirfd(folder->dir);

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        folder->at + len + 2 > sizeof w->path ||
        fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    memcpy(w->path + folder->at, name, len + 1);
    if (S_ISREG(st.st_mode))
        add_file(w, &st);
    if (!S_ISDIR(st.st_mode))
        return;
    memcpy(w->path + folder->at + len, "/", 2);
    fd = openat(fd, name, flags);
    if (fd >= 0)
        enter(w, fd, folder->at + len + 1);
}

static int walk_all(struct walk *w)
{
    int fd = open(w->sweep->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    w->bytes = 0;
    enter(w, fd, 0);
    while (w->depth > 0) {
        const struct folder *folder = &w->folders[w->depth - 1];
        const struct dirent *found =
            *w->sweep->stop ? NULL : readdir(folder->dir);

        if (found != NULL) {
            look_at(w, folder, found->d_name);
        } else {
            closedir(folder->dir);
            w->depth--;
        }
    }
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

/* ---- parts ------------------------------------------------------------ */

static bool ends_in(const char *path, size_t len, const char *end)
{
    size_t n = strlen(end);

    return len > n && memcmp(path + len - n, end, n) == 0;
}

/* The length of NAME.END in NAME.END, NAME.END.gz and NAME.END.gz.tmp; 0: it is
 * no part. */
static size_t part_base(const struct walk *w, const char *path,
                        bool *ret_is_packed)
{
    size_t len = strlen(path);
    bool is_temporary = ends_in(path, len, ".gz.tmp");

    *ret_is_packed = ends_in(path, len, ".gz");
    if (is_temporary)
        len -= strlen(".gz.tmp");
    else if (*ret_is_packed)
        len -= strlen(".gz");
    return ends_in(path, len, w->sweep->part_end) ? len : 0;
}

static int compare_ages(const void *a, const void *b)
{
    const struct entry *left = a;
    const struct entry *right = b;

    if (left->written_s != right->written_s)
        return left->written_s < right->written_s ? -1 : 1;
    return strcmp(left->path, right->path);
}

static void delete_part(struct walk *w, const struct entry *part,
                        struct conlog_sweep_result *result)
{
    const char *name;
    int folder = conlog_place_folder(w->sweep->directory, part->path, &name);

    if (folder < 0)
        return;
    if (unlinkat(folder, name, 0) == 0) {
        w->bytes -= part->bytes < w->bytes ? part->bytes : w->bytes;
        if (result->files++ == 0)
            snprintf(result->path, sizeof result->path, "%s", part->path);
        result->freed += part->bytes;
    }
    close(folder);
}

/* The turn is that of the file before it was compressed. */
static void delete_parts(struct walk *w, struct conlog_sweep_result *result)
{
    const struct conlog_sweep *sweep = w->sweep;
    int64_t now_s = clock_utc_s();

    qsort(w->entries, w->count, sizeof *w->entries, compare_ages);
    for (size_t i = 0; i < w->count && !*sweep->stop; i++) {
        const struct entry *part = &w->entries[i];
        bool is_packed;
        size_t len = part_base(w, part->path, &is_packed);
        bool is_old = sweep->keep_s > 0 && part->written_s < now_s &&
                      (uint64_t)(now_s - part->written_s) > sweep->keep_s;
        char *path;

        if (!is_old && w->bytes <= sweep->target)
            return;
        if (len == 0 || (!is_packed && part->written_s >= sweep->begun_s))
            continue;
        path = xstrndup(part->path, len);
        if (sweep->take_turn(sweep->owner, path)) {
            delete_part(w, part, result);
            sweep->give_turn(sweep->owner, path);
        }
        free(path);
    }
}

/* ---- both ------------------------------------------------------------- */

static void forget_entries(struct walk *w)
{
    for (size_t i = 0; i < w->count; i++)
        free(w->entries[i].path);
    free(w->entries);
}

/* The first walk needs no memory, and is enough nearly always. */
int conlog_sweep(const struct conlog_sweep *sweep,
                 struct conlog_sweep_result *ret_result)
{
    struct walk *w = xcalloc(1, sizeof *w);
    int r;

    w->sweep = sweep;
    *ret_result = (struct conlog_sweep_result){ 0 };
    r = walk_all(w);
    if (r == 0 && (w->bytes > sweep->mark || sweep->keep_s > 0))
        w->entries = calloc(CONLOG_SWEEP_FILES_MAX, sizeof *w->entries);
    if (w->entries != NULL) {
        r = walk_all(w);
        if (sweep->part_end != NULL) {
            delete_parts(w, ret_result);
        } else {
            join(w);
            delete_some(w, ret_result);
        }
        forget_entries(w);
    }
    ret_result->bytes = w->bytes;
    free(w);
    return r;
}

#include "store/rescue.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RESCUE_PATH_MAX = 1200 };

/* The database, its log, and the rollback journal of files that have no log. */
static const char *const parts[] = { "", "-wal", "-journal" };

enum { PART_COUNT = sizeof parts / sizeof parts[0] };

int rescue_move_aside(const char *path, char *ret_aside, size_t size,
                      struct err *err)
{
    char utc[CLOCK_TEXT_LEN];

    clock_format_utc(utc);
    snprintf(ret_aside, size, "%s.damaged-%s", path, utc);
    /* The log first: a log that stays behind could be applied to the next
     * database of this name. */
    for (int i = PART_COUNT - 1; i >= 0; i--) {
        char from[RESCUE_PATH_MAX], to[RESCUE_PATH_MAX + 64];

        snprintf(from, sizeof from, "%s%s", path, parts[i]);
        snprintf(to, sizeof to, "%s%s", ret_aside, parts[i]);
        if (rename(from, to) < 0 && errno != ENOENT) {
            int r = -errno;

            err_set(err, "it is damaged and cannot be moved aside: %s",
                    strerror(errno));
            return r;
        }
    }
    return 0;
}

/* write(2) may write only a part if there is no room for all. */
static int write_all(int to, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t put = write(to, bytes, len);

        if (put < 0)
            return -errno;
        bytes += put;
        len -= (size_t)put;
    }
    return 0;
}

static int copy_bytes(int from, int to)
{
    char bytes[16384];
    ssize_t got;

    while ((got = read(from, bytes, sizeof bytes)) > 0) {
        int r = write_all(to, bytes, (size_t)got);

        if (r < 0)
            return r;
    }
    return got < 0 ? -errno : 0;
}

static int copy_file(const char *from_path, const char *to_path)
{
    int from = open(from_path, O_RDONLY | O_CLOEXEC);
    int to, r;

    if (from < 0)
        return -errno;
    to = open(to_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    r = to < 0 ? -errno : copy_bytes(from, to);
    close(from);
    if (to >= 0 && close(to) < 0 && r == 0)
        r = -errno;
    return r;
}

/* 0 or -errno; -ENOENT: there is no file. */
static int copy_parts(const char *path, const char *copy)
{
    for (int i = 0; i < PART_COUNT; i++) {
        char from[RESCUE_PATH_MAX], to[RESCUE_PATH_MAX];
        int r;

        snprintf(from, sizeof from, "%s%s", path, parts[i]);
        snprintf(to, sizeof to, "%s%s", copy, parts[i]);
        r = copy_file(from, to);
        if (r < 0 && (i == 0 || r != -ENOENT))
            return r;
    }
    return 0;
}

static void remove_copy(const char *directory, const char *copy)
{
    for (int i = 0; i < PART_COUNT; i++) {
        char path[RESCUE_PATH_MAX];

        snprintf(path, sizeof path, "%s%s", copy, parts[i]);
        (void)unlink(path);
    }
    (void)rmdir(directory);
}

int rescue_load(const char *path, database_each_fn *each,
                database_note_fn *each_note, void *owner,
                struct pending *pending, struct err *err)
{
    const char *place = getenv("TMPDIR");
    char directory[RESCUE_PATH_MAX / 2], copy[RESCUE_PATH_MAX / 2 + 16];
    struct database *db = NULL;
    int r;

    snprintf(directory, sizeof directory, "%s/vspcd-state-XXXXXX",
             place != NULL && place[0] == '/' ? place : "/tmp");
    if (mkdtemp(directory) == NULL) {
        r = -errno;
        err_set(err, "%s: %s", directory, strerror(errno));
        return r;
    }
    snprintf(copy, sizeof copy, "%s/state.db", directory);
    r = copy_parts(path, copy);
    if (r < 0 && r != -ENOENT)
        err_set(err, "%s", strerror(-r));
    if (r == 0)
        r = database_open(&db, copy, err);
    if (r == 0)
        r = database_load(db, each, owner, pending, err);
    if (r == 0 && each_note != NULL)
        r = database_load_notes(db, each_note, owner, err);
    database_close(db);
    remove_copy(directory, copy);
    return r == -ENOENT ? 0 : r;
}

#include "conlog/reading/conlog_series.h"

#include "conlog/file/conlog_place.h"
#include "conlog/file/conlog_rotation.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* 0, or -errno; 1: it is there already. */
static int add(struct conlog_series *s, const struct conlog_settings *place,
               const char *path, bool is_compressed)
{
    struct conlog_series_file *file = &s->file[s->count];
    struct stat st;
    int r = conlog_place_find(place, path, &file->fd);

    if (r < 0)
        return r;
    if (fstat(file->fd, &st) < 0) {
        r = -errno;
        close(file->fd);
        return r;
    }
    file->identity = conlog_file_identity(&st);
    file->size = (uint64_t)st.st_size;
    file->is_compressed = is_compressed;
    for (unsigned i = 0; i < s->count; i++) {
        if (s->file[i].identity != file->identity)
            continue;
        close(file->fd);
        return 1;
    }
    s->count++;
    return 0;
}

/* A plain file beside a compressed one of its number is a copy, or newer. */
static int add_rotated(struct conlog_series *s,
                       const struct conlog_settings *place, const char *path,
                       unsigned number, bool with_compressed)
{
    struct conlog_rotation_name name =
        conlog_rotation_name(path, number, false);
    int r = add(s, place, name.text, false);

    if (r >= 0 || !with_compressed)
        return r;
    name = conlog_rotation_name(path, number, true);
    return add(s, place, name.text, true);
}

int conlog_series_open(const char *directory, const char *path, unsigned max,
                       bool with_compressed, struct conlog_series *ret)
{
    struct conlog_settings place = { .pattern = "" };
    int r;

    ret->count = 0;
    snprintf(place.directory, sizeof place.directory, "%s", directory);
    r = add(ret, &place, path, false);
    /* In a rotation there is no NAME for a moment. */
    if (r < 0 && r != -ENOENT)
        return r;
    for (unsigned number = 1, holes = 0; ret->count < max && holes < 2;
         number++) {
        if (add_rotated(ret, &place, path, number, with_compressed) < 0)
            holes++;
        else
            holes = 0;
    }
    return ret->count > 0 ? 0 : -ENOENT;
}

void conlog_series_close(struct conlog_series *s)
{
    while (s->count > 0)
        close(s->file[--s->count].fd);
}

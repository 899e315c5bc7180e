#include "cli/attach/recording.h"

#include "proto/cast/cast_line.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 1024 }; /* of output: a line has no more */

int recording_open(struct recording *r, const char *path, unsigned columns,
                   unsigned rows, int64_t utc_s, uint64_t now_us,
                   struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int error = errno;

    *r = (struct recording){ .start_us = now_us };
    if (fd < 0) {
        err_set(err, "%.200s: %s", path, strerror(error));
        return -error;
    }
    r->file = fdopen(fd, "w");
    if (r->file == NULL) {
        error = errno;
        close(fd);
        err_set(err, "%.200s: %s", path, strerror(error));
        return -error;
    }
    fprintf(r->file,
            "{\"version\":2,\"width\":%u,\"height\":%u,\"timestamp\":%" PRId64
            "}\n",
            columns, rows, utc_s);
    return 0;
}

static void put(struct recording *r, char code, uint64_t now_us,
                struct slice text)
{
    uint8_t line[PIECE * CAST_LINE_BYTE_MAX + CAST_LINE_AROUND];
    uint64_t us = now_us > r->start_us ? now_us - r->start_us : 0;
    size_t len = cast_line_put(line, code, us, text);

    fwrite(line, 1, len, r->file);
}

void recording_output(struct recording *r, struct slice bytes, uint64_t now_us)
{
    while (r->file != NULL && bytes.len > 0) {
        size_t room = PIECE - r->rest_len;
        size_t n = bytes.len < room ? bytes.len : room;
        uint8_t piece[PIECE];
        size_t whole;

        memcpy(piece, r->rest, r->rest_len);
        memcpy(piece + r->rest_len, bytes.data, n);
        bytes = slice_after(bytes, n);
        n += r->rest_len;
        whole = cast_line_whole(slice_of(piece, n));
        r->rest_len = n - whole;
        memcpy(r->rest, piece + whole, r->rest_len);
        if (whole > 0)
            put(r, 'o', now_us, slice_of(piece, whole));
    }
}

void recording_window(struct recording *r, unsigned columns, unsigned rows,
                      uint64_t now_us)
{
    char text[32];

    if (r->file == NULL)
        return;
    snprintf(text, sizeof text, "%ux%u", columns, rows);
    put(r, 'r', now_us, slice_of_text(text));
}

bool recording_close(struct recording *r)
{
    bool is_whole = r->file == NULL || ferror(r->file) == 0;

    if (r->file != NULL && fclose(r->file) != 0)
        is_whole = false;
    r->file = NULL;
    return is_whole;
}

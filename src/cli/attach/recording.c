#include "cli/attach/recording.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

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

static void begin_event(struct recording *r, char kind, uint64_t now_us)
{
    uint64_t us = now_us > r->start_us ? now_us - r->start_us : 0;

    fprintf(r->file, "[%" PRIu64 ".%06" PRIu64 ",\"%c\",\"", us / 1000000,
            us % 1000000, kind);
}

static void put_character(FILE *to, struct slice bytes, uint32_t code)
{
    if (code == '"' || code == '\\')
        fprintf(to, "\\%c", (int)code);
    else if (code < ' ' || code == 0x7f)
        fprintf(to, "\\u%04x", (unsigned)code);
    else
        fwrite(bytes.data, 1, bytes.len, to);
}

/* How many bytes at the front may become a character with those that follow. */
static bool may_become_character(struct slice bytes)
{
    struct text_check check = { 0 };

    return text_check(&check, bytes) && check.left > 0;
}

/* Returns how many bytes were put. */
static size_t put_text(struct recording *r, struct slice bytes)
{
    size_t at = 0;

    while (at < bytes.len) {
        struct slice rest = slice_after(bytes, at);
        uint32_t code;
        size_t len = text_character(rest, &code);

        if (len == 0 && rest.len < sizeof r->rest && may_become_character(rest))
            break;
        if (len == 0)
            fputs("\\ufffd", r->file);
        else
            put_character(r->file, slice_of(rest.data, len), code);
        at += len > 0 ? len : 1;
    }
    return at;
}

void recording_output(struct recording *r, struct slice bytes, uint64_t now_us)
{
    size_t put;

    if (r->file == NULL || bytes.len == 0)
        return;
    begin_event(r, 'o', now_us);
    /* The rest goes on with one byte after the other, until it is none. */
    while (r->rest_len > 0 && bytes.len > 0) {
        r->rest[r->rest_len++] = bytes.data[0];
        bytes = slice_after(bytes, 1);
        put = put_text(r, slice_of(r->rest, r->rest_len));
        r->rest_len -= put;
        memmove(r->rest, r->rest + put, r->rest_len);
    }
    put = put_text(r, bytes);
    bytes = slice_after(bytes, put);
    if (bytes.len > 0)
        memcpy(r->rest, bytes.data, bytes.len);
    r->rest_len += bytes.len;
    fputs("\"]\n", r->file);
}

void recording_window(struct recording *r, unsigned columns, unsigned rows,
                      uint64_t now_us)
{
    if (r->file == NULL)
        return;
    begin_event(r, 'r', now_us);
    fprintf(r->file, "%ux%u\"]\n", columns, rows);
}

bool recording_close(struct recording *r)
{
    bool is_whole = r->file == NULL || ferror(r->file) == 0;

    if (r->file != NULL && fclose(r->file) != 0)
        is_whole = false;
    r->file = NULL;
    return is_whole;
}

#include "api/output/log_search.h"

#include "conlog/reading/conlog_following.h"
#include "conlog/reading/conlog_lines.h"

#include <unistd.h>

/* ---- a text ----------------------------------------------------------- */

/* False: there is no room for more. */
static bool look_through(struct log_search *s, struct output_find *find)
{
    struct slice rest = slice_of(s->log.bytes, s->log.len);

    while (rest.len > 0 && s->count < s->limit) {
        if (output_find_put(find, &rest, &s->hit[s->count]))
            s->count++;
    }
    return s->count < s->limit;
}

/* A line that goes on behind the slice is looked at with the next one. */
static void look(struct log_search *s, struct output_find *find)
{
    uint64_t begin = s->log.offset;

    while (s->log.offset - begin < LOG_SEARCH_SLICE) {
        conlog_reading_step(&s->log);
        s->error = s->log.error;
        if (s->error < 0)
            return;
        if (!look_through(s, find)) {
            s->next = find->line_at;
            return;
        }
        if (s->log.is_at_end) {
            if (output_find_end(find, &s->hit[s->count]))
                s->count++;
            return;
        }
    }
    s->next = find->line_at;
}

void log_search_run(struct log_search *s)
{
    struct output_find find;

    s->next = UINT64_MAX;
    conlog_reading_step(&s->log);
    s->error = s->log.error;
    if (s->error == 0) {
        s->file = s->log.series.file[0];
        output_find_init(&find, s->text, s->log.source.is_stamped,
                         s->log.offset, s->log.begins_in_line);
        look(s, &find);
        output_find_done(&find);
    }
    conlog_reading_done(&s->log);
}

/* ---- places ----------------------------------------------------------- */

/* As gzip notes it at a file's end, modulo 2^32. */
static uint64_t size_of(const struct conlog_series_file *file)
{
    uint8_t last[4];

    if (!file->is_compressed)
        return file->size;
    if (file->size < sizeof last ||
        pread(file->fd, last, sizeof last, (off_t)(file->size - sizeof last)) !=
            sizeof last)
        return 0;
    return (uint64_t)last[0] | (uint64_t)last[1] << 8 |
           (uint64_t)last[2] << 16 | (uint64_t)last[3] << 24;
}

static void list_files(struct log_places *p)
{
    p->log.wish = (struct conlog_wish){ .with_rotated = true };
    conlog_reading_step(&p->log);
    p->error = p->log.error;
    if (p->error < 0)
        return;
    p->begin = p->log.offset;
    p->count = p->log.series.count;
    for (unsigned i = 0; i < p->count; i++) {
        p->file[i] = p->log.series.file[i];
        p->file[i].size = size_of(&p->log.series.file[i]);
    }
}

static void find_time(struct log_places *p)
{
    struct conlog_source source = p->log.source;
    const struct conlog_series_file *file;
    char since[CLOCK_TEXT_LEN];

    conlog_reading_done(&p->log);
    conlog_reading_init(&p->log);
    p->log.source = source;
    p->log.wish =
        (struct conlog_wish){ .since_ms = p->since_ms, .with_rotated = true };
    conlog_reading_step(&p->log);
    if (p->log.error < 0)
        return;
    file = &p->log.series.file[p->log.left - 1];
    clock_format_ms(since, p->since_ms);
    p->found.file = file->identity;
    p->found.offset =
        file->is_compressed
            ? p->log.offset
            : conlog_lines_first_since(file->fd, p->log.offset, file->size,
                                       since, p->log.bytes);
}

void log_places_run(struct log_places *p)
{
    list_files(p);
    if (p->error == 0 && p->since_ms > 0)
        find_time(p);
    if (p->error == 0 && p->has_at &&
        !conlog_following_find(p->log.source.directory, p->log.source.path,
                               &p->at, &p->found.file, &p->found.offset))
        p->found.file = CONLOG_FILE_UNKNOWN;
    conlog_reading_done(&p->log);
}

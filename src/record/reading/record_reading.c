#include "record/reading/record_reading.h"

#include "conlog/file/conlog_place.h"
#include "record/record_cast.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

bool record_reading_open(struct record_reading *r, const char *directory,
                         const struct record_found *found, uint32_t first)
{
    *r = (struct record_reading){ .id = found->id };
    cast_reader_init(&r->cast);
    buf_init(&r->header, CAST_HEADER_MAX);
    snprintf(r->directory, sizeof r->directory, "%s", directory);
    snprintf(r->folder.text, sizeof r->folder.text, "%s", found->folder);
    r->block = malloc(RECORD_READING_BLOCK);
    r->part = calloc(found->file_count, sizeof *r->part);
    if (r->block == NULL || r->part == NULL)
        return false;
    for (uint32_t i = 0; i < found->file_count; i++) {
        if (found->file[i].part < first)
            continue;
        r->part[r->count++] = (struct record_reading_part){
            found->file[i].part,
            found->file[i].is_compressed,
        };
    }
    return true;
}

static void close_part(struct record_reading *r)
{
    if (r->file != NULL)
        (void)gzclose(r->file);
    r->file = NULL;
    r->rest = slice_of(NULL, 0);
}

void record_reading_close(struct record_reading *r)
{
    close_part(r);
    cast_reader_done(&r->cast);
    buf_done(&r->header);
    free(r->block);
    free(r->part);
    *r = (struct record_reading){ .file = NULL };
}

bool record_reading_is_marker(const struct cast_event *event, const char *words)
{
    size_t len = strlen(words);

    return event->code == CAST_MARKER && event->text.len >= len &&
           memcmp(event->text.data, words, len) == 0 &&
           (event->text.len == len || event->text.data[len] == ':');
}

/* ---- files ------------------------------------------------------------ */

int record_reading_file(const struct record_reading *r,
                        const struct record_reading_part *part,
                        bool *ret_is_compressed)
{
    struct conlog_settings place = { .pattern = "" };
    int fd = -1;

    snprintf(place.directory, sizeof place.directory, "%s", r->directory);
    for (int i = 0; i < 2; i++) {
        bool is_compressed = part->is_compressed != (i > 0);
        char path[sizeof r->folder.text + sizeof(struct record_file_name)];
        struct record_file_name name =
            record_name_file(&r->id, part->number, is_compressed);

        snprintf(path, sizeof path, "%s/%s", r->folder.text, name.text);
        *ret_is_compressed = is_compressed;
        if (conlog_place_find(&place, path, &fd) == 0)
            return fd;
    }
    return -1;
}

/* zlib reads what is not packed, too. False: the file cannot be read. */
static bool open_part(struct record_reading *r)
{
    bool is_compressed;
    int fd = record_reading_file(r, &r->part[r->at], &is_compressed);

    cast_reader_done(&r->cast);
    cast_reader_init(&r->cast);
    r->has_ended = false;
    r->part_bytes = 0;
    if (fd < 0)
        return false;
    r->file = gzdopen(fd, "rb");
    if (r->file == NULL)
        close(fd);
    return r->file != NULL;
}

static void end_part(struct record_reading *r)
{
    r->damages += r->cast.skipped;
    close_part(r);
    r->at++;
}

/* False: the file has no more. */
static bool read_block(struct record_reading *r)
{
    int n = gzread(r->file, r->block, RECORD_READING_BLOCK);

    if (n < 0)
        r->damages++; /* not packed, or cut off */
    if (n <= 0)
        return false;
    r->rest = slice_of(r->block, (size_t)n);
    r->bytes += (uint64_t)n;
    r->part_bytes += (uint64_t)n;
    if (r->part_bytes <= RECORD_READING_PART_MAX)
        return true;
    r->damages++;
    return false;
}

/* ---- events ----------------------------------------------------------- */

static bool is_of_same(const struct record_facts *a,
                       const struct record_facts *b)
{
    return strcmp(a->uuid, b->uuid) == 0 && strcmp(a->label, b->label) == 0;
}

/* False: the file is no recording, or of another console. */
static bool take_header(struct record_reading *r, struct slice line)
{
    if (!record_facts_read(&r->facts, line) ||
        !cast_reader_begin(&r->cast, r->facts.version))
        return false;
    if (!r->has_first) {
        if (buf_append(&r->header, line) < 0)
            return false;
        r->first = r->facts;
        r->has_first = true;
    }
    return is_of_same(&r->first, &r->facts);
}

/* From the beginning of the first file. */
static void set_time(struct record_reading *r, struct cast_event *event)
{
    uint64_t base_us = r->facts.offset_us > r->first.offset_us
                           ? r->facts.offset_us - r->first.offset_us
                           : 0;

    if (base_us + event->time_us > r->time_us)
        r->time_us = base_us + event->time_us;
    event->time_us = r->time_us;
}

/* Which files are missing before the present one. */
static bool has_hole(struct record_reading *r)
{
    uint32_t before = r->at == 0 ? 0 : r->part[r->at - 1].number;
    uint32_t missing = r->part[r->at].number - before - 1;

    if (r->at == 0 || missing == 0)
        return false;
    r->damages += missing;
    snprintf(r->note, sizeof r->note,
             RECORD_CAST_GAP ": %u of the recording's files are missing here",
             (unsigned)missing);
    return true;
}

static enum record_reading_item begin_part(struct record_reading *r,
                                           struct cast_event *event)
{
    if (!take_header(r, event->text)) {
        r->damages++;
        end_part(r);
        return RECORD_READING_AGAIN;
    }
    if (!has_hole(r))
        return RECORD_READING_AGAIN;
    *event = (struct cast_event){
        .code = CAST_MARKER,
        .text = slice_of_text(r->note),
    };
    set_time(r, event);
    return RECORD_READING_EVENT;
}

static enum record_reading_item take_event(struct record_reading *r,
                                           struct cast_event *event)
{
    bool goes_on = record_reading_is_marker(event, RECORD_CAST_CONTINUED);

    r->has_ended = record_reading_is_marker(event, RECORD_CAST_ENDED);
    set_time(r, event);
    return goes_on && r->at + 1 < r->count ? RECORD_READING_AGAIN
                                           : RECORD_READING_EVENT;
}

enum record_reading_item record_reading_next(struct record_reading *r,
                                             struct cast_event *ret_event)
{
    if (r->file == NULL && r->at == r->count)
        return RECORD_READING_END;
    if (r->file == NULL) {
        if (!open_part(r)) {
            r->damages++;
            r->at++;
        }
        return RECORD_READING_AGAIN;
    }
    switch (cast_reader_next(&r->cast, &r->rest, ret_event)) {
    case CAST_HEADER:
        return begin_part(r, ret_event);
    case CAST_EVENT:
        return take_event(r, ret_event);
    case CAST_NEED_MORE:
        if (!read_block(r))
            end_part(r);
        return RECORD_READING_AGAIN;
    }
    return RECORD_READING_END;
}

bool record_reading_begin(struct record_reading *r)
{
    struct cast_event event;

    while (!r->has_first && r->bytes < CAST_HEADER_MAX + RECORD_READING_BLOCK) {
        if (record_reading_next(r, &event) != RECORD_READING_AGAIN)
            break;
    }
    return r->has_first;
}

bool record_reading_was_whole(const struct record_reading *r)
{
    return r->count > 0 && r->part[0].number == 1 && r->damages == 0 &&
           r->has_ended;
}

/*
 * record_name.h - where the files of recordings are, and what they are called.
 *
 *     DIRECTORY/UUID/LABEL/ID.PART.cast      is written, or was torn
 *     DIRECTORY/UUID/LABEL/ID.PART.cast.gz   is complete, and compressed
 *
 * UUID and LABEL are the console's, cleaned as names of console logs are
 * (conlog/file/conlog_name.h; no label: "_"), so two consoles can share a
 * folder: the header of a file says whose it is. Modes are 0750 and 0640.
 *
 * ID is the recording's for all the world, and tells its beginning:
 * "20261130T140509.123Z-1a2b3c4d5e6f7a8b". Sorted by name they are in the order
 * of time.
 *
 * PART counts from 1. A part that has reached record-rotate-size ends, and the
 * next one begins with its own header and with time 0. Each header has what is
 * known of the whole recording (record_cast.h), so a part can be played alone.
 * With record-keep-size the first parts may be gone.
 *
 * A part ends with a whole line, the marker RECORD_CAST_ENDED or
 * RECORD_CAST_CONTINUED (record_cast.h). Only such a part is compressed. What
 * has no such line is written at present (record_find), or was torn by a kill
 * or a crash: all of its lines that have an LF are good. Nothing is ever
 * appended to a torn file; after a restart a rule begins another recording.
 *
 * Pure.
 */
#ifndef RECORD_RECORD_NAME_H
#define RECORD_RECORD_NAME_H

#include "conlog/file/conlog_name.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    RECORD_ID_LEN = 37,
    RECORD_PARTS_MAX = 999999,
};

struct record_id {
    char text[RECORD_ID_LEN + 1];
};

/* started_ms: UTC; number: no other recording has it. */
struct record_id record_name_id(int64_t started_ms, uint64_t number);

/* Whether the text is an id; *ret_started_ms: what it tells. */
bool record_name_is_id(const char *text, int64_t *ret_started_ms);

/* "UUID/LABEL" */
struct record_folder {
    char text[CONLOG_NAME_MAX];
};
struct record_folder record_name_folder(const char *uuid, const char *label);

/* "ID.PART.cast" or "ID.PART.cast.gz" */
struct record_file_name {
    char text[RECORD_ID_LEN + 24];
};
struct record_file_name record_name_file(const struct record_id *id,
                                         uint32_t part, bool is_compressed);

/* False: the name is no recording's. */
bool record_name_parse(const char *name, struct record_id *ret_id,
                       uint32_t *ret_part, bool *ret_is_compressed);

#endif

/*
 * record_cast.h - the lines of an asciicast file, version 2 or 3.
 *
 *     {"version":2,"width":80,"height":24,"timestamp":1764511509,
 *      "title":"web-01","vspcd":{"recording":ID,"part":1,
 *      "started":"2026-11-30T14:05:09.123Z","uuid":UUID,"label":LABEL,
 *      "name":NAME,"reason":"rule","by":"alice","input":false,
 *      "gaps":0,"missing":0,"place":"EPOCH:POSITION","offset":0.000000}}
 *     [0.120034,"o","login: "]
 *     [3.400120,"m","client attached: alice by websocket from 192.0.2.7"]
 *     [9.000000,"m","recording ended: stopped by alice"]
 *
 * The header is one line. Version 3 has "term":{"cols":80,"rows":24} instead of
 * width and height, and each time counts from the event before. timestamp is
 * the part's beginning; in "vspcd", started is the whole recording's, by is ""
 * for a rule, gaps and missing (bytes of output) count the parts before this
 * one, place is the output's position where the part begins (the epoch in hex),
 * and offset is how many seconds of the recording came before this part.
 *
 * Events: "o" output, "i" what was typed (behind its echo: record_echo.h), "m"
 * a marker. Times are seconds of the monotonic clock with six digits.
 *
 * Bytes that are no UTF-8 become U+FFFD, one for each byte: a replay shows that
 * something was there, and the console log has which byte it was. A character
 * is never cut between two events (cast_line_whole).
 *
 * Markers are words and what they are about, behind a colon. The loop copies
 * events into jobs as entries (record_cast_entry), and a writer's thread makes
 * lines of them (record_cast_render).
 *
 * Pure; owns nothing.
 */
#ifndef RECORD_RECORD_CAST_H
#define RECORD_RECORD_CAST_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* The last line of a part that has ended in order. */
#define RECORD_CAST_ENDED "recording ended"                 /* : why */
#define RECORD_CAST_CONTINUED "recording continues in part" /* : number */

/* WHO is "alice by websocket from 192.0.2.7". */
#define RECORD_CAST_ATTACHED "client attached" /* : WHO */
#define RECORD_CAST_DETACHED "client detached" /* : WHO */
#define RECORD_CAST_VM_AWAY "VM away"          /* : why */
#define RECORD_CAST_VM_BACK "VM back"          /* : from ADDRESS */
#define RECORD_CAST_VM_MOVED "VM moved"        /* : from A to B */
#define RECORD_CAST_BREAK "break"              /* : of the VM, or by WHO */
#define RECORD_CAST_GAP "gap"                  /* : N bytes are missing: why */
#define RECORD_CAST_KEYS "keys not recorded"   /* : why */

enum {
    RECORD_CAST_HEAD = 16,
    /* Of one entry, so that its line fits into CONLOG_FILE_SCRATCH even if each
     * byte is escaped. */
    RECORD_CAST_DATA_MAX = 8 * 1024,
    RECORD_CAST_MARKER_MAX = 1024,
    RECORD_CAST_HEADER_MAX = 8 * 1024,
};

enum record_cast_code {
    RECORD_CAST_LINE = 0, /* the data is a line of the file, without its LF */
    RECORD_CAST_OUTPUT = 'o',
    RECORD_CAST_INPUT = 'i',
    RECORD_CAST_MARKER = 'm',
};

/* Writes the head of an entry, to be followed by len bytes of data, at most
 * RECORD_CAST_DATA_MAX. time_us: as it stands in the file. */
void record_cast_entry(uint8_t to[RECORD_CAST_HEAD], enum record_cast_code code,
                       uint64_t time_us, size_t len);

/* conlog_render_fn: as many lines as there is room for. */
size_t record_cast_render(struct slice *in, uint8_t *to, size_t size);

/* All texts are borrowed. */
struct record_cast_header {
    const char *id;
    const char *uuid, *label, *name; /* the console's */
    const char *title;
    const char *reason, *by;
    int64_t started_ms; /* UTC: the recording */
    int64_t begun_ms;   /* UTC: this part */
    uint64_t offset_us;
    uint64_t missing;
    uint64_t epoch, position;
    uint32_t gaps;
    uint32_t part;
    bool is_v3;
    bool has_input;
};

/* The line, without LF and terminated; returns its length. */
size_t record_cast_header(char to[RECORD_CAST_HEADER_MAX],
                          const struct record_cast_header *header);

#endif

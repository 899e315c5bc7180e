/*
 * record_cast.h - the lines of an asciicast file, version 2 or 3.
 *
 *     {"version":2,"width":80,"height":24,"timestamp":1764511509,
 *      "title":"web-01","vspcd":{"recording":ID,"part":1,
 *      "started":"2026-11-30T14:05:09.123Z","uuid":UUID,"label":LABEL,
 *      "name":NAME,"reason":"rule","by":"alice","input":false,
 *      "gaps":0,"missing":0,"place":"EPOCH:POSITION","offset":0.0}}
 *     [0.120034,"o","login: "]
 *     [3.400120,"m","client attached: alice by websocket from 192.0.2.7"]
 *     [9.000000,"m","recording ended: stopped by alice"]
 *
 * The header is one line. Version 3 has "term":{"cols":80,"rows":24} instead of
 * width and height, and each time counts from the event before. timestamp is
 * the part's beginning; in "vspcd", started is the whole recording's, by is ""
 * for a rule, gaps and missing (bytes of output) count the parts before this
 * one, place is the output's position where the part begins, and offset is how
 * many seconds of the recording came before this part.
 *
 * Events: "o" output, "i" what was typed, "m" a marker. Times are seconds of
 * the monotonic clock with six digits.
 *
 * Bytes that are no UTF-8 become U+FFFD, one for each byte: a replay shows that
 * something was there, and the console log has which byte it was. A character
 * is never cut between two events (record_cast_whole).
 *
 * Markers are words and what they are about, behind a colon:
 */
#ifndef RECORD_RECORD_CAST_H
#define RECORD_RECORD_CAST_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* The last line of a part that has ended in order. */
#define RECORD_CAST_ENDED "recording ended"                 /* : why */
#define RECORD_CAST_CONTINUED "recording continues in part" /* : number */

#define RECORD_CAST_ATTACHED "client attached" /* : who by DOOR from ADDRESS   \
                                                */
#define RECORD_CAST_DETACHED "client detached" /* : the same */
#define RECORD_CAST_VM_AWAY "VM away"          /* : why */
#define RECORD_CAST_VM_BACK "VM back"          /* : from ADDRESS */
#define RECORD_CAST_VM_MOVED "VM moved"        /* : from ADDRESS to ADDRESS */
#define RECORD_CAST_BREAK "break"              /* : of the VM, or of a client */
#define RECORD_CAST_GAP "gap"                  /* : N bytes are missing: why */
#define RECORD_CAST_KEYS "keys not recorded"   /* : N */

#endif

/*
 * audit_chain.h - what joins the events of an audit log, so that it shows if
 * one is missing.
 *
 *     {"v":1,"n":17,"prev":"5d41402abc4b2a76","time":...}
 *
 * n counts events, from 1 on. prev is a digest of the line of the event before
 * that was written: the first 16 hex digits of its SHA-256, without the
 * newline; 16 zeros: there is none. An event that was numbered and never
 * written leaves a gap in n, and prev still fits. A line that was changed,
 * added or taken out does not fit.
 *
 * A program or machine that ends while it writes leaves a line torn. A torn
 * line is no event: no prev is its digest.
 *
 * Whoever may write the file can make a new chain. So numbers and digests are
 * of use only where they have been seen elsewhere, too: the journal has the
 * numbers.
 *
 * Pure.
 */
#ifndef AUDIT_AUDIT_CHAIN_H
#define AUDIT_AUDIT_CHAIN_H

#include "base/slice.h"
#include "log/log_format.h"

#include <stdbool.h>
#include <stdint.h>

enum { AUDIT_PREV_LEN = 16 };

/* Readers of JSON have whole numbers up to here (RFC 8259, 6): more events than
 * there can be. */
#define AUDIT_NUMBER_MAX ((uint64_t)1 << 53)

/* An event's place in the chain: its number, and the digest of its line. */
struct audit_chain {
    uint64_t number; /* 0: there is no event yet */
    char digest[AUDIT_PREV_LEN + 1];
};

/* Before the first event. */
void audit_chain_init(struct audit_chain *chain);

/* The next event is lost: it has a number and no line. Returns the number. */
uint64_t audit_chain_skip(struct audit_chain *chain);

/* Writes the record, whatever its number, as the next event, with a newline.
 * Returns the length. */
size_t audit_chain_add(struct audit_chain *chain, char to[LOG_RECORD_MAX],
                       const struct log_record *record);

/* What a line, without its newline, says of its place. */
struct audit_event {
    uint64_t number;
    char prev[AUDIT_PREV_LEN + 1];
};

/* False: line is no whole event. */
bool audit_chain_read(struct slice line, struct audit_event *ret_event);

/* The line is the event with this number. */
void audit_chain_set(struct audit_chain *chain, uint64_t number,
                     struct slice line);

/* The last bytes of a file. */
struct audit_end {
    struct audit_chain chain; /* of the last event */
    bool is_torn;             /* the file ends with a line that is torn */
    bool lacks_newline;       /* to be written before the next event */
};

/* Reads bytes, which are a whole file if is_whole. A torn line at the end has
 * used up a number. False: this is no end of an audit log. */
bool audit_chain_read_end(struct slice bytes, bool is_whole,
                          struct audit_end *ret_end);

#endif

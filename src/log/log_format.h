/*
 * log_format.h - a line of the log, in the forms that its readers want.
 *
 * A line is a message and fields, "VM connected console=web-01 port=50000". A
 * field is KEY=VALUE, KEY of small letters, digits and hyphens. A text VALUE is
 * one word, or in double quotes with \" and \\ in it (log_quote). Without
 * quotes, a number is a number, "none" is nothing, "yes" and "no" are booleans;
 * a text that looks like one of these is quoted. So the fields can be read back
 * from the line whatever a VM's name is, and callers have one way to write a
 * line.
 *
 * Pure: no clock, no output, no memory but the caller's.
 */
#ifndef LOG_LOG_FORMAT_H
#define LOG_LOG_FORMAT_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* What surrounds a line. */
enum log_envelope {
    LOG_LINES,    /* time and level before it, a newline behind it */
    LOG_PREFIXED, /* sd-daemon(3): "<6>" before it, a newline behind it */
    LOG_SYSLOG,   /* RFC 3164 as syslog(3) sends it to a local socket, NUL */
    LOG_JOURNAL,  /* systemd's native protocol: a field on each line; NUL */
};

struct log_form {
    enum log_envelope envelope;
    bool is_json; /* the line is one JSON object, RFC 8259 */
};

struct log_record {
    enum log_level level;
    const char *text;  /* without control characters */
    const char *utc;   /* in the form of clock_format_utc */
    const char *local; /* in the form of clock_format_local; for LOG_SYSLOG */
    long pid;          /* for LOG_SYSLOG */
    bool is_audit;     /* for LOG_JOURNAL: has LOG_AUDIT_MESSAGE_ID */
    uint64_t number;   /* of the audit event; 0: it has none */
};

/* What all audit lines have in the journal: MESSAGE_ID of
 * systemd.journal-fields(7). It never changes: people search for it. */
#define LOG_AUDIT_MESSAGE_ID "20a7d34feca24e95863aa44f1e7539ba"

enum {
    LOG_LINE_MAX = 2048, /* of a record's text, with its NUL */
    /* Enough for each form: a byte of a line becomes at most three, and the
     * envelope is added. */
    LOG_RECORD_MAX = 8192,
};

/* Writes the record and its newline or NUL, which occurs nowhere else in it.
 * Returns the length. Invalid UTF-8 becomes U+FFFD. */
size_t log_format(char to[LOG_RECORD_MAX], const struct log_record *record,
                  struct log_form form);

/*
 * Writes the record as an event of the audit log, without a newline: an object
 * that begins with number and prev (audit/audit_chain.h), where prev is plain
 * letters and digits. Returns the length.
 *
 *     {"v":1,"n":17,"prev":"...","time":"...","level":"info","event":"...",...}
 */
size_t log_format_audit(char to[LOG_RECORD_MAX],
                        const struct log_record *record, const char *prev);

/*
 * Text as a VALUE of KEY=VALUE, quoted where needed. Too long a text is cut;
 * control characters are replaced.
 */
struct log_value {
    char text[320];
};
struct log_value log_quote(const char *value);
#define LOG_TEXT(value) (log_quote(value).text)

/* For a value that may be missing: "" becomes none. */
struct log_value log_quote_if_any(const char *value);
#define LOG_ANY(value) (log_quote_if_any(value).text)

const char *log_level_name(enum log_level level);

/* A piece of a line, read back: a field, or a word of the message. */
struct log_piece {
    struct slice key;   /* empty: of the message */
    struct slice value; /* without its quotes; with its backslashes */
    bool is_quoted;
};

/* *at begins with the line. False: it has no more pieces. */
bool log_next_piece(const char **at, struct log_piece *ret);

#endif

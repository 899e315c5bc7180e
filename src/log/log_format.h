/*
 * log_format.h - a line of the log, in the forms that its readers want.
 *
 * A line is a message and fields, "VM connected console=web-01 port=50000".
 * A field is KEY=VALUE, KEY of small letters, digits and hyphens. A VALUE that
 * is text is one word, or in double quotes with \" and \\ in it (log_quote).
 * Without quotes a number is a number, "none" is nothing, "yes" and "no" are
 * truths: a text that looks like one of them is quoted. So the fields can be
 * read back from the line, whatever a VM calls itself, and there is one way to
 * write a line of the log: as it is read.
 *
 * Pure: no clock, no output; nothing but the caller's memory.
 */
#ifndef BASE_LOG_FORMAT_H
#define BASE_LOG_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* What stands around a line. */
enum log_envelope {
    LOG_LINES,    /* time and level before it, a newline behind it */
    LOG_PREFIXED, /* sd-daemon(3): "<6>" before it, a newline behind it */
    LOG_SYSLOG,   /* RFC 3164 as syslog(3) sends it to a local socket, NUL */
    LOG_JOURNAL,  /* systemd's native protocol: a field a line; NUL */
};

struct log_form {
    enum log_envelope envelope;
    bool is_json; /* the line itself: one JSON object, RFC 8259 */
};

struct log_record {
    enum log_level level;
    const char *text;  /* without control characters */
    const char *utc;   /* as clock_format_utc */
    const char *local; /* as clock_format_local; for LOG_SYSLOG */
    long pid;          /* for LOG_SYSLOG */
};

enum {
    LOG_LINE_MAX = 2048, /* of a record's text, with its end */
    /* Whatever a line becomes: each byte of it at most three, and what stands
     * around it. */
    LOG_RECORD_MAX = 8192,
};

/* Writes the record with its newline or NUL, which nothing else in it is;
 * returns the length. What is not UTF-8 becomes U+FFFD. */
size_t log_format(char to[LOG_RECORD_MAX], const struct log_record *record,
                  struct log_form form);

/*
 * A value for KEY=VALUE that is text. What is too long is cut, control
 * characters are replaced.
 */
struct log_value {
    char text[320];
};
struct log_value log_quote(const char *value);
#define LOG_TEXT(value) (log_quote(value).text)

const char *log_level_name(enum log_level level);

#endif

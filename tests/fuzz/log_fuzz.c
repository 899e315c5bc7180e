/* Whatever a name is, a line of the log with it is one record, and as JSON one
 * object in which it is one string. The first byte chooses whether the rest is
 * a name, or a line as nobody should write it. */
#include "log/log_format.h"

#include "../unit/json_check.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static const char *format(const char *line, enum log_envelope envelope,
                          bool is_json)
{
    static char record[LOG_RECORD_MAX];
    struct log_record r = { .level = LOG_INFO,
                            .text = line,
                            .utc = "2026-01-31T23:59:59.123Z",
                            .local = "Jan 31 23:59:59",
                            .pid = 1 };
    size_t len = log_format(record, &r, (struct log_form){ envelope, is_json });
    char end = envelope >= LOG_SYSLOG ? '\0' : '\n';

    require(len <= sizeof record && record[len - 1] == end);
    record[len - 1] = '\0';
    require(strlen(record) == len - 1);
    require(envelope == LOG_JOURNAL || strchr(record, '\n') == NULL);
    return record;
}

static const char *format_audit(const char *line)
{
    static char event[LOG_RECORD_MAX + 1];
    struct log_record r = { .level = LOG_INFO,
                            .text = line,
                            .utc = "2026-01-31T23:59:59.123Z",
                            .number = 17 };

    event[log_format_audit(event, &r, "0123456789abcdef")] = '\0';
    return event;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char text[LOG_LINE_MAX];
    char line[LOG_LINE_MAX];
    char value[LOG_LINE_MAX] = "";
    bool is_string = false;
    bool is_name = len > 0 && bytes[0] % 2 == 0;

    if (len < 1 || len > sizeof text)
        return 0;
    memcpy(text, bytes + 1, len - 1);
    text[len - 1] = '\0';
    if (is_name)
        snprintf(line, sizeof line, "x name=%s port=1", LOG_TEXT(text));
    else
        memcpy(line, text, len);
    require(
        json_check(format(line, LOG_LINES, true), "name", value, &is_string));
    require(!is_name || is_string);
    require(json_check(format_audit(line), "name", value, &is_string));
    require(!is_name || is_string);
    for (int e = LOG_LINES; e <= LOG_JOURNAL; e++)
        (void)format(line, (enum log_envelope)e, len % 2 == 0);
    return 0;
}

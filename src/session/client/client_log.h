/*
 * client_log.h - what each log line about a client at a console has in front of
 * its own fields, so that an auditor joins lines by the same keys: which
 * console, which client, who that is.
 *
 *     log_audit(LOG_INFO, client->peer, console_id(c).text,
 *               LOG_CLIENT_BREAK CLIENT_LOG_FIELDS,
 *               CLIENT_LOG_VALUES(client, c));
 *
 * Macros, for the compiler checks the values against the format. Two lines that
 * several doors write are functions.
 */
#ifndef SESSION_CLIENT_CLIENT_LOG_H
#define SESSION_CLIENT_CLIENT_LOG_H

#include "core/client.h"
#include "core/console.h"
#include "log/log.h"
#include "log/log_words.h"

#define CLIENT_LOG_FIELDS " console=%s id=%s peer=%s number=%llu principal=%s"

/* number is 0 until the client is attached for the first time. */
#define CLIENT_LOG_VALUES(client, c)                                           \
    LOG_TEXT(console_name(c).text), LOG_TEXT(console_id(c).text),              \
        (client)->peer, (unsigned long long)(client)->number,                  \
        LOG_TEXT(principal_format((client)->who).text)

struct stream_certificate;

/* Who has come, by what proof, and what it may do; all that is told of the
 * client later has its number. terms: of TLS; "": there is none. */
void client_log_connected(const struct client *client, enum log_level level,
                          const char *terms,
                          const struct stream_certificate *certificate);

/* rule_line: of vspcd.conf; 0: it is not for a rule. */
void client_log_refused(const struct client *client, const struct console *c,
                        enum log_level level, unsigned rule_line,
                        const char *reason);

#endif

/*
 * client_log.h - what each log line about a client at a console has in front of
 * its own fields, so that an auditor joins lines by the same keys: which
 * console, which client, who that is.
 *
 *     log_audit(LOG_INFO, client->peer, console_id(c).text,
 *               LOG_CLIENT_BREAK CLIENT_LOG_FIELDS,
 *               CLIENT_LOG_VALUES(client, c));
 *
 * Macros, for the compiler checks the values against the format.
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

#endif

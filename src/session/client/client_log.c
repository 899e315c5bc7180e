#include "session/client/client_log.h"

#include "net/stream.h"

#include <stdio.h>

void client_log_connected(const struct client *client, enum log_level level,
                          const char *terms,
                          const struct stream_certificate *certificate)
{
    const struct console *c = client->console;
    char shown[1024] = "";

    if (certificate->serial[0] != '\0')
        snprintf(shown, sizeof shown, " client=%s issuer=%s serial=%s",
                 LOG_TEXT(certificate->subject), LOG_TEXT(certificate->issuer),
                 certificate->serial);
    log_audit(level, client->peer, console_id(c).text,
              LOG_CLIENT_CONNECTED CLIENT_LOG_FIELDS
              " tls=%s door=%s proof=%s right=%s%s",
              CLIENT_LOG_VALUES(client, c),
              terms[0] != '\0' ? LOG_TEXT(terms) : "no",
              client_door_name((enum client_door)client->door),
              principal_proof_name((enum principal_proof)client->who->proof),
              right_name((enum right)client->right), shown);
}

void client_log_refused(const struct client *client, const struct console *c,
                        enum log_level level, unsigned rule_line,
                        const char *reason)
{
    log_audit(level, client->peer, console_id(c).text,
              LOG_CLIENT_REFUSED
              " console=%s id=%s peer=%s principal=%s proof=%s door=%s "
              "rule-line=%u reason=%s",
              LOG_TEXT(console_name(c).text), LOG_TEXT(console_id(c).text),
              client->peer, LOG_TEXT(principal_format(client->who).text),
              principal_proof_name((enum principal_proof)client->who->proof),
              client_door_name((enum client_door)client->door), rule_line,
              LOG_TEXT(reason));
}

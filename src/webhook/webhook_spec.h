/*
 * webhook_spec.h - a receiver of alerts: where it is, what it wants to be told,
 * and in which form.
 */
#ifndef WEBHOOK_WEBHOOK_SPEC_H
#define WEBHOOK_WEBHOOK_SPEC_H

#include "access/pattern.h"
#include "alert/book/alert_item.h"

enum {
    WEBHOOKS_MAX = 16,
    WEBHOOK_NAME_MAX = 64,  /* bytes with the NUL */
    WEBHOOK_URL_MAX = 2048, /* the same */
    WEBHOOK_TIMEOUT_MAX_S = 60,
};

enum webhook_format {
    WEBHOOK_JSON,         /* our own */
    WEBHOOK_SLACK,        /* incoming webhooks, Mattermost's and others' too */
    WEBHOOK_TEAMS,        /* a message with an adaptive card, for a workflow */
    WEBHOOK_ALERTMANAGER, /* API v2, of Prometheus */
    WEBHOOK_PAGERDUTY,    /* Events API v2 */
};
enum { WEBHOOK_FORMATS = WEBHOOK_PAGERDUTY + 1 };

/* "json|slack|teams|alertmanager|pagerduty", in the order of the enum. */
extern const char webhook_format_words[];
const char *webhook_format_name(enum webhook_format format);

/* What it is told of. */
enum webhook_event {
    WEBHOOK_ALERT,
    WEBHOOK_ACKNOWLEDGED,
    WEBHOOK_TEST, /* somebody wants to see it work */
};

/* "alert", "alert-acknowledged", "test". */
const char *webhook_event_name(enum webhook_event event);

/* Owns its texts. */
struct webhook_spec {
    char *name;
    char *url;    /* may be a secret itself; never logged */
    char *secret; /* signs what is sent; PagerDuty: the routing key, never NULL;
                   * else NULL: none. Wiped */
    enum webhook_format format;
    enum alert_severity severity; /* at least */
    char **console;               /* patterns of access/pattern.h */
    size_t console_count;         /* 0: all consoles */
    char *rule;                   /* pattern for rules' names; NULL: all */
    char *ca_file; /* of CAs to trust in place of the system's; NULL: those */
    char *proxy;   /* URL; NULL: none is used, whatever the environment says */
    uint64_t timeout_s;
    bool wants_acknowledged; /* is told who has acknowledged an alert, too */
};

/* Accepts all zeros; it is all zeros then. */
void webhook_spec_clear(struct webhook_spec *spec);

/* 0, or -EINVAL with err filled, without the url: what is wrong with it. */
int webhook_url_check(const char *url, struct err *err);

/* A secret signs with any bytes; a routing key is letters, digits, and ._-. 0,
 * or -EINVAL with err filled, without the secret. */
int webhook_secret_check(enum webhook_format format, const char *secret,
                         struct err *err);

/* console: the item's, as it is now. */
bool webhook_wants(const struct webhook_spec *spec, enum webhook_event event,
                   const struct alert_item *item,
                   const struct access_console *console);

#endif

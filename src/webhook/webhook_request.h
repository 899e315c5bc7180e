/*
 * webhook_request.h - one POST of one body to one receiver, by libcurl. With
 * webhooks_thread.c the only code that sees libcurl.
 *
 * The receiver is who it says by TLS, or nothing is sent. Redirects are not
 * followed, and nothing but http and https is spoken. Of the answer, the status
 * counts; what comes behind it is read and forgotten, up to WEBHOOK_ANSWER_MAX
 * bytes, in the receiver's time limit for all of it.
 *
 * Signed, if there is a secret:
 *
 *     X-Vspcd-Timestamp: 1767225600
 *     X-Vspcd-Signature: sha256=HMAC
 *
 * where HMAC is HMAC-SHA-256 under the secret, in small hex digits, of the
 * timestamp, a full stop, and the body.
 */
#ifndef WEBHOOK_WEBHOOK_REQUEST_H
#define WEBHOOK_WEBHOOK_REQUEST_H

#include "webhook/webhook_spec.h"

#include <curl/curl.h>

enum {
    WEBHOOK_ANSWER_MAX = 64 * 1024, /* bytes of head and body */
    WEBHOOK_ID_LEN = 16,            /* hex digits */
    WEBHOOK_RETRY_AFTER_MAX_S = 300,
};

/* What becomes of a delivery after a try. */
enum webhook_fate {
    WEBHOOK_DELIVERED, /* 2xx */
    WEBHOOK_RETRY,     /* no answer, 408, 429, 5xx: it may be better later */
    WEBHOOK_REFUSED,   /* everything else: it would be the same again */
};

/* status 0: there was none. */
enum webhook_fate webhook_judge(unsigned status);

/* "sha256=..." */
enum { WEBHOOK_SIGNATURE_MAX = 80 };
void webhook_sign(const char *secret, int64_t now_s, const char *body,
                  char ret[WEBHOOK_SIGNATURE_MAX]);

/* How a try ended. */
struct webhook_end {
    enum webhook_fate fate;
    unsigned status;        /* 0: no answer */
    unsigned retry_after_s; /* 0: the receiver has not said */
    char reason[256];       /* for a person; without the URL */
};

struct webhook_request {
    CURL *easy;
    struct curl_slist *field;
    size_t got; /* bytes of the answer */
    char trouble[CURL_ERROR_SIZE];
};

/* The spec's texts are copied; the body must last as long as the request. id:
 * of the delivery, the same in each try. False: there is no memory, and nothing
 * to end. r must not move. */
bool webhook_request_begin(struct webhook_request *r,
                           const struct webhook_spec *spec,
                           enum webhook_event event, const char *id,
                           const char *body, int64_t now_s);

/* code: as curl_multi_info_read has it. The handle is in no multi handle any
 * more, or not yet. */
void webhook_request_end(struct webhook_request *r, CURLcode code,
                         struct webhook_end *ret);

/* Instead of it, for one that is given up. */
void webhook_request_drop(struct webhook_request *r);

#endif

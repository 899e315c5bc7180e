#include "webhook/webhook_request.h"

#include "base/mem.h"
#include "base/text.h"
#include "net/tls/tls_digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MS_PER_S = 1000, CONNECT_MS = 5 * MS_PER_S, FIELD_MAX = 256 };

/* ---- what an answer means ------------------------------------------------ */

enum webhook_fate webhook_judge(unsigned status)
{
    if (status >= 200 && status <= 299)
        return WEBHOOK_DELIVERED;
    return status < 200 || status == 408 || status == 429 || status >= 500
               ? WEBHOOK_RETRY
               : WEBHOOK_REFUSED;
}

static void explain(const struct webhook_request *r, CURLcode code,
                    struct webhook_end *ret)
{
    char text[sizeof ret->reason];

    if (ret->status >= 300 && ret->status <= 399)
        snprintf(text, sizeof text,
                 "answered with status %u: redirects are not followed",
                 ret->status);
    else if (ret->status != 0)
        snprintf(text, sizeof text, "answered with status %u", ret->status);
    else
        snprintf(text, sizeof text, "%.200s",
                 r->trouble[0] != '\0' ? r->trouble : curl_easy_strerror(code));
    (void)text_clean(ret->reason, sizeof ret->reason, slice_of_text(text));
}

static size_t count_bytes(struct webhook_request *r, size_t len)
{
    r->got += len;
    return r->got <= WEBHOOK_ANSWER_MAX ? len : 0;
}

/* Both end the transfer if there is too much. */
static size_t webhook_request_on_head(char *bytes, size_t size, size_t count,
                                      void *owner)
{
    (void)bytes;
    return count_bytes(owner, size * count);
}

static size_t webhook_request_on_body(char *bytes, size_t size, size_t count,
                                      void *owner)
{
    (void)bytes;
    return count_bytes(owner, size * count);
}

/* ---- signing ------------------------------------------------------------- */

void webhook_sign(const char *secret, int64_t now_s, const char *body,
                  char ret[WEBHOOK_SIGNATURE_MAX])
{
    uint8_t code[TLS_DIGEST_LEN];
    size_t size = strlen(body) + 32;
    char *text = xmalloc(size);
    int len = snprintf(text, size, "%lld.%s", (long long)now_s, body);
    size_t at = (size_t)snprintf(ret, WEBHOOK_SIGNATURE_MAX, "sha256=");

    tls_hmac(slice_of_text(secret), slice_of(text, (size_t)len), code);
    for (size_t i = 0; i < sizeof code; i++)
        at += (size_t)snprintf(ret + at, WEBHOOK_SIGNATURE_MAX - at, "%02x",
                               code[i]);
    free(text);
}

/* ---- a request ----------------------------------------------------------- */

static bool add_field(struct webhook_request *r, const char *name,
                      const char *value)
{
    char text[FIELD_MAX];
    struct curl_slist *longer;

    snprintf(text, sizeof text, "%s: %s", name, value);
    longer = curl_slist_append(r->field, text);
    if (longer == NULL)
        return false;
    r->field = longer;
    return true;
}

/* PagerDuty's secret is in the body. */
static bool is_signed(const struct webhook_spec *spec)
{
    return spec->secret != NULL && spec->format != WEBHOOK_PAGERDUTY;
}

static bool add_fields(struct webhook_request *r,
                       const struct webhook_spec *spec,
                       enum webhook_event event, const char *id,
                       const char *body, int64_t now_s)
{
    char signature[WEBHOOK_SIGNATURE_MAX];
    char timestamp[24];

    if (!add_field(r, "Content-Type", "application/json") ||
        !add_field(r, "X-Vspcd-Event", webhook_event_name(event)) ||
        !add_field(r, "X-Vspcd-Delivery", id))
        return false;
    if (!is_signed(spec))
        return true;
    snprintf(timestamp, sizeof timestamp, "%lld", (long long)now_s);
    webhook_sign(spec->secret, now_s, body, signature);
    return add_field(r, "X-Vspcd-Timestamp", timestamp) &&
           add_field(r, "X-Vspcd-Signature", signature);
}

static CURLcode set_protocols(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500 /* 7.85 */
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
                            (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

/* Options that take memory, and can so fail. */
static bool set_texts(struct webhook_request *r,
                      const struct webhook_spec *spec)
{
    CURL *easy = r->easy;
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, spec->url);

    if (code == CURLE_OK)
        code =
            curl_easy_setopt(easy, CURLOPT_USERAGENT, "vspcd/" VSPCD_VERSION);
    if (code == CURLE_OK)
        code = set_protocols(easy);
    /* "" is no proxy, also if the environment names one. */
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_PROXY,
                                spec->proxy != NULL ? spec->proxy : "");
    if (code == CURLE_OK && spec->ca_file != NULL)
        code = curl_easy_setopt(easy, CURLOPT_CAINFO, spec->ca_file);
    if (code == CURLE_OK && spec->ca_file != NULL)
        code = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    return code == CURLE_OK;
}

static void set_numbers(struct webhook_request *r,
                        const struct webhook_spec *spec)
{
    long limit_ms = (long)spec->timeout_s * MS_PER_S;
    CURL *easy = r->easy;

    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700 /* 7.87 */
    /* A resolver that hangs is left behind, and nobody waits for it. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, limit_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     limit_ms < CONNECT_MS ? limit_ms : (long)CONNECT_MS);
    /* A connection that the receiver has closed meanwhile would cost a try. */
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
}

bool webhook_request_begin(struct webhook_request *r,
                           const struct webhook_spec *spec,
                           enum webhook_event event, const char *id,
                           const char *body, int64_t now_s)
{
    *r = (struct webhook_request){ .easy = curl_easy_init() };
    if (r->easy == NULL || !add_fields(r, spec, event, id, body, now_s) ||
        !set_texts(r, spec)) {
        webhook_request_drop(r);
        return false;
    }
    set_numbers(r, spec);
    curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->field);
    curl_easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)strlen(body));
    curl_easy_setopt(r->easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(r->easy, CURLOPT_HEADERFUNCTION, webhook_request_on_head);
    curl_easy_setopt(r->easy, CURLOPT_HEADERDATA, r);
    curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, webhook_request_on_body);
    curl_easy_setopt(r->easy, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(r->easy, CURLOPT_ERRORBUFFER, r->trouble);
    return true;
}

/* A receiver that has said 2xx has the body, whatever becomes of the rest of
 * its answer. */
void webhook_request_end(struct webhook_request *r, CURLcode code,
                         struct webhook_end *ret)
{
    curl_off_t after_s = 0;
    long status = 0;

    *ret = (struct webhook_end){ 0 };
    (void)curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(r->easy, CURLINFO_RETRY_AFTER, &after_s);
    ret->status = status >= 100 && status <= 999 ? (unsigned)status : 0;
    ret->fate = webhook_judge(ret->status);
    if (after_s > WEBHOOK_RETRY_AFTER_MAX_S)
        after_s = WEBHOOK_RETRY_AFTER_MAX_S;
    ret->retry_after_s = after_s > 0 ? (unsigned)after_s : 0;
    explain(r, code, ret);
    webhook_request_drop(r);
}

void webhook_request_drop(struct webhook_request *r)
{
    curl_easy_cleanup(r->easy);
    curl_slist_free_all(r->field);
    *r = (struct webhook_request){ 0 };
}

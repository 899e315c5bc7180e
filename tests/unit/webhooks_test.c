/*
 * Webhooks and their thread, with a receiver in a thread of ours. What
 * receivers may do to them is in tests/program/test_webhooks.py; this is about
 * what loop and thread share, and made for ThreadSanitizer.
 */
#include "webhook/webhooks.h"

#include "base/clock.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { LONG_S = 60, REQUEST_MAX = 64 * 1024, SEEN_MAX = 4096 };

static atomic_uint calls;

static void on_news(void *owner)
{
    (void)owner;
    calls++;
}

/* ---- a receiver ---------------------------------------------------------- */

/* Answers one request a connection: /ok 200, /gone 410, /once 500 and from then
 * on 200. */
struct receiver {
    int fd;
    unsigned port;
    pthread_t thread;
    atomic_uint got;
    atomic_uint failed;
    char alerts[SEEN_MAX]; /* the ids in order, "1 2 "; after join */
};

static void take_alert(struct receiver *r, const char *request)
{
    const char *at = strstr(request, "\"alert\":{\"id\":");
    char text[32];

    snprintf(text, sizeof text, "%ld ",
             at != NULL ? strtol(at + strlen("\"alert\":{\"id\":"), NULL, 10)
                        : -1);
    strncat(r->alerts, text, sizeof r->alerts - strlen(r->alerts) - 1);
}

/* False: the request did not come. */
static bool read_request(int fd, char *to)
{
    size_t len = 0;
    const char *body = NULL;
    const char *length;

    to[0] = '\0';
    for (;;) {
        ssize_t got = recv(fd, to + len, REQUEST_MAX - 1 - len, 0);

        if (got <= 0)
            return false;
        len += (size_t)got;
        to[len] = '\0';
        body = strstr(to, "\r\n\r\n");
        length = strstr(to, "Content-Length: ");
        if (body != NULL && length != NULL &&
            len - (size_t)(body + 4 - to) >=
                strtoul(length + strlen("Content-Length: "), NULL, 10))
            return true;
    }
}

static void answer(struct receiver *r, int fd, const char *request)
{
    unsigned status = 200;
    char text[80];

    if (strncmp(request, "POST /gone ", 11) == 0)
        status = 410;
    if (strncmp(request, "POST /once ", 11) == 0 && r->failed++ == 0)
        status = 500;
    if (status == 200)
        take_alert(r, request);
    r->got++;
    snprintf(text, sizeof text, "HTTP/1.1 %u X\r\nContent-Length: 0\r\n\r\n",
             status);
    (void)send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void *receive(void *owner)
{
    struct receiver *r = owner;
    char *request = xmalloc(REQUEST_MAX);
    int fd;

    while ((fd = accept(r->fd, NULL, NULL)) >= 0) {
        if (read_request(fd, request))
            answer(r, fd, request);
        close(fd);
    }
    free(request);
    return NULL;
}

static void listen_on(struct receiver *r)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(r->fd >= 0);
    assert_int_equal(bind(r->fd, (struct sockaddr *)&address, sizeof address),
                     0);
    assert_int_equal(listen(r->fd, 16), 0);
    assert_int_equal(getsockname(r->fd, (struct sockaddr *)&address, &len), 0);
    r->port = ntohs(address.sin_port);
}

static void begin_receiver(struct receiver *r)
{
    *r = (struct receiver){ 0 };
    listen_on(r);
    assert_int_equal(pthread_create(&r->thread, NULL, receive, r), 0);
}

static void end_receiver(struct receiver *r)
{
    (void)shutdown(r->fd, SHUT_RDWR);
    assert_int_equal(pthread_join(r->thread, NULL), 0);
    close(r->fd);
}

/* ---- what is told -------------------------------------------------------- */

static struct webhook_spec spec_of(const char *name, unsigned port,
                                   const char *path)
{
    struct webhook_spec spec = { .timeout_s = LONG_S };
    char url[80];

    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", port, path);
    spec.name = xstrdup(name);
    spec.url = xstrdup(url);
    return spec;
}

static void set(struct webhooks *w, struct webhooks_settings settings,
                size_t dropped)
{
    size_t count;

    assert_int_equal(webhooks_set(w, &settings, &count), 0);
    assert_int_equal(count, dropped);
    assert_int_equal(settings.count, 0);
}

static void tell(struct webhooks *w, uint64_t id)
{
    const struct alert_item item = {
        .id = id,
        .rule = "panic",
        .uuid = "u",
        .label = "l",
        .name = "n",
        .shown = "n",
        .text = "t",
        .count = 1,
    };
    const struct access_console console = { .name = item.name };

    webhooks_tell(w, WEBHOOK_ALERT, &item, &console, NULL);
}

static void wait_a_little(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 1000 * 1000 }, NULL);
}

static void wait_sent(struct webhooks *w, uint64_t count)
{
    struct webhooks_counts counts;

    do {
        wait_a_little();
        webhooks_count(w, &counts);
    } while (counts.sent < count);
}

static struct webhook_result wait_result(struct webhooks *w,
                                         enum webhook_outcome outcome)
{
    struct webhook_result found;

    for (;;) {
        struct webhook_result *result = webhooks_take_result(w);
        bool is_it = result != NULL && result->outcome == outcome;

        if (result == NULL)
            wait_a_little();
        else
            found = *result;
        free(result);
        if (is_it)
            return found;
    }
}

/* ---- tests --------------------------------------------------------------- */

static void alerts_arrive_in_order(void **state)
{
    struct webhooks *w = webhooks_open(on_news, NULL);
    struct webhooks_settings settings = { .count = 2 };
    struct webhook_state one;
    struct receiver r;

    (void)state;
    begin_receiver(&r);
    settings.spec[0] = spec_of("a", r.port, "/ok");
    settings.spec[1] = spec_of("silent", r.port, "/ok");
    settings.spec[1].severity = ALERT_CRITICAL;
    set(w, settings, 0);
    for (uint64_t i = 1; i <= 5; i++)
        tell(w, i);
    wait_sent(w, 5);
    assert_true(webhooks_state(w, 0, &one));
    assert_string_equal(one.name, "a");
    assert_int_equal(one.sent, 5);
    assert_int_equal(one.waiting, 0);
    assert_true(webhooks_state(w, 1, &one));
    assert_int_equal(one.sent, 0);
    assert_false(webhooks_state(w, 2, &one));
    assert_int_equal(webhooks_close(w, 0), 0);
    webhooks_free(w);
    end_receiver(&r);
    assert_string_equal(r.alerts, "1 2 3 4 5 ");
}

static void a_failure_is_tried_again_in_its_place(void **state)
{
    struct webhooks *w = webhooks_open(on_news, NULL);
    struct webhooks_settings settings = { .count = 1 };
    struct webhook_result result;
    struct webhooks_counts counts;
    struct receiver r;

    (void)state;
    begin_receiver(&r);
    settings.spec[0] = spec_of("a", r.port, "/once");
    set(w, settings, 0);
    tell(w, 1);
    tell(w, 2);
    result = wait_result(w, WEBHOOK_FAILS);
    assert_string_equal(result.webhook, "a");
    assert_string_equal(result.reason, "answered with status 500");
    (void)wait_result(w, WEBHOOK_ANSWERS);
    wait_sent(w, 2);
    webhooks_count(w, &counts);
    assert_int_equal(counts.retried, 1);
    assert_true(calls > 0);
    (void)webhooks_close(w, 0);
    webhooks_free(w);
    end_receiver(&r);
    assert_string_equal(r.alerts, "1 2 ");
}

static void a_refusal_is_given_up(void **state)
{
    struct webhooks *w = webhooks_open(on_news, NULL);
    struct webhooks_settings settings = { .count = 1 };
    struct webhook_result result;
    struct receiver r;

    (void)state;
    begin_receiver(&r);
    settings.spec[0] = spec_of("a", r.port, "/gone");
    set(w, settings, 0);
    tell(w, 7);
    result = wait_result(w, WEBHOOK_GIVEN_UP);
    assert_int_equal(result.alert, 7);
    assert_int_equal(result.tries, 1);
    assert_int_equal(result.status, 410);
    (void)webhooks_close(w, 0);
    webhooks_free(w);
    end_receiver(&r);
}

/* Nothing is left of it that could be waited for. Again and again: what began
 * the thread, or the try before, may have woken it. */
static void a_try_that_ends_as_it_begins_is_reported_at_once(void **state)
{
    struct webhooks *w = webhooks_open(on_news, NULL);
    struct webhooks_settings settings = { .count = 1 };
    struct alert_item *sample = alert_item_sample(1000);
    uint64_t begun_us = clock_now_us();
    uint64_t ticket;

    (void)state;
    settings.spec[0] = spec_of("a", 1, "/");
    memcpy(settings.spec[0].url, "tftp", strlen("tftp"));
    set(w, settings, 0);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(webhooks_test(w, "a", sample, NULL, &ticket),
                         WEBHOOK_ASKED);
        assert_int_equal(wait_result(w, WEBHOOK_TESTED).status, 0);
        wait_a_little();
    }
    assert_true(clock_now_us() - begun_us < (uint64_t)LONG_S * 1000 * 1000);
    (void)webhooks_close(w, 0);
    webhooks_free(w);
    alert_item_free(sample);
}

/* Nobody accepts there: the kernel makes the connection, and nothing follows.
 */
static void one_that_hangs_delays_nobody_and_has_bounds(void **state)
{
    struct webhooks *w = webhooks_open(on_news, NULL);
    struct webhooks_settings settings = { .count = 2 };
    struct webhook_state one;
    struct receiver hangs = { 0 };
    struct receiver r;
    uint64_t begun_us;

    (void)state;
    begin_receiver(&r);
    listen_on(&hangs);
    settings.spec[0] = spec_of("hangs", hangs.port, "/");
    settings.spec[1] = spec_of("a", r.port, "/ok");
    set(w, settings, 0);
    for (uint64_t i = 1; i <= WEBHOOK_QUEUE_MAX + 10; i++) {
        tell(w, i);
        wait_sent(w, i);
    }
    /* One is on its way. */
    assert_int_equal(wait_result(w, WEBHOOK_DROPPED).count, 1);
    assert_true(webhooks_state(w, 0, &one));
    assert_int_equal(one.waiting, WEBHOOK_QUEUE_MAX + 1);
    assert_int_equal(one.dropped, 9);
    begun_us = clock_now_us();
    assert_int_equal(webhooks_close(w, 0), WEBHOOK_QUEUE_MAX + 1);
    assert_true(clock_now_us() - begun_us < (uint64_t)LONG_S * 1000 * 1000);
    webhooks_free(w);
    close(hangs.fd);
    end_receiver(&r);
}

static void a_reload_keeps_what_waits(void **state)
{
    struct webhooks *w = webhooks_open(on_news, NULL);
    struct webhooks_settings settings = { .count = 2 };
    struct receiver hangs = { 0 };
    struct receiver r;

    (void)state;
    begin_receiver(&r);
    listen_on(&hangs);
    settings.spec[0] = spec_of("a", hangs.port, "/");
    settings.spec[0].timeout_s = 1;
    settings.spec[1] = spec_of("b", hangs.port, "/");
    set(w, settings, 0);
    tell(w, 1);
    tell(w, 2);
    tell(w, 3);
    settings.count = 1;
    settings.spec[0] = spec_of("a", r.port, "/ok");
    /* Of b, one may be on its way, and two or three wait. */
    {
        size_t dropped;

        assert_int_equal(webhooks_set(w, &settings, &dropped), 0);
        assert_true(dropped == 2 || dropped == 3);
    }
    wait_sent(w, 3);
    (void)webhooks_close(w, 0);
    webhooks_free(w);
    close(hangs.fd);
    end_receiver(&r);
    assert_string_equal(r.alerts, "1 2 3 ");
}

static void a_test_passes_what_waits(void **state)
{
    struct webhooks *w = webhooks_open(on_news, NULL);
    struct webhooks_settings settings = { .count = 2 };
    struct alert_item *sample = alert_item_sample(1000);
    struct webhook_result result;
    struct receiver hangs = { 0 };
    struct receiver r;
    uint64_t ticket = 0;

    (void)state;
    begin_receiver(&r);
    listen_on(&hangs);
    settings.spec[0] = spec_of("hangs", hangs.port, "/");
    settings.spec[1] = spec_of("a", r.port, "/gone");
    set(w, settings, 0);
    assert_int_equal(webhooks_test(w, "none", sample, NULL, &ticket),
                     WEBHOOK_NO_SUCH);
    assert_int_equal(webhooks_test(w, "a", sample, NULL, &ticket),
                     WEBHOOK_ASKED);
    result = wait_result(w, WEBHOOK_TESTED);
    assert_int_equal(result.ticket, ticket);
    assert_int_equal(result.status, 410);
    assert_false(result.is_delivered);
    for (int i = 0; i < WEBHOOK_TESTS_MAX; i++)
        assert_int_equal(webhooks_test(w, "hangs", sample, NULL, &ticket),
                         WEBHOOK_ASKED);
    assert_int_equal(webhooks_test(w, "hangs", sample, NULL, &ticket),
                     WEBHOOK_BUSY);
    (void)webhooks_close(w, 0);
    webhooks_free(w);
    alert_item_free(sample);
    close(hangs.fd);
    end_receiver(&r);
}

static void without_webhooks_there_is_no_thread(void **state)
{
    struct webhooks *w = webhooks_open(on_news, NULL);
    struct webhooks_settings settings = { .count = 0 };
    uint64_t ticket;

    (void)state;
    set(w, settings, 0);
    tell(w, 1);
    assert_int_equal(webhooks_test(w, "a", NULL, NULL, &ticket),
                     WEBHOOK_NO_SUCH);
    assert_int_equal(webhooks_close(w, (uint64_t)LONG_S * 1000 * 1000), 0);
    webhooks_free(w);
    webhooks_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alerts_arrive_in_order),
        cmocka_unit_test(a_failure_is_tried_again_in_its_place),
        cmocka_unit_test(a_refusal_is_given_up),
        cmocka_unit_test(a_try_that_ends_as_it_begins_is_reported_at_once),
        cmocka_unit_test(one_that_hangs_delays_nobody_and_has_bounds),
        cmocka_unit_test(a_reload_keeps_what_waits),
        cmocka_unit_test(a_test_passes_what_waits),
        cmocka_unit_test(without_webhooks_there_is_no_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

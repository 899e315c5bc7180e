/*
 * socket_fixture.h - one VM, its console, WebSockets at it, and a log that
 * answers when the test says so.
 */
#ifndef SOCKET_FIXTURE_H
#define SOCKET_FIXTURE_H

#include "client_fixture.h"
#include "socket_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct socket_fixture {
    struct site site;
    struct console *console;
    struct peer *vm;
    struct socket_peer a, b;
    struct list asks; /* struct past_ask.node: who waits for older output */
    struct past_place asked; /* of the last one */
    bool has_log;
};

static inline bool ask(void *owner, struct console *console,
                       const struct history_wish *wish, struct past_ask *ask)
{
    struct socket_fixture *f = owner;

    (void)console;
    (void)wish;
    if (!f->has_log)
        return false;
    list_add_tail(&f->asks, &ask->node);
    return true;
}

static inline bool ask_from(void *owner, struct console *console,
                            const struct past_place *place,
                            struct past_ask *ask)
{
    struct socket_fixture *f = owner;

    (void)console;
    f->asked = *place;
    if (!f->has_log)
        return false;
    list_add_tail(&f->asks, &ask->node);
    return true;
}

static inline int socket_setup(void **state)
{
    static struct socket_fixture f;
    struct directory_settings settings = site_settings();

    f = (struct socket_fixture){ .has_log = false };
    pattern_fill(output, sizeof output, 0);
    list_init(&f.asks);
    site_open(&f.site, &settings);
    socket_site_open(&f.site);
    f.site.ctx.past = (struct past_source){
        .ask = ask,
        .owner = &f,
        .ask_from = ask_from,
    };
    f.vm = vm_start(&f.site);
    f.console = site_console(&f.site);
    *state = &f;
    return 0;
}

static inline int socket_teardown(void **state)
{
    struct socket_fixture *f = *state;

    socket_peer_done(&f->a);
    socket_peer_done(&f->b);
    socket_site_close(&f->site);
    site_close(&f->site);
    return 0;
}

static inline void attach(struct socket_fixture *f, struct socket_peer *p)
{
    struct console_socket_start start = socket_start(&f->site, f->console);

    socket_peer_open(p, &f->site, &start);
    assert_true(p->is_open);
}

static inline void attach_labelled(struct socket_fixture *f,
                                   struct socket_peer *p, const char *from)
{
    struct console_socket_start start = socket_start(&f->site, f->console);

    start.label = "a label";
    start.from = from;
    socket_peer_open(p, &f->site, &start);
    assert_true(p->is_open);
}

static inline void acknowledge(struct socket_peer *p, uint64_t at)
{
    char text[64];

    snprintf(text, sizeof text, "{\"ack\":%llu}", (unsigned long long)at);
    socket_peer_say(p, text);
}

static inline void print(struct socket_fixture *f, struct slice bytes)
{
    peer_send(f->vm, bytes);
}

static inline const char *place_of(const struct socket_fixture *f, uint64_t at)
{
    static char text[64];

    snprintf(text, sizeof text, "%016llx:%llu",
             (unsigned long long)console_epoch(f->console),
             (unsigned long long)at);
    return text;
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, socket_setup, socket_teardown)

#endif

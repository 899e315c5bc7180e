/*
 * client_fixture.h - one VM, its console, and bytes to print: what the tests of
 * client sessions begin with.
 */
#ifndef CLIENT_FIXTURE_H
#define CLIENT_FIXTURE_H

#include "session_peer.h"

#include "session/client/client_session.h"

#define NOTICE(text) "\r\n[vspcd: " text "]\r\n"
#define VM_IS_THERE NOTICE("vm-0001: yes, VM connected")

enum { RING = 64 * KIB };

struct fixture {
    struct site site;
    struct console *console;
    struct peer *vm;
};

/* What the VM sends in tests of long streams. */
static uint8_t output[8 * RING];

static inline int setup(void **state)
{
    static struct fixture f;
    struct directory_settings settings = site_settings();

    pattern_fill(output, sizeof output, 0);
    site_open(&f.site, &settings);
    f.vm = vm_start(&f.site);
    f.console = site_console(&f.site);
    *state = &f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;

    site_close(&f->site);
    return 0;
}

/* Of a raw listener that a service URI asked for. */
static inline struct peer *listener_connect(struct fixture *f)
{
    struct peer *client = peer_add(&f->site);

    client->is_raw = true;
    client_session_start(&f->site.ctx, &client->stream.stream, f->console,
                         client_raw_role());
    site_run(&f->site);
    return client;
}

/* From now on. */
static inline void let_anybody(struct fixture *f, enum right right,
                               enum access_keyboard keyboard)
{
    const struct access_text member = { "anybody", 1 };
    struct access_section_source section = { .pattern = { "*", 1 },
                                             .keyboard = keyboard };
    const struct access_source source = { .section = &section,
                                          .section_count = 1 };

    section.members[right] = (struct access_texts){ &member, 1 };
    site_set_rules(&f->site, &source);
    (void)sessions_judge(&f->site.ctx);
    site_run(&f->site);
}

static inline struct slice part(size_t from, size_t to)
{
    return slice_of(output + from, to - from);
}

#endif

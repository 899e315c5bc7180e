/* Sessions and peers at their worst: what is reset, refused, flooded or left
 * undone while something else is at work. */
#include "move_peer.h"

#include "session/client/client_session.h"
#include "session/service/null_modem.h"
#include "session/service/service_tls.h"
#include "session/vm/vm_session_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t much[8 * LIMIT_READ];

struct fixture {
    struct site site;
    struct peer *vm;
    struct console *console;
};

static int setup(void **state)
{
    static struct fixture f;
    struct directory_settings settings = site_settings();

    f = (struct fixture){ 0 };
    memset(much, 'x', sizeof much);
    site_open(&f.site, &settings);
    f.vm = vm_start(&f.site);
    f.console = site_console(&f.site);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    site_close(&f->site);
    return 0;
}

/* Its last words and its reset come in one turn, and the console is full. */
static void who_is_reset_with_words_that_nobody_takes_ends(void **state)
{
    struct fixture *f = *state;
    struct peer *pastes = telnet_connect(&f->site, f->console);
    struct peer *p = telnet_connect(&f->site, f->console);

    peer_block(f->vm);
    peer_send(pastes, slice_of(much, 3 * LIMIT_READ));
    put_only(p, slice_of(much, 3 * KIB));
    peer_break(p);
    assert_true(p->stream.is_closed);
}

/* The same for a raw one. */
static void who_is_raw_and_reset_with_words_that_nobody_takes_ends(void **state)
{
    struct fixture *f = *state;
    struct peer *pastes = telnet_connect(&f->site, f->console);
    struct peer *p = raw_connect(&f->site, f->console);

    peer_block(f->vm);
    peer_send(pastes, slice_of(much, 3 * LIMIT_READ));
    put_only(p, BYTES("ls\r"));
    peer_break(p);
    assert_true(p->stream.is_closed);
}

/* A VM that is held back becomes another one in the same read. */
static void who_was_held_back_as_another_vm_is_read_again(void **state)
{
    struct fixture *f = *state;
    struct peer *slow = telnet_connect(&f->site, f->console);
    struct peer *again;

    peer_block(slow);
    peer_send(f->vm, slice_of(much, 48 * KIB));
    again = host_connect(&f->site);
    put_only(again, slice_of(much, 30 * KIB));
    put_only(again, BYTES(WHO(UUID_TEXT) EXT(DO_PROXY "Ss9")
                              EXT(VC_UUID UUID_TEXT) EXT(VM_NAME "vm-0001")
                                  EXT(BIOS_UUID "1") EXT(LOCATION_UUID "2")));
    site_run(&f->site);
    site_holds_due(&f->site);
    peer_give(again, BYTES("hello"));
    site_holds_due(&f->site);
    site_holds_due(&f->site);
    peer_break(again);
    assert_true(again->stream.is_closed);
}

static struct client *start(struct fixture *f, struct peer *p)
{
    return client_session_start(&f->site.ctx, &p->stream.stream, f->console,
                                client_port_role(TLS_OFF));
}

static void detached_in_doubt(void **state)
{
    struct fixture *f = *state;
    struct peer *p = peer_add(&f->site);
    struct client *client = start(f, p);

    site_run(&f->site);
    peer_give(p, BYTES("x\xff"));
    client_session_detach(client);
    site_run(&f->site);
    site_doubts_due(&f->site);
}

static void detached_in_negotiation(void **state)
{
    struct fixture *f = *state;
    struct peer *p = peer_add(&f->site);
    struct client *client = start(f, p);

    site_run(&f->site);
    client_session_detach(client);
    site_run(&f->site);
    site_negotiations_due(&f->site);
}

static void detached_while_blocked(void **state)
{
    struct fixture *f = *state;
    struct peer *p = peer_add(&f->site);
    struct client *client = start(f, p);

    peer_give(p, BYTES(YES));
    peer_block(p);
    peer_give(f->vm, BYTES("some output"));
    client_session_detach(client);
    site_run(&f->site);
    peer_unblock(p);
}

/* An old cable that ends and a new one in its place carry each byte once. */
static void a_new_cable_carries_each_byte_once(void **state)
{
    struct fixture *f = *state;
    struct peer *vm_b = vm_start_as(&f->site, UUID_TEXT, "s1");
    struct console *b = directory_find(&f->site.directory, UUID, "s1");
    struct null_modem *old =
        null_modem_connect(&f->site.ctx, f->console, b, NULL, NULL);

    site_run(&f->site);
    null_modem_disconnect(old);
    old = null_modem_connect(&f->site.ctx, f->console, b, NULL, NULL);
    peer_give(f->vm, BYTES("once"));
    assert_true(peer_got(vm_b, BYTES("once")));
    null_modem_disconnect(old);
}

/* What may be half of an answer waits, and others fill the console. */
static void who_is_in_doubt_is_not_ended_by_others(void **state)
{
    struct fixture *f = *state;
    struct peer *p = client_connect(&f->site, f->console);
    struct peer *pastes = telnet_connect(&f->site, f->console);
    struct peer *few[24];

    peer_give(p, BYTES("x\xff"));
    peer_block(f->vm);
    for (int i = 0; i < 24; i++)
        few[i] = raw_connect(&f->site, f->console);
    peer_send(pastes, slice_of(much, 3 * LIMIT_READ));
    f->console->held_input.max = f->console->held_input.len + 10 * KIB;
    for (int i = 0; i < 24; i++)
        peer_give(few[i], slice_of(much, KIB));
    site_doubts_due(&f->site);
    assert_false(p->stream.is_closed);
}

/* A VM's session is ended while it is at work: a client whose write fails lets
 * go of what it has kept, which cannot be written to the VM. */
static void who_ends_in_the_middle_of_do_proxy(void **state)
{
    struct fixture *f = *state;
    struct peer *p = client_connect(&f->site, f->console);
    struct peer *d = join(&f->site, begin(f->vm));
    static uint8_t flood[LIMIT_READ];
    size_t len = 0;

    /* The source leaves, and is not done yet. */
    put_only(f->vm, slice_of(much, 20 * KIB));
    peer_give(d, BYTES(COMPLETE));
    assert_false(f->vm->stream.is_closed);
    /* A raw client in doubt that sends no more. */
    put_only(p, BYTES("x\xff"));
    p->stream.is_ended = true;
    site_run(&f->site);
    assert_false(p->stream.is_closed);
    peer_forget(p);
    /* All three are reset. */
    peer_give(d, BYTES(IAC WILL "\x2c"));
    for (; len + 6 < sizeof flood - 200; len += 6)
        memcpy(flood + len, IAC SB "\x2c\0" IAC SE, 6);
    put_only(d, slice_of(flood, len));
    /* One read makes 181 KiB of answers today, of 192 that it may have: a
     * version with a digit more would do. */
    buf_append(&CONTAINER_OF(f->console->link, struct vm_session, link)
                    ->telnet.wire.out,
               slice_of(much, 12 * KIB));
    put_only(d, BYTES(EXT(DO_PROXY "Sother")));
    put_only(f->vm, BYTES("last words"));
    p->stream.is_broken = true;
    f->vm->stream.is_broken = true;
    d->stream.is_broken = true;
    stream_mem_turn(&d->stream);
    site_run(&f->site);
}

/* The UUID is known, and nothing else is ever answered. */
static void who_has_said_its_uuid_alone_is_attached_in_the_end(void **state)
{
    struct fixture *f = *state;
    struct peer *p = host_connect(&f->site);

    peer_give(p, BYTES(EXT(DO_PROXY "Ss7") EXT(VC_UUID "50 0c")));
    site_identities_due(&f->site);
    assert_false(p->stream.is_closed);
}

static size_t count_said(const struct peer *p, const char *what)
{
    struct slice all = buf_bytes(&p->said);
    const uint8_t *at;
    size_t count = 0;

    while ((at = memmem(all.data, all.len, what, strlen(what))) != NULL) {
        count++;
        all = slice_after(all, (size_t)(at - all.data) + strlen(what));
    }
    return count;
}

/* Some take effect, all are answered, and it is served again a moment later. */
static void who_asks_for_another_name_all_the_time_is_refused(void **state)
{
    struct fixture *f = *state;
    struct vm_session *s =
        CONTAINER_OF(f->console->link, struct vm_session, link);

    peer_forget(f->vm);
    for (int i = 0; i < 500; i++)
        put_only(f->vm, BYTES(ESXI_PROXY));
    site_run(&f->site);
    assert_in_range(count_said(f->vm, "SB 232 71"), 1, 10);
    assert_int_equal(
        count_said(f->vm, "SB 232 71") + count_said(f->vm, "SB 232 73"), 500);
    s->asked_ns = 0; /* time has passed */
    peer_forget(f->vm);
    peer_give(f->vm, BYTES(ESXI_PROXY));
    assert_int_equal(count_said(f->vm, "SB 232 71"), 1);
}

/* Contexts are kept a while, and few are made at a time. */
static void contexts_of_remote_systems_are_made_seldom(void **state)
{
    struct service_tls_pool pool;
    struct uri_parameters same = { .has_verify = false };
    struct service_tls *first;
    struct err err;

    (void)state;
    service_tls_pool_init(&pool);
    first = service_tls_take(&pool, &same, NULL, &err);
    assert_non_null(first);
    service_tls_release(first);
    assert_int_equal(pool.unused_count, 1);
    for (int i = 0; i < 1000; i++)
        assert_true(service_tls_is_affordable(&pool, &same, NULL));
    assert_ptr_equal(service_tls_take(&pool, &same, NULL, &err), first);
    assert_int_equal(pool.unused_count, 0);
    service_tls_release(first);
    for (int i = 0; i < 100; i++) {
        struct uri_parameters other = same;

        snprintf(other.peer_name, sizeof other.peer_name, "host%d", i);
        if (!service_tls_is_affordable(&pool, &other, NULL))
            break;
        assert_true(i < 80);
    }
    service_tls_pool_done(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
        T(who_is_reset_with_words_that_nobody_takes_ends),
        T(who_is_raw_and_reset_with_words_that_nobody_takes_ends),
        T(who_was_held_back_as_another_vm_is_read_again),
        T(a_new_cable_carries_each_byte_once),
        T(who_is_in_doubt_is_not_ended_by_others),
        T(who_has_said_its_uuid_alone_is_attached_in_the_end),
        T(detached_in_doubt),
        T(detached_in_negotiation),
        T(detached_while_blocked),
        T(who_ends_in_the_middle_of_do_proxy),
        T(who_asks_for_another_name_all_the_time_is_refused),
        T(contexts_of_remote_systems_are_made_seldom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

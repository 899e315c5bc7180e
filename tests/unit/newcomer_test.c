/* VM sessions that have not said which VM they are: who counts as one, what is
 * kept for them, and who has to go. */
#include "session_peer.h"

#include "session/vm/vm_session.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ANSWERS                                                                \
    EXT(VC_UUID UUID_TEXT)                                                     \
    EXT(VM_NAME "vm-0001")                                                     \
    EXT(BIOS_UUID "b105") EXT(LOCATION_UUID "10ca")
#define START ESXI_OPTIONS ESXI_KNOWN ESXI_PROXY ANSWERS

static int setup(void **state)
{
    static struct site s;
    struct directory_settings settings = site_settings();

    site_open(&s, &settings);
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    site_close(*state);
    return 0;
}

/* Connected from 192.0.2.host. */
static struct peer *arrive_from(struct site *s, uint8_t host)
{
    struct peer *p = peer_add(s);
    struct address *a = &p->stream.stream.peer;

    a->v4.sin_family = AF_INET;
    a->v4.sin_addr.s_addr = htonl(0xc0000200u | host);
    vm_session_start(&s->ctx, &p->stream.stream, s->policy);
    site_run(s);
    return p;
}

static const struct newcomers *newcomers_of(const struct site *s)
{
    return &s->ctx.gate.newcomers[ADMISSION_VM];
}

static void it_counts_until_its_console_is_known(void **state)
{
    struct site *s = *state;
    struct peer *p = arrive_from(s, 1);

    peer_give(p, BYTES(ESXI_OPTIONS ESXI_KNOWN ESXI_PROXY));
    assert_int_equal(newcomers_of(s)->count, 1);
    peer_give(p, BYTES(ANSWERS));
    assert_non_null(site_console(s));
    assert_int_equal(newcomers_of(s)->count, 0);
    /* It is known, whatever it does with the extension from now on. */
    peer_give(p, BYTES(IAC WONT VMWARE IAC WILL VMWARE));
    assert_int_equal(newcomers_of(s)->count, 0);
}

static void one_that_ends_counts_no_more(void **state)
{
    struct site *s = *state;
    struct peer *p = arrive_from(s, 1);

    assert_int_equal(newcomers_of(s)->count, 1);
    peer_end(p);
    assert_int_equal(newcomers_of(s)->count, 0);
    arrive_from(s, 1);
    site_identities_due(s);
    assert_int_equal(newcomers_of(s)->count, 0);
}

static void the_oldest_makes_room(void **state)
{
    struct site *s = *state;
    struct peer *known = arrive_from(s, 1);
    struct peer *p[3];

    s->ctx.gate.newcomer_limits[ADMISSION_VM].all = 2;
    peer_give(known, BYTES(START));
    for (uint8_t i = 0; i < 3; i++)
        p[i] = arrive_from(s, i);
    assert_true(p[0]->stream.is_closed);
    assert_false(p[1]->stream.is_closed);
    assert_false(p[2]->stream.is_closed);
    assert_false(known->stream.is_closed);
    assert_int_equal(newcomers_of(s)->closed, 1);
}

static void one_that_is_young_makes_no_room(void **state)
{
    struct site *s = *state;
    struct peer *p = arrive_from(s, 1);

    assert_false(s->ctx.gate.of_vms.make_room(&s->ctx.gate));
    assert_false(p->stream.is_closed);
}

static void what_it_prints_is_counted_until_it_is_known(void **state)
{
    struct site *s = *state;
    struct peer *p = arrive_from(s, 1);
    struct peer *gone = arrive_from(s, 2);

    peer_give(p, BYTES(ESXI_OPTIONS "0123456789"));
    peer_give(gone, BYTES(ESXI_OPTIONS "01234"));
    assert_int_equal(newcomers_of(s)->kept, 15);
    peer_break(gone);
    assert_int_equal(newcomers_of(s)->kept, 10);
    peer_give(p, BYTES(ESXI_KNOWN ESXI_PROXY ANSWERS));
    assert_int_equal(newcomers_of(s)->kept, 0);
    assert_int_equal(site_console(s)->output.head, 10);
}

enum { QUESTIONS = 300000 };

/* Each of them has an answer of its own size. */
static struct slice many_questions(void)
{
    static uint8_t flood[QUESTIONS * 3];

    for (size_t i = 0; i < QUESTIONS; i++)
        memcpy(flood + i * 3, IAC WILL "\xc8", 3);
    return slice_of(flood, sizeof flood);
}

static void who_takes_no_answers_is_closed(void **state)
{
    enum { MOST = LIMIT_NEWCOMER_ANSWERS + 2 * LIMIT_NEWCOMER_READ };
    struct slice flood = many_questions();
    struct site *s = *state;
    struct peer *p = arrive_from(s, 1);

    peer_block(p);
    peer_give(p, flood);
    assert_true(p->stream.is_closed);
    assert_true(p->stream.to_session.len > flood.len - MOST);
}

static void who_takes_its_answers_may_ask_on(void **state)
{
    struct site *s = *state;
    struct peer *p = arrive_from(s, 1);

    peer_give(p, many_questions());
    assert_int_equal(p->stream.to_session.len, 0);
    assert_false(p->stream.is_closed);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_counts_until_its_console_is_known,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_ends_counts_no_more, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_oldest_makes_room, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_is_young_makes_no_room, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            what_it_prints_is_counted_until_it_is_known, setup, teardown),
        cmocka_unit_test_setup_teardown(who_takes_no_answers_is_closed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(who_takes_its_answers_may_ask_on, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

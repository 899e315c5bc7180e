/*
 * A VM's end on its way to TLS: AUTHENTICATION as PROTOCOL.md has it, in three
 * segments that are cut at every place, and as peers have it that do otherwise.
 */
#include "vm/host/vmend.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BYTES(literal) slice_of(literal, sizeof(literal) - 1)

#define WILL_37 "\xff\xfb\x25"
#define WONT_37 "\xff\xfc\x25"
#define DO_37 "\xff\xfd\x25"
#define DONT_37 "\xff\xfe\x25"
#define DO_232 "\xff\xfd\xe8"
#define WILL_232 "\xff\xfb\xe8"
#define SB37 "\xff\xfa\x25"
#define SE "\xff\xf0"
#define SEND SB37 "\x01\x07\x00" SE
#define SEND_OTHER SB37 "\x01\x02\x00\x07\x02" SE /* Kerberos; SSL, mutual */
#define SEND_BOTH SB37 "\x01\x02\x00\x07\x00" SE
#define START SB37 "\x00\x07\x00\x01" SE
#define NOTHING SB37 "\x00\x00\x00" SE
#define ACCEPT SB37 "\x02\x07\x00\x02" SE
#define REJECT SB37 "\x02\x07\x00\x03" SE

static const struct vmend_identity identity = {
    .name = "vm-0001",
    .uuid = "500c1e2f-3341-5a6b-7c8d-9eafb0c1d2e3",
    .uri = "s0",
    .direction = 'S',
};

static const struct uart uart;

struct end {
    struct vmend vmend;
    struct buf out;
    enum vmend_event event; /* the last one but NEED_MORE */
    unsigned event_count;
    size_t left; /* of the input, for TLS */
};

static void open_end(struct end *e, enum auth_policy policy)
{
    *e = (struct end){ .event = VMEND_NEED_MORE };
    buf_init(&e->out, 64 * 1024);
    vmend_init(&e->vmend, &identity, &uart, NULL, policy);
    assert_int_equal(vmend_greet(&e->vmend, &e->out), 0);
}

static void close_end(struct end *e)
{
    vmend_done(&e->vmend);
    buf_done(&e->out);
}

static bool is_over(const struct end *e)
{
    return e->event == VMEND_SECURE || e->event == VMEND_INSECURE;
}

static void take(struct end *e, struct slice in)
{
    enum vmend_event event = VMEND_DATA;
    struct slice body;

    while (event != VMEND_NEED_MORE && !is_over(e)) {
        assert_int_equal(vmend_next(&e->vmend, &in, &e->out, &event, &body), 0);
        if (event == VMEND_NEED_MORE)
            break;
        e->event = event;
        e->event_count++;
    }
    e->left += in.len;
}

static void expect(struct end *e, struct slice said)
{
    assert_int_equal(e->out.len, said.len);
    if (said.len > 0)
        assert_memory_equal(buf_bytes(&e->out).data, said.data, said.len);
    buf_take(&e->out, e->out.len);
}

/* What a concentrator says, what comes of it, and what we have said. */
struct story {
    enum auth_policy policy;
    struct slice heard;
    struct slice said;
    enum vmend_event event;
    enum telauth_state state;
    size_t left;
};

/* In up to three segments. */
static void check_cut(const struct story *s, size_t first, size_t second)
{
    struct end e;

    open_end(&e, s->policy);
    take(&e, slice_of(s->heard.data, first));
    take(&e, slice_of(s->heard.data + first, second - first));
    take(&e, slice_after(s->heard, second));
    expect(&e, s->said);
    assert_int_equal(e.event, s->event);
    assert_int_equal(e.vmend.auth.state, s->state);
    assert_int_equal(e.left, s->left);
    close_end(&e);
}

static void check(const struct story *s)
{
    for (size_t first = 0; first <= s->heard.len; first++)
        for (size_t second = first; second <= s->heard.len; second++)
            check_cut(s, first, second);
}

static void accepted(void **state)
{
    (void)state;
    for (int policy = AUTH_OFFERED; policy <= AUTH_REQUIRED; policy++)
        check(&(struct story){
            .policy = (enum auth_policy)policy,
            .heard = BYTES(DO_37 SEND ACCEPT),
            .said = BYTES(WILL_37 START),
            .event = VMEND_SECURE,
            .state = TELAUTH_STATE_ACCEPTED,
        });
}

/* It is held until then, and is the first word in TLS. */
static void extension_waits_for_tls(void **state)
{
    struct end e;

    (void)state;
    open_end(&e, AUTH_OFFERED);
    take(&e, BYTES(DO_232 DO_37));
    expect(&e, BYTES(WILL_37));
    take(&e, BYTES(SEND));
    expect(&e, BYTES(START));
    take(&e, BYTES(DO_232 "\xff\xfb\x03"));
    expect(&e, BYTES("\xff\xfd\x03"));
    take(&e, BYTES(ACCEPT));
    expect(&e, BYTES(""));
    assert_int_equal(e.event, VMEND_SECURE);
    assert_int_equal(vmend_go_on_secure(&e.vmend, &e.out), 0);
    expect(&e, BYTES(WILL_232));
    /* Options that were agreed on are, in there. */
    e.event = VMEND_NEED_MORE;
    take(&e, BYTES("\xff\xfb\x03" DO_37));
    expect(&e, BYTES(""));
    close_end(&e);
}

/* Nothing of it is taken for what came in TLS. */
static void what_follows_accept_is_for_tls(void **state)
{
    (void)state;
    check(&(struct story){
        .policy = AUTH_OFFERED,
        .heard = BYTES(DO_37 SEND ACCEPT DO_232 "login: "),
        .said = BYTES(WILL_37 START),
        .event = VMEND_SECURE,
        .state = TELAUTH_STATE_ACCEPTED,
        .left = 3 + 7,
    });
}

static void ssl_may_be_one_of_several(void **state)
{
    (void)state;
    check(&(struct story){
        .policy = AUTH_REQUIRED,
        .heard = BYTES(DO_37 SEND_BOTH ACCEPT),
        .said = BYTES(WILL_37 START),
        .event = VMEND_SECURE,
        .state = TELAUTH_STATE_ACCEPTED,
    });
}

static void dont(void **state)
{
    (void)state;
    check(&(struct story){
        .policy = AUTH_OFFERED,
        .heard = BYTES(DO_232 DONT_37),
        .said = BYTES(WILL_37 WILL_232),
        .event = VMEND_NEED_MORE,
        .state = TELAUTH_STATE_REFUSED,
    });
    check(&(struct story){
        .policy = AUTH_REQUIRED,
        .heard = BYTES(DO_232 DONT_37 "x"),
        .said = BYTES(WILL_37),
        .event = VMEND_INSECURE,
        .state = TELAUTH_STATE_REFUSED,
        .left = 1,
    });
}

static void dont_on_the_way(void **state)
{
    (void)state;
    check(&(struct story){
        .policy = AUTH_OFFERED,
        .heard = BYTES(DO_37 DO_232 DONT_37),
        .said = BYTES(WILL_37 WONT_37 WILL_232),
        .event = VMEND_NEED_MORE,
        .state = TELAUTH_STATE_REFUSED,
    });
    check(&(struct story){
        .policy = AUTH_REQUIRED,
        .heard = BYTES(DO_232 DO_37 SEND DONT_37),
        .said = BYTES(WILL_37 START WONT_37),
        .event = VMEND_INSECURE,
        .state = TELAUTH_STATE_REFUSED,
    });
    /* ACCEPT comes too late: the option is off. */
    check(&(struct story){
        .policy = AUTH_OFFERED,
        .heard = BYTES(DO_37 SEND DONT_37 ACCEPT),
        .said = BYTES(WILL_37 START WONT_37),
        .event = VMEND_NEED_MORE,
        .state = TELAUTH_STATE_REFUSED,
    });
}

static void reject(void **state)
{
    (void)state;
    check(&(struct story){
        .policy = AUTH_OFFERED,
        .heard = BYTES(DO_232 DO_37 SEND REJECT ACCEPT),
        .said = BYTES(WILL_37 START WILL_232),
        .event = VMEND_NEED_MORE,
        .state = TELAUTH_STATE_REJECTED,
    });
    check(&(struct story){
        .policy = AUTH_REQUIRED,
        .heard = BYTES(DO_232 DO_37 SEND REJECT),
        .said = BYTES(WILL_37 START),
        .event = VMEND_INSECURE,
        .state = TELAUTH_STATE_REJECTED,
    });
}

static void send_without_ssl(void **state)
{
    const struct slice sends[] = {
        BYTES(DO_232 DO_37 SEND_OTHER),
        BYTES(DO_232 DO_37 SB37 "\x01" SE),
        BYTES(DO_232 DO_37 SB37 "\x01\x07" SE),
    };

    (void)state;
    for (size_t i = 0; i < sizeof sends / sizeof sends[0]; i++) {
        check(&(struct story){
            .policy = AUTH_OFFERED,
            .heard = sends[i],
            .said = BYTES(WILL_37 NOTHING WILL_232),
            .event = VMEND_NEED_MORE,
            .state = TELAUTH_STATE_NO_SSL,
        });
        check(&(struct story){
            .policy = AUTH_REQUIRED,
            .heard = sends[i],
            .said = BYTES(WILL_37 NOTHING),
            .event = VMEND_INSECURE,
            .state = TELAUTH_STATE_NO_SSL,
        });
    }
}

static void twice_is_once(void **state)
{
    (void)state;
    check(&(struct story){
        .policy = AUTH_REQUIRED,
        .heard = BYTES(DO_37 DO_37 SEND DO_37 SEND ACCEPT),
        .said = BYTES(WILL_37 START),
        .event = VMEND_SECURE,
        .state = TELAUTH_STATE_ACCEPTED,
    });
}

/* Once it is in the clear it stays so, and nobody is left without an answer. */
static void settled_is_settled(void **state)
{
    (void)state;
    check(&(struct story){
        .policy = AUTH_OFFERED,
        .heard = BYTES(DO_37 SEND_OTHER SEND ACCEPT),
        .said = BYTES(WILL_37 NOTHING NOTHING),
        .event = VMEND_NEED_MORE,
        .state = TELAUTH_STATE_NO_SSL,
    });
    check(&(struct story){
        .policy = AUTH_OFFERED,
        .heard = BYTES(DONT_37 DO_37 SEND),
        .said = BYTES(WILL_37 WONT_37),
        .event = VMEND_NEED_MORE,
        .state = TELAUTH_STATE_REFUSED,
    });
}

static void garbage_means_nothing(void **state)
{
    const struct slice bodies[] = {
        BYTES(SB37 SE),
        BYTES(SB37 "\x03root" SE), /* NAME */
        BYTES(SB37 "\x09\x07\x00\x02" SE),
        BYTES(START),
        BYTES(NOTHING),
        BYTES("\xff\xfa\x26\x01\x07\x00" SE), /* another option's */
    };
    struct end e;

    (void)state;
    open_end(&e, AUTH_REQUIRED);
    take(&e, BYTES(SEND ACCEPT DO_37));
    assert_int_equal(e.vmend.auth.state, TELAUTH_STATE_ASKED);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
            take(&e, bodies[i]);
        take(&e, round == 0 ? BYTES(ACCEPT REJECT SEND) : BYTES(ACCEPT));
    }
    expect(&e, BYTES(WILL_37 START));
    assert_int_equal(e.event, VMEND_SECURE);
    assert_int_equal(e.event_count, 1);
    close_end(&e);
}

/* A REPLY about anything but our START is no word of consent. */
static void replies_of_other_kinds_are_refusals(void **state)
{
    const struct slice replies[] = {
        BYTES(DO_37 SEND SB37 "\x02" SE),
        BYTES(DO_37 SEND SB37 "\x02\x07\x00" SE),
        BYTES(DO_37 SEND SB37 "\x02\x07\x02\x02" SE),
        BYTES(DO_37 SEND SB37 "\x02\x02\x00\x02" SE),
    };

    (void)state;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++)
        check(&(struct story){
            .policy = AUTH_REQUIRED,
            .heard = replies[i],
            .said = BYTES(WILL_37 START),
            .event = VMEND_INSECURE,
            .state = TELAUTH_STATE_REJECTED,
        });
}

static void the_other_way_round_is_refused(void **state)
{
    (void)state;
    check(&(struct story){
        .policy = AUTH_OFFERED,
        .heard = BYTES("\xff\xfb\x25"),
        .said = BYTES(WILL_37 DONT_37),
        .event = VMEND_NEED_MORE,
        .state = TELAUTH_STATE_OFFERED,
    });
}

static void telnets_has_no_authentication(void **state)
{
    (void)state;
    check(&(struct story){
        .policy = AUTH_NOT_NEEDED,
        .heard = BYTES(DO_37 DO_232 SEND ACCEPT DONT_37),
        .said = BYTES(WONT_37 WILL_232),
        .event = VMEND_NEED_MORE,
        .state = TELAUTH_STATE_SECURE,
    });
}

/* Without an answer nothing of the VM is said, for as long as it takes. */
static void no_answer_is_no_consent(void **state)
{
    struct end e;

    (void)state;
    open_end(&e, AUTH_OFFERED);
    take(&e, BYTES(DO_232 "\xff\xfa\xe8\x01\x00\x01" SE "\xff\xfa\xe8\x53" SE));
    expect(&e, BYTES(WILL_37));
    close_end(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted),
        cmocka_unit_test(extension_waits_for_tls),
        cmocka_unit_test(what_follows_accept_is_for_tls),
        cmocka_unit_test(ssl_may_be_one_of_several),
        cmocka_unit_test(dont),
        cmocka_unit_test(dont_on_the_way),
        cmocka_unit_test(reject),
        cmocka_unit_test(send_without_ssl),
        cmocka_unit_test(twice_is_once),
        cmocka_unit_test(settled_is_settled),
        cmocka_unit_test(garbage_means_nothing),
        cmocka_unit_test(replies_of_other_kinds_are_refusals),
        cmocka_unit_test(the_other_way_round_is_refused),
        cmocka_unit_test(telnets_has_no_authentication),
        cmocka_unit_test(no_answer_is_no_consent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

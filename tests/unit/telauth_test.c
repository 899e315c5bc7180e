#include "proto/telauth.h"

#include "state_names.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BYTES(literal) slice_of(literal, sizeof(literal) - 1)

enum { BODY_MAX = 300 };

static enum telauth_kind kind_of(struct slice body)
{
    return (enum telauth_kind)telauth_parse(body).kind;
}

static void each_message_has_its_bytes(void **state)
{
    static const struct {
        enum telauth_kind kind;
        struct slice bytes;
    } rows[] = {
        { TELAUTH_SEND, { (const uint8_t *)"\xff\xfa\x25\1\7\0\xff\xf0", 8 } },
        { TELAUTH_START,
          { (const uint8_t *)"\xff\xfa\x25\0\7\0\1\xff\xf0", 9 } },
        { TELAUTH_NULL, { (const uint8_t *)"\xff\xfa\x25\0\0\0\xff\xf0", 8 } },
        { TELAUTH_ACCEPT,
          { (const uint8_t *)"\xff\xfa\x25\2\7\0\2\xff\xf0", 9 } },
        { TELAUTH_REJECT,
          { (const uint8_t *)"\xff\xfa\x25\2\7\0\3\xff\xf0", 9 } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out;
        struct slice got, body;

        buf_init(&out, TELAUTH_MAX);
        assert_int_equal(telauth_put(&out, rows[i].kind), 0);
        got = buf_bytes(&out);
        assert_int_equal(got.len, rows[i].bytes.len);
        assert_memory_equal(got.data, rows[i].bytes.data, got.len);
        body = slice_of(got.data + 3, got.len - 5);
        assert_int_equal(kind_of(body), rows[i].kind);
        buf_done(&out);
    }
}

static void what_does_not_fit_is_not_put_in_part(void **state)
{
    (void)state;
    for (uint32_t room = 0; room < 9; room++) {
        struct buf out;

        buf_init(&out, room);
        assert_int_equal(telauth_put(&out, TELAUTH_START), -ENOBUFS);
        assert_int_equal(out.len, 0);
        buf_done(&out);
    }
}

static void send_offers_pairs(void **state)
{
    (void)state;
    assert_true(telauth_parse(BYTES("\1\7\0")).offers_ssl);
    assert_true(telauth_parse(BYTES("\1\2\0\7\0")).offers_ssl);
    assert_true(telauth_parse(BYTES("\1\7\0\2\0")).offers_ssl);
    assert_true(telauth_parse(BYTES("\1\2\0\7\0\1")).offers_ssl);
    assert_false(telauth_parse(BYTES("\1")).offers_ssl);
    assert_false(telauth_parse(BYTES("\1\7")).offers_ssl);
    assert_false(telauth_parse(BYTES("\1\7\1")).offers_ssl);
    assert_false(telauth_parse(BYTES("\1\2\7\0\2")).offers_ssl);
    assert_false(telauth_parse(BYTES("\1\2\0\7")).offers_ssl);
    assert_int_equal(kind_of(BYTES("\1")), TELAUTH_SEND);
}

static void any_other_pair_or_step_is_a_refusal(void **state)
{
    (void)state;
    for (int n = 0; n < 256; n++) {
        uint8_t body[4] = { 0, 7, 0, 1 };

        for (int at = 1; at < 4; at++) {
            uint8_t right = body[at];

            body[at] = (uint8_t)n;
            body[0] = 0;
            assert_int_equal(kind_of(slice_of(body, 4)),
                             n == right ? TELAUTH_START : TELAUTH_NULL);
            body[at] = right;
        }
        body[0] = 2;
        body[3] = (uint8_t)n;
        assert_int_equal(kind_of(slice_of(body, 4)),
                         n == 2 ? TELAUTH_ACCEPT : TELAUTH_REJECT);
    }
}

static void a_short_one_is_a_refusal_too(void **state)
{
    (void)state;
    for (size_t len = 1; len < 4; len++) {
        assert_int_equal(kind_of(slice_of("\0\7\0\1", len)), TELAUTH_NULL);
        assert_int_equal(kind_of(slice_of("\2\7\0\2", len)), TELAUTH_REJECT);
    }
}

static void a_long_one_is_what_it_begins_with(void **state)
{
    uint8_t body[BODY_MAX] = { 0, 7, 0, 1 };

    (void)state;
    for (size_t len = 4; len <= BODY_MAX; len++)
        assert_int_equal(kind_of(slice_of(body, len)), TELAUTH_START);
}

static void the_rest_says_nothing(void **state)
{
    (void)state;
    assert_int_equal(kind_of(slice_of(NULL, 0)), TELAUTH_OTHER);
    for (int n = 3; n < 256; n++) {
        uint8_t body[] = { (uint8_t)n, 7, 0, 1 };

        for (size_t len = 1; len <= sizeof body; len++)
            assert_int_equal(kind_of(slice_of(body, len)), TELAUTH_OTHER);
    }
}

/*
 * The state machine. What is not in this list must change nothing and say
 * nothing: every cell of the table is looked at.
 */
struct row {
    enum telauth_side side;
    enum telauth_state state;
    enum telauth_input input;
    enum telauth_state next;
    enum telauth_kind say;
};

#define SERVER(state, input, next, say)                                        \
    {                                                                          \
        TELAUTH_SERVER, TELAUTH_STATE_##state, TELAUTH_INPUT_##input,          \
            TELAUTH_STATE_##next, TELAUTH_##say                                \
    }
#define CLIENT(state, input, next, say)                                        \
    {                                                                          \
        TELAUTH_CLIENT, TELAUTH_STATE_##state, TELAUTH_INPUT_##input,          \
            TELAUTH_STATE_##next, TELAUTH_##say                                \
    }

static const struct row rows[] = {
    SERVER(OFFERED, ON, ASKED, SEND),
    SERVER(OFFERED, OFF, REFUSED, OTHER),
    SERVER(OFFERED, GIVE_UP, CLEAR, OTHER),
    SERVER(ASKED, OFF, REFUSED, OTHER),
    SERVER(ASKED, START, ACCEPTED, ACCEPT),
    SERVER(ASKED, NULL, NO_SSL, OTHER),
    SERVER(ACCEPTED, HELLO, SECURE, OTHER),
    SERVER(ACCEPTED, NO_HELLO, CLEAR, OTHER),

    CLIENT(OFFERED, ON, ASKED, OTHER),
    CLIENT(OFFERED, OFF, REFUSED, OTHER),
    CLIENT(OFFERED, GIVE_UP, CLEAR, OTHER),
    CLIENT(ASKED, OFF, REFUSED, OTHER),
    CLIENT(ASKED, SEND, STARTED, START),
    CLIENT(ASKED, SEND_NO_SSL, NO_SSL, NULL),
    CLIENT(STARTED, OFF, REFUSED, OTHER),
    CLIENT(STARTED, ACCEPT, ACCEPTED, OTHER),
    CLIENT(STARTED, REJECT, REJECTED, OTHER),
    CLIENT(ACCEPTED, HELLO, SECURE, OTHER),
    CLIENT(ACCEPTED, NO_HELLO, CLEAR, OTHER),
    CLIENT(SECURE, SEND, SECURE, NULL),
    CLIENT(SECURE, SEND_NO_SSL, SECURE, NULL),
    CLIENT(REFUSED, SEND, REFUSED, NULL),
    CLIENT(REFUSED, SEND_NO_SSL, REFUSED, NULL),
    CLIENT(NO_SSL, SEND, NO_SSL, NULL),
    CLIENT(NO_SSL, SEND_NO_SSL, NO_SSL, NULL),
    CLIENT(REJECTED, SEND, REJECTED, NULL),
    CLIENT(REJECTED, SEND_NO_SSL, REJECTED, NULL),
    CLIENT(CLEAR, SEND, CLEAR, NULL),
    CLIENT(CLEAR, SEND_NO_SSL, CLEAR, NULL),
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static struct row expected_row(enum telauth_side side, enum telauth_state state,
                               enum telauth_input input)
{
    for (int i = 0; i < ROWS; i++)
        if (rows[i].side == side && rows[i].state == state &&
            rows[i].input == input)
            return rows[i];
    return (struct row){ side, state, input, state, TELAUTH_OTHER };
}

static void check_cell(enum telauth_side side, enum telauth_state state,
                       enum telauth_input input)
{
    struct row expected = expected_row(side, state, input);
    struct telauth_step got = telauth_step(side, state, input);

    if (got.state != expected.next || got.say != expected.say)
        fail_msg("%s %s, input %d: %s, says %s; expected %s, says %s",
                 side == TELAUTH_SERVER ? "server" : "client",
                 telauth_state_name(state), input,
                 telauth_state_name((enum telauth_state)got.state),
                 telauth_kind_name((enum telauth_kind)got.say),
                 telauth_state_name(expected.next),
                 telauth_kind_name(expected.say));
}

static void every_cell_of_the_table_is_as_listed(void **state)
{
    (void)state;
    for (int side = 0; side < TELAUTH_SIDE_COUNT; side++)
        for (int s = 0; s < TELAUTH_STATE_COUNT; s++)
            for (int input = 0; input < TELAUTH_INPUT_COUNT; input++)
                check_cell((enum telauth_side)side, (enum telauth_state)s,
                           (enum telauth_input)input);
}

static void each_message_is_an_input(void **state)
{
    const struct {
        struct slice body;
        enum telauth_input input;
    } messages[] = {
        { BYTES("\1\7\0"), TELAUTH_INPUT_SEND },
        { BYTES("\1\2\0"), TELAUTH_INPUT_SEND_NO_SSL },
        { BYTES("\0\7\0\1"), TELAUTH_INPUT_START },
        { BYTES("\0\0\0"), TELAUTH_INPUT_NULL },
        { BYTES("\2\7\0\2"), TELAUTH_INPUT_ACCEPT },
        { BYTES("\2\7\0\3"), TELAUTH_INPUT_REJECT },
        { BYTES("\3root"), TELAUTH_INPUT_OTHER },
    };

    (void)state;
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        struct telauth_message m = telauth_parse(messages[i].body);

        assert_int_equal(telauth_input_of(&m), messages[i].input);
    }
}

struct machine {
    enum telauth_side side;
    enum telauth_state state;
};

/* What one side says, the other one hears, until there is nothing to say. */
static void talk(struct machine *from, struct machine *to,
                 enum telauth_input input)
{
    struct telauth_step step = telauth_step(from->side, from->state, input);
    struct telauth_message said = { .kind = step.say, .offers_ssl = true };

    from->state = (enum telauth_state)step.state;
    if (step.say != TELAUTH_OTHER)
        talk(to, from, telauth_input_of(&said));
}

static void two_ends_that_agree_come_to_tls(void **state)
{
    struct machine server = { TELAUTH_SERVER, TELAUTH_STATE_OFFERED };
    struct machine client = { TELAUTH_CLIENT, TELAUTH_STATE_OFFERED };

    (void)state;
    talk(&client, &server, TELAUTH_INPUT_ON);
    talk(&server, &client, TELAUTH_INPUT_ON);
    assert_int_equal(server.state, TELAUTH_STATE_ACCEPTED);
    assert_int_equal(client.state, TELAUTH_STATE_ACCEPTED);
    talk(&client, &server, TELAUTH_INPUT_HELLO);
    talk(&server, &client, TELAUTH_INPUT_HELLO);
    assert_int_equal(server.state, TELAUTH_STATE_SECURE);
    assert_int_equal(client.state, TELAUTH_STATE_SECURE);
}

/* Whatever a peer says next: TLS is never fallen out of, and what is clear for
 * good does not become TLS by another message. */
static void what_is_settled_stays_so(void **state)
{
    (void)state;
    for (int side = 0; side < TELAUTH_SIDE_COUNT; side++) {
        for (int s = 0; s < TELAUTH_STATE_COUNT; s++) {
            enum telauth_state was = (enum telauth_state)s;

            if (was != TELAUTH_STATE_SECURE && !telauth_is_clear(was))
                continue;
            for (int i = 0; i < TELAUTH_INPUT_COUNT; i++)
                assert_int_equal(telauth_step((enum telauth_side)side, was,
                                              (enum telauth_input)i)
                                     .state,
                                 was);
        }
    }
}

static void clear_for_good_are_four_states(void **state)
{
    (void)state;
    for (int s = 0; s < TELAUTH_STATE_COUNT; s++)
        assert_int_equal(
            telauth_is_clear((enum telauth_state)s),
            s == TELAUTH_STATE_REFUSED || s == TELAUTH_STATE_NO_SSL ||
                s == TELAUTH_STATE_REJECTED || s == TELAUTH_STATE_CLEAR);
}

/* From its own first message on, until there is TLS or there will be none. */
static void a_side_holds_back_once_it_has_spoken(void **state)
{
    (void)state;
    for (int s = 0; s < TELAUTH_STATE_COUNT; s++) {
        bool has_begun =
            s == TELAUTH_STATE_STARTED || s == TELAUTH_STATE_ACCEPTED;

        assert_int_equal(
            telauth_is_holding(TELAUTH_CLIENT, (enum telauth_state)s),
            has_begun);
        assert_int_equal(
            telauth_is_holding(TELAUTH_SERVER, (enum telauth_state)s),
            has_begun || s == TELAUTH_STATE_ASKED);
    }
}

static void states_and_kinds_have_names(void **state)
{
    (void)state;
    CHECK_STATE_NAMES(telauth_state_name, enum telauth_state,
                      TELAUTH_STATE_COUNT);
    CHECK_STATE_NAMES(telauth_kind_name, enum telauth_kind, TELAUTH_KIND_COUNT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_has_its_bytes),
        cmocka_unit_test(what_does_not_fit_is_not_put_in_part),
        cmocka_unit_test(send_offers_pairs),
        cmocka_unit_test(any_other_pair_or_step_is_a_refusal),
        cmocka_unit_test(a_short_one_is_a_refusal_too),
        cmocka_unit_test(a_long_one_is_what_it_begins_with),
        cmocka_unit_test(the_rest_says_nothing),
        cmocka_unit_test(every_cell_of_the_table_is_as_listed),
        cmocka_unit_test(each_message_is_an_input),
        cmocka_unit_test(two_ends_that_agree_come_to_tls),
        cmocka_unit_test(what_is_settled_stays_so),
        cmocka_unit_test(clear_for_good_are_four_states),
        cmocka_unit_test(a_side_holds_back_once_it_has_spoken),
        cmocka_unit_test(states_and_kinds_have_names),
    };

    return cmocka_run_group_tests_name("telauth", tests, NULL, NULL);
}

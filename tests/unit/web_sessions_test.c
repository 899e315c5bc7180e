/*
 * The table of sessions on pages: what a cookie proves, until when, and who is
 * told when a session ends.
 */
#include "auth/web/web_sessions.h"

#include "auth/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { NOW_S = 10000, IDLE_S = 100, TIME_S = 1000, TOLD_MAX = 8 };

struct fixture {
    struct web_sessions *all;
    struct tokens *tokens;
    struct principal alice, ci;
    char token[TOKEN_LEN + 1];
    char told[TOLD_MAX][96]; /* "NAME: REASON by BY" */
    size_t told_count;
    unsigned begun, elsewhere, changes, uses;
};

static void on_begin(void *owner, const struct web_session *session)
{
    (void)session;
    ((struct fixture *)owner)->begun++;
}

static void on_end(void *owner, const struct web_session *session,
                   enum web_session_end end, const char *by)
{
    struct fixture *f = owner;

    assert_false(web_sessions_holds(f->all, session->id));
    if (f->told_count < TOLD_MAX)
        snprintf(f->told[f->told_count], sizeof f->told[0], "%.40s: %s by %.9s",
                 session->name, web_session_end_text(end), by);
    f->told_count++;
}

static void on_elsewhere(void *owner, const struct web_session *session)
{
    (void)session;
    ((struct fixture *)owner)->elsewhere++;
}

static void on_change(void *owner, bool is_use)
{
    struct fixture *f = owner;

    f->changes += !is_use;
    f->uses += is_use;
}

static void on_use(void *owner, const struct token *token, bool is_elsewhere)
{
    (void)owner;
    (void)token;
    (void)is_elsewhere;
}

static void put_token(struct fixture *f, int64_t expires_s)
{
    const uint8_t random[TOKEN_RANDOM_LEN] = { 1 };
    struct token token = {
        .id = 1,
        .name = "ci",
        .owner = "alice",
        .right = RIGHT_WRITE,
        .consoles = "web-*",
        .expires_s = expires_s,
        .used_from = "",
    };

    token_make(random, f->token);
    token_digest(slice_of_text(f->token), token.digest);
    tokens_replace(f->tokens, &token, 1, NOW_S, NULL, NULL, NULL);
}

static struct principal come_from(const char *address)
{
    struct ip ip;

    assert_true(ip_parse(address, &ip));
    return principal_of_address(true, ip);
}

static void open_table(struct fixture *f)
{
    const struct web_sessions_links links = {
        .tokens = f->tokens,
        .on_begin = on_begin,
        .on_end = on_end,
        .on_elsewhere = on_elsewhere,
        .on_change = on_change,
        .owner = f,
    };

    f->all = web_sessions_new(&links);
    web_sessions_set(f->all, IDLE_S, TIME_S);
}

static int setup(void **state)
{
    static struct fixture f;
    const struct tokens_events events = { on_use, NULL };
    char *const groups[] = { (char *)(uintptr_t) "ops" };

    memset(&f, 0, sizeof f);
    f.tokens = tokens_new(&events);
    put_token(&f, 0);
    f.alice = come_from("192.0.2.1");
    assert_true(principal_prove(&f.alice, PROOF_PASSWORD, "alice"));
    principal_set_groups(&f.alice, groups, 1);
    f.ci = come_from("192.0.2.1");
    assert_int_equal(
        tokens_prove(f.tokens, slice_of_text(f.token), NOW_S, &f.ci),
        TOKENS_PROVEN);
    open_table(&f);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    web_sessions_free(f->all);
    tokens_free(f->tokens);
    principal_done(&f->alice);
    principal_done(&f->ci);
    return 0;
}

struct cookie {
    char text[WEB_SESSION_TEXT_LEN + 1];
    uint64_t id;
};

static struct cookie begin(struct fixture *f, const struct principal *who,
                           int64_t now_s)
{
    struct cookie c;
    const struct web_session *session =
        web_sessions_begin(f->all, who, now_s, c.text);

    assert_non_null(session);
    assert_int_equal(strlen(c.text), WEB_SESSION_TEXT_LEN);
    c.id = session->id;
    return c;
}

/* The name that the cookie proves at this time; NULL: nothing. */
static const char *prove(struct fixture *f, const struct cookie *c,
                         int64_t now_s)
{
    static char name[PRINCIPAL_NAME_MAX];
    struct principal p = come_from("192.0.2.1");
    bool is_proven =
        web_sessions_prove(f->all, slice_of_text(c->text), now_s, &p);

    assert_int_equal(is_proven, p.web_session != 0);
    assert_int_equal(is_proven, p.name != NULL);
    if (is_proven)
        assert_int_equal(p.web_session, c->id);
    snprintf(name, sizeof name, "%s", is_proven ? p.name : "");
    principal_done(&p);
    return is_proven ? name : NULL;
}

static void expect_told(struct fixture *f, const char *text)
{
    assert_int_equal(f->told_count, 1);
    assert_string_equal(f->told[0], text);
    f->told_count = 0;
}

/* ---- proofs ------------------------------------------------------------- */

static void cookie_proves_what_the_login_has(void **state)
{
    struct fixture *f = *state;
    struct cookie alice = begin(f, &f->alice, NOW_S);
    struct cookie ci = begin(f, &f->ci, NOW_S);
    struct principal p = come_from("198.51.100.7");
    struct ip ip = p.ip;

    assert_int_equal(f->begun, 2);
    assert_true(
        web_sessions_prove(f->all, slice_of_text(alice.text), NOW_S, &p));
    assert_string_equal(principal_format(&p).text, "alice (password)");
    assert_true(ip_is_equal(p.ip, ip));
    assert_int_equal(p.group_count, 0); /* they are looked up anew */
    assert_true(web_sessions_prove(f->all, slice_of_text(ci.text), NOW_S, &p));
    assert_string_equal(principal_format(&p).text, "token ci (for alice)");
    assert_string_equal(p.consoles, "web-*");
    assert_int_equal(p.right_max, RIGHT_WRITE);
    assert_true(tokens_holds(f->tokens, p.token));
    principal_done(&p);
}

static void other_cookies_prove_nothing(void **state)
{
    struct fixture *f = *state;
    struct cookie alice = begin(f, &f->alice, NOW_S);
    struct principal p = come_from("192.0.2.1");
    struct slice text = slice_of_text(alice.text);
    struct cookie other = alice;

    for (size_t len = 0; len < text.len; len++)
        assert_false(
            web_sessions_prove(f->all, slice_of(text.data, len), NOW_S, &p));
    for (size_t i = 0; i < text.len; i++) {
        other.text[i] ^= 1;
        assert_null(prove(f, &other, NOW_S));
        other.text[i] ^= 1;
    }
    assert_string_equal(prove(f, &other, NOW_S), "alice");
    assert_int_equal(p.proof, PROOF_ADDRESS);
}

static void text_of_a_cookie_is_not_kept(void **state)
{
    struct fixture *f = *state;
    struct cookie alice = begin(f, &f->alice, NOW_S);
    const struct web_session *s = web_sessions_find(f->all, alice.id);

    assert_null(memmem(s, sizeof *s, alice.text, WEB_SESSION_TEXT_LEN / 2));
}

/* ---- limits ------------------------------------------------------------- */

static void idle_session_ends(void **state)
{
    struct fixture *f = *state;
    struct cookie alice = begin(f, &f->alice, NOW_S);

    assert_int_equal(web_sessions_next_expiry_s(f->all), NOW_S + IDLE_S);
    assert_non_null(prove(f, &alice, NOW_S + IDLE_S - 1));
    assert_int_equal(f->uses, 1);
    web_sessions_expire(f->all, NOW_S + IDLE_S);
    assert_int_equal(f->told_count, 0); /* it was used */
    /* It proves nothing from then on, whether anybody has looked or not. */
    assert_null(prove(f, &alice, NOW_S + 2 * IDLE_S - 1));
    web_sessions_expire(f->all, NOW_S + 2 * IDLE_S - 1);
    expect_told(f, "alice: session-idle-time by ");
    assert_int_equal(web_sessions_next_expiry_s(f->all), 0);
}

static void session_ends_however_it_is_used(void **state)
{
    struct fixture *f = *state;
    struct cookie alice = begin(f, &f->alice, NOW_S);

    for (int64_t t = NOW_S; t < NOW_S + TIME_S; t += IDLE_S / 2)
        web_sessions_touch(f->all, alice.id, t);
    assert_int_equal(web_sessions_next_expiry_s(f->all), NOW_S + TIME_S);
    assert_non_null(prove(f, &alice, NOW_S + TIME_S - 1));
    assert_null(prove(f, &alice, NOW_S + TIME_S));
    web_sessions_expire(f->all, NOW_S + TIME_S);
    expect_told(f, "alice: session-time by ");
}

static void limits_that_change_hold_for_all(void **state)
{
    struct fixture *f = *state;
    struct cookie alice = begin(f, &f->alice, NOW_S);

    web_sessions_set(f->all, 10, TIME_S);
    assert_null(prove(f, &alice, NOW_S + 10));
    web_sessions_set(f->all, IDLE_S, TIME_S);
    assert_non_null(prove(f, &alice, NOW_S + 10));
}

static void a_person_has_so_many(void **state)
{
    struct fixture *f = *state;
    struct cookie first = begin(f, &f->alice, NOW_S), second;

    second = begin(f, &f->ci, NOW_S); /* alice's, too */
    for (int i = 2; i < WEB_SESSIONS_OF_PERSON_MAX; i++)
        (void)begin(f, &f->alice, NOW_S);
    web_sessions_touch(f->all, first.id, NOW_S + 1);
    assert_int_equal(f->told_count, 0);
    (void)begin(f, &f->alice, NOW_S + 1);
    expect_told(f, "ci: a newer session has its place by ");
    assert_true(web_sessions_holds(f->all, first.id));
    assert_false(web_sessions_holds(f->all, second.id));
}

static void all_have_so_many(void **state)
{
    struct fixture *f = *state;
    struct cookie first = begin(f, &f->alice, NOW_S);
    char name[16];

    for (int i = 1; i <= WEB_SESSIONS_MAX; i++) {
        struct principal p = come_from("192.0.2.1");

        snprintf(name, sizeof name, "person%d", i);
        assert_true(principal_prove(&p, PROOF_PASSWORD, name));
        (void)begin(f, &p, NOW_S + 1);
        principal_done(&p);
    }
    expect_told(f, "alice: a newer session has its place by ");
    assert_false(web_sessions_holds(f->all, first.id));
    assert_non_null(web_sessions_get(f->all, WEB_SESSIONS_MAX - 1));
    assert_null(web_sessions_get(f->all, WEB_SESSIONS_MAX));
}

/* ---- other ends --------------------------------------------------------- */

static void session_ends_with_its_token(void **state)
{
    struct fixture *f = *state;
    struct cookie ci = begin(f, &f->ci, NOW_S);
    struct cookie alice = begin(f, &f->alice, NOW_S);

    web_sessions_check_tokens(f->all);
    assert_int_equal(f->told_count, 0);
    tokens_replace(f->tokens, NULL, 0, NOW_S, NULL, NULL, NULL);
    assert_null(prove(f, &ci, NOW_S)); /* before anybody has looked */
    web_sessions_check_tokens(f->all);
    expect_told(f, "ci: its token was revoked or has expired by ");
    assert_non_null(prove(f, &alice, NOW_S));
    assert_null(web_sessions_begin(f->all, &f->ci, NOW_S, ci.text));
}

static void expired_token_proves_no_session(void **state)
{
    struct fixture *f = *state;
    struct principal p = come_from("192.0.2.1");
    struct cookie ci;

    put_token(f, NOW_S + 10);
    assert_int_equal(
        tokens_prove(f->tokens, slice_of_text(f->token), NOW_S, &p),
        TOKENS_PROVEN);
    ci = begin(f, &p, NOW_S);
    principal_done(&p);
    assert_non_null(prove(f, &ci, NOW_S + 9));
    assert_null(prove(f, &ci, NOW_S + 10));
}

static void session_ends_with_its_account(void **state)
{
    struct fixture *f = *state;
    struct cookie alice = begin(f, &f->alice, NOW_S);
    struct cookie ci = begin(f, &f->ci, NOW_S);
    const struct groups_answer failed = { .outcome = GROUPS_FAILED };
    const struct groups_answer gone = { .outcome = GROUPS_NO_ACCOUNT };

    web_sessions_note_account(f->all, alice.id, &failed);
    web_sessions_note_account(f->all, ci.id, &gone); /* nobody may lend it */
    assert_int_equal(f->told_count, 0);
    web_sessions_note_account(f->all, alice.id, &gone);
    expect_told(f, "alice: its account is gone by ");
}

/* PAM alone knows some people. */
static void account_that_never_was_is_not_lost(void **state)
{
    struct fixture *f = *state;
    char *const groups[] = { (char *)(uintptr_t) "ops" };
    const struct groups_answer gone = { .outcome = GROUPS_NO_ACCOUNT };
    const struct groups_answer found = { .outcome = GROUPS_FOUND,
                                         .group = groups,
                                         .count = 1 };
    struct cookie alice;

    principal_set_groups(&f->alice, NULL, 0);
    alice = begin(f, &f->alice, NOW_S);
    web_sessions_note_account(f->all, alice.id, &gone);
    assert_true(web_sessions_holds(f->all, alice.id));
    web_sessions_note_account(f->all, alice.id, &found);
    web_sessions_note_account(f->all, alice.id, &gone);
    expect_told(f, "alice: its account is gone by ");
}

static void somebody_ends_it(void **state)
{
    struct fixture *f = *state;
    struct cookie alice = begin(f, &f->alice, NOW_S);
    unsigned changes = f->changes;

    assert_true(
        web_sessions_end(f->all, alice.id, WEB_SESSION_REVOKED, "boss"));
    expect_told(f, "alice: revoked by boss");
    assert_int_equal(f->changes, changes + 1);
    assert_false(
        web_sessions_end(f->all, alice.id, WEB_SESSION_REVOKED, "boss"));
    assert_null(prove(f, &alice, NOW_S));
    web_sessions_touch(f->all, alice.id, NOW_S);
    assert_false(web_sessions_holds(f->all, 0));
}

static void another_address_is_told_once(void **state)
{
    static const char *const addresses[] = { "192.0.2.1", "192.0.2.2",
                                             "192.0.2.2", "2001:db8::1",
                                             "2001:db8::2" };
    struct fixture *f = *state;
    struct cookie alice = begin(f, &f->alice, NOW_S);
    static const unsigned told[] = { 0, 1, 1, 2, 2 };

    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        struct principal p = come_from(addresses[i]);

        assert_true(
            web_sessions_prove(f->all, slice_of_text(alice.text), NOW_S, &p));
        assert_int_equal(f->elsewhere, told[i]);
        principal_done(&p);
    }
    assert_string_equal(web_sessions_find(f->all, alice.id)->from, "192.0.2.1");
}

/* ---- a restart ---------------------------------------------------------- */

static void what_was_kept_goes_on(void **state)
{
    struct fixture *f = *state;
    struct cookie alice = begin(f, &f->alice, NOW_S);
    struct cookie old = begin(f, &f->alice, NOW_S - IDLE_S);
    struct cookie ci = begin(f, &f->ci, NOW_S);
    struct web_session kept[3];

    for (size_t i = 0; i < 3; i++)
        kept[i] = *web_sessions_get(f->all, i);
    web_sessions_free(f->all);
    open_table(f);
    web_sessions_restore(f->all, kept, 3, NOW_S);
    assert_string_equal(prove(f, &alice, NOW_S), "alice");
    assert_string_equal(prove(f, &ci, NOW_S), "ci");
    assert_null(prove(f, &old, NOW_S));
    assert_false(web_sessions_holds(f->all, old.id));
    assert_int_equal(f->told_count, 0);
    web_sessions_free(f->all);
    open_table(f);
    tokens_replace(f->tokens, NULL, 0, NOW_S, NULL, NULL, NULL);
    web_sessions_restore(f->all, kept, 3, NOW_S);
    assert_false(web_sessions_holds(f->all, ci.id));
    assert_true(web_sessions_holds(f->all, alice.id));
}

static void ids_as_texts(void **state)
{
    static const char *const wrong[] = { "",
                                         "0",
                                         "123456789abcdef",
                                         "123456789abcdef01",
                                         "0x23456789abcdef",
                                         "123456789ABCDEF0",
                                         "+23456789abcdef0",
                                         " 123456789abcdef" };
    char text[WEB_SESSION_ID_MAX];
    uint64_t id = 0;

    (void)state;
    web_session_format_id(0xfedcba9876543210, text);
    assert_string_equal(text, "fedcba9876543210");
    assert_true(web_session_parse_id(text, &id));
    assert_true(id == 0xfedcba9876543210);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(web_session_parse_id(wrong[i], &id));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(cookie_proves_what_the_login_has),
        TEST(other_cookies_prove_nothing),
        TEST(text_of_a_cookie_is_not_kept),
        TEST(idle_session_ends),
        TEST(session_ends_however_it_is_used),
        TEST(limits_that_change_hold_for_all),
        TEST(a_person_has_so_many),
        TEST(all_have_so_many),
        TEST(session_ends_with_its_token),
        TEST(expired_token_proves_no_session),
        TEST(session_ends_with_its_account),
        TEST(account_that_never_was_is_not_lost),
        TEST(somebody_ends_it),
        TEST(another_address_is_told_once),
        TEST(what_was_kept_goes_on),
        TEST(ids_as_texts),
    };

    return cmocka_run_group_tests_name("web_sessions", tests, NULL, NULL);
}

/*
 * The table of tokens: which one is presented, what it proves, and who is told
 * when one comes or goes.
 */
#include "auth/tokens.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { NOW_S = 1000, TOLD_MAX = 8 };

/* What the table has told, as text: "+ci" "-ci" "use ci elsewhere". */
struct told {
    char text[TOLD_MAX][64];
    size_t count;
};

static struct told told;
static char texts[TOKENS_MAX + 1][TOKEN_LEN + 1];

static void note(const char *before, const char *name, const char *behind)
{
    assert_true(told.count < TOLD_MAX);
    snprintf(told.text[told.count++], sizeof told.text[0], "%s%s%s", before,
             name, behind);
}

static void on_new(void *owner, const struct token *token)
{
    (void)owner;
    note("+", token->name, "");
}

static void on_gone(void *owner, const struct token *token)
{
    (void)owner;
    note("-", token->name, "");
}

static void on_use(void *owner, const struct token *token, bool is_elsewhere)
{
    (void)owner;
    note("use ", token->name, is_elsewhere ? " elsewhere" : "");
}

static void expect_told(const char *text)
{
    size_t at = 0;

    for (size_t i = 0; i < told.count; i++) {
        assert_string_equal(told.text[i], text + at);
        at += strlen(told.text[i]) + 1;
    }
    assert_string_equal(text + at, "");
    told.count = 0;
}

/* The token with this id: its text is in texts. */
static struct token token_of(uint64_t id, const char *name)
{
    struct token token = {
        .id = id,
        .name = name,
        .owner = "alice",
        .right = RIGHT_WRITE,
        .created_s = 1,
        .used_from = "",
    };

    token_digest(slice_of_text(texts[id]), token.digest);
    return token;
}

static void replace(struct tokens *all, const struct token *list, size_t count)
{
    tokens_replace(all, list, count, NOW_S, on_new, on_gone, NULL);
}

static struct tokens *make(const struct token *list, size_t count)
{
    const struct tokens_events events = { .on_use = on_use };
    struct tokens *all = tokens_new(&events);

    tokens_replace(all, list, count, NOW_S, NULL, NULL, NULL);
    return all;
}

static struct principal stranger(const char *address)
{
    struct ip ip;

    assert_true(ip_parse(address, &ip));
    return principal_of_address(true, ip);
}

static enum tokens_verdict prove(struct tokens *all, uint64_t id,
                                 const char *address)
{
    struct principal p = stranger(address);
    enum tokens_verdict v =
        tokens_prove(all, slice_of_text(texts[id]), NOW_S, &p);

    principal_done(&p);
    return v;
}

static int set_up(void **state)
{
    (void)state;
    for (unsigned i = 0; i <= TOKENS_MAX; i++) {
        uint8_t random[TOKEN_RANDOM_LEN] = { (uint8_t)i, (uint8_t)(i >> 8) };

        token_make(random, texts[i]);
    }
    return 0;
}

static void a_token_proves_its_name_owner_and_bounds(void **state)
{
    struct token token = token_of(7, "ci");
    struct tokens *all;
    struct principal p = stranger("192.0.2.1");

    (void)state;
    token.consoles = "web-*";
    all = make(&token, 1);
    assert_int_equal(tokens_prove(all, slice_of_text(texts[7]), NOW_S, &p),
                     TOKENS_PROVEN);
    assert_int_equal(p.proof, PROOF_TOKEN);
    assert_string_equal(p.name, "ci");
    assert_true(tokens_holds(all, p.token));
    assert_string_equal(p.consoles, "web-*");
    assert_int_equal(p.right_max, RIGHT_WRITE);
    assert_string_equal(p.owner->name, "alice");
    assert_int_equal(p.owner->group_count, 0);
    assert_false(p.is_keeper || p.owner->is_keeper);
    assert_string_equal(ip_format(p.ip).text, "192.0.2.1");
    assert_string_equal(ip_format(p.owner->ip).text, "192.0.2.1");
    principal_done(&p);
    tokens_free(all);
    told.count = 0;
}

static void what_does_not_hold_proves_nothing(void **state)
{
    struct token list[] = { token_of(1, "ci"), token_of(2, "old") };
    struct principal p = stranger("192.0.2.1");
    char mistyped[TOKEN_LEN + 1];
    struct tokens *all;

    (void)state;
    list[1].expires_s = NOW_S + 1;
    all = make(list, 2);
    memcpy(mistyped, texts[1], sizeof mistyped);
    mistyped[TOKEN_LEN - 1] ^= 1;
    assert_int_equal(tokens_prove(all, slice_of_text("secret"), NOW_S, &p),
                     TOKENS_NO_TOKEN);
    assert_int_equal(tokens_prove(all, slice_of_text(mistyped), NOW_S, &p),
                     TOKENS_MISTYPED);
    assert_int_equal(tokens_prove(all, slice_of_text(texts[3]), NOW_S, &p),
                     TOKENS_UNKNOWN);
    assert_int_equal(tokens_prove(all, slice_of_text(texts[2]), NOW_S + 1, &p),
                     TOKENS_UNKNOWN);
    assert_int_equal(p.proof, PROOF_ADDRESS);
    assert_null(p.name);
    expect_told("");
    tokens_free(all);
}

/* The file may have been written by others than us. */
static void a_token_of_nobody_proves_nothing(void **state)
{
    struct token list[] = { token_of(1, "ci"), token_of(2, "a\nb") };
    struct tokens *all;

    (void)state;
    list[0].owner = "";
    all = make(list, 2);
    assert_int_equal(prove(all, 1, "192.0.2.1"), TOKENS_UNKNOWN);
    assert_int_equal(prove(all, 2, "192.0.2.1"), TOKENS_UNKNOWN);
    expect_told("");
    tokens_free(all);
}

static void a_use_from_another_place_is_told(void **state)
{
    struct token list[] = { token_of(1, "ci"), token_of(2, "known") };
    struct tokens *all;

    (void)state;
    list[1].used_s = 5;
    list[1].used_from = "192.0.2.9";
    all = make(list, 2);
    assert_int_equal(prove(all, 1, "2001:db8::1"), TOKENS_PROVEN);
    assert_int_equal(prove(all, 1, "2001:db8::2"), TOKENS_PROVEN);
    assert_int_equal(prove(all, 1, "2001:db8:1::1"), TOKENS_PROVEN);
    expect_told("use ci elsewhere\0use ci\0use ci elsewhere\0");
    assert_int_equal(prove(all, 2, "192.0.2.9"), TOKENS_PROVEN);
    assert_int_equal(prove(all, 2, "192.0.2.8"), TOKENS_PROVEN);
    expect_told("use known\0use known elsewhere\0");
    tokens_free(all);
}

static void a_list_replaces_the_table(void **state)
{
    struct token first[] = { token_of(1, "a"), token_of(2, "b") };
    struct token next[] = { token_of(2, "b"), token_of(3, "c") };
    struct tokens *all = make(NULL, 0);

    (void)state;
    replace(all, first, 2);
    expect_told("+a\0+b\0");
    assert_int_equal(prove(all, 2, "192.0.2.1"), TOKENS_PROVEN);
    expect_told("use b elsewhere\0");
    replace(all, next, 2);
    expect_told("-a\0+c\0");
    assert_int_equal(tokens_count(all), 2);
    assert_int_equal(prove(all, 1, "192.0.2.1"), TOKENS_UNKNOWN);
    /* The list was read before the use was written. */
    assert_int_equal(prove(all, 2, "192.0.2.1"), TOKENS_PROVEN);
    expect_told("use b\0");
    replace(all, NULL, 0);
    assert_int_equal(tokens_count(all), 0);
    told.count = 0;
    tokens_free(all);
}

/* As after a backup of the file is put back, and a token is made in it. */
static void an_id_with_another_token_is_another_token(void **state)
{
    struct token first = token_of(1, "a"), next = token_of(2, "a");
    struct principal p = stranger("192.0.2.1");
    struct tokens *all = make(&first, 1);
    uint64_t number;

    (void)state;
    assert_int_equal(tokens_prove(all, slice_of_text(texts[1]), NOW_S, &p),
                     TOKENS_PROVEN);
    told.count = 0;
    number = p.token;
    principal_done(&p);
    assert_true(tokens_holds(all, number));
    next.id = first.id;
    replace(all, &next, 1);
    expect_told("-a\0+a\0");
    assert_false(tokens_holds(all, number));
    assert_int_equal(prove(all, 1, "192.0.2.1"), TOKENS_UNKNOWN);
    assert_int_equal(prove(all, 2, "192.0.2.1"), TOKENS_PROVEN);
    told.count = 0;
    tokens_free(all);
}

/* No command does that, but people do. */
static void a_changed_token_is_another_token(void **state)
{
    struct token list[6];
    struct tokens *all;

    (void)state;
    for (size_t i = 0; i < 6; i++)
        list[i] = token_of(1, "a");
    list[1].name = "b";
    list[2].owner = "bob";
    list[3].consoles = "web-*";
    list[4].right = RIGHT_READ;
    list[5].expires_s = NOW_S + 1;
    all = make(list, 1);
    replace(all, list, 1);
    expect_told("");
    for (size_t i = 1; i < 6; i++) {
        replace(all, &list[i], 1);
        assert_int_equal(told.count, 2);
        told.count = 0;
    }
    list[5].expires_s = NOW_S;
    replace(all, &list[5], 1);
    expect_told("-a\0");
    tokens_free(all);
}

static void what_expires_is_gone(void **state)
{
    struct token list[] = { token_of(1, "a"), token_of(2, "b"),
                            token_of(3, "c"), token_of(4, "past") };
    struct tokens *all;

    (void)state;
    list[0].expires_s = NOW_S + 20;
    list[1].expires_s = NOW_S + 10;
    list[3].expires_s = NOW_S;
    all = make(list, 4);
    assert_int_equal(tokens_count(all), 3);
    assert_int_equal(tokens_next_expiry_s(all), NOW_S + 10);
    tokens_expire(all, NOW_S + 9, on_gone, NULL);
    expect_told("");
    tokens_expire(all, NOW_S + 10, on_gone, NULL);
    expect_told("-b\0");
    assert_int_equal(prove(all, 2, "192.0.2.1"), TOKENS_UNKNOWN);
    assert_int_equal(tokens_next_expiry_s(all), NOW_S + 20);
    tokens_expire(all, NOW_S + 20, on_gone, NULL);
    expect_told("-a\0");
    assert_int_equal(tokens_next_expiry_s(all), 0);
    tokens_free(all);
}

static void a_full_table_gives_its_room_to_new_ones(void **state)
{
    static struct token list[TOKENS_MAX + 1];
    static char names[TOKENS_MAX + 1][8];
    struct tokens *all;

    (void)state;
    for (unsigned i = 0; i <= TOKENS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "n%u", i);
        list[i] = token_of(i, names[i]);
        list[i].id = i + 1;
    }
    all = make(list, TOKENS_MAX + 1);
    assert_int_equal(tokens_count(all), TOKENS_MAX);
    assert_int_equal(prove(all, TOKENS_MAX, "192.0.2.1"), TOKENS_UNKNOWN);
    replace(all, list + 1, TOKENS_MAX);
    expect_told("-n0\0+n1024\0");
    assert_int_equal(prove(all, TOKENS_MAX, "192.0.2.1"), TOKENS_PROVEN);
    told.count = 0;
    tokens_free(all);
}

/* Nobody has used it by that. */
static void a_token_can_be_described(void **state)
{
    struct token token = token_of(1, "ci");
    struct tokens *all = make(&token, 1);
    struct principal p = principal_of_address(false, (struct ip){ 0 });

    (void)state;
    assert_false(tokens_describe(all, "cd", &p));
    assert_null(p.name);
    assert_true(tokens_describe(all, "ci", &p));
    assert_string_equal(p.name, "ci");
    assert_string_equal(p.owner->name, token.owner);
    assert_int_equal(p.right_max, token.right);
    expect_told("");
    principal_done(&p);
    tokens_free(all);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_proves_its_name_owner_and_bounds),
        cmocka_unit_test(what_does_not_hold_proves_nothing),
        cmocka_unit_test(a_token_of_nobody_proves_nothing),
        cmocka_unit_test(a_use_from_another_place_is_told),
        cmocka_unit_test(a_list_replaces_the_table),
        cmocka_unit_test(an_id_with_another_token_is_another_token),
        cmocka_unit_test(a_changed_token_is_another_token),
        cmocka_unit_test(what_expires_is_gone),
        cmocka_unit_test(a_token_can_be_described),
        cmocka_unit_test(a_full_table_gives_its_room_to_new_ones),
    };

    return cmocka_run_group_tests_name("tokens", tests, set_up, NULL);
}

/* Who may do what: members, sections and their order, tokens, the rules without
 * sections. tests/program/test_access_model.py has random rules. */
#include "access/access_rules.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- rules in few words ------------------------------------------------- */

enum { TEXTS_MAX = 8, SECTIONS_MAX = 4, TOLD_MAX = 4096 };

/* A section or group as a test writes it; lists end with NULL. */
struct group_row {
    const char *name;
    const char *members[TEXTS_MAX];
};
struct section_row {
    const char *pattern;
    const char *members[RIGHT_COUNT][TEXTS_MAX];
    const char *hosts[TEXTS_MAX];
    enum access_keyboard keyboard;
    const char *record, *record_input;
};

/* The lines are those of a file with one word in each. */
struct rules_text {
    struct access_text text[128];
    unsigned count;
};

static struct access_text add_text(struct rules_text *all, const char *text)
{
    assert_true(all->count < 128);
    all->text[all->count] = (struct access_text){ text, all->count + 1 };
    return all->text[all->count++];
}

static struct access_texts add_texts(struct rules_text *all,
                                     const char *const *texts)
{
    struct access_texts list = { .item = &all->text[all->count] };

    for (; list.count < TEXTS_MAX && texts[list.count] != NULL; list.count++)
        add_text(all, texts[list.count]);
    return list;
}

struct told {
    char text[TOLD_MAX];
};

static void tell(void *owner, unsigned line, bool is_error, const char *text)
{
    struct told *told = owner;
    size_t len = strlen(told->text);

    snprintf(told->text + len, sizeof told->text - len, "%u: %s%s\n", line,
             is_error ? "" : "warning: ", text);
}

static struct access_rules *compile(const struct group_row *groups,
                                    const struct section_row *sections,
                                    struct told *told)
{
    struct access_group_source group[SECTIONS_MAX] = { 0 };
    struct access_section_source section[SECTIONS_MAX] = { 0 };
    struct access_source source = { .group = group, .section = section };
    struct rules_text all = { .count = 0 };

    for (; groups != NULL && groups->name != NULL; groups++) {
        struct access_group_source *g = &group[source.group_count++];

        g->name = add_text(&all, groups->name);
        g->members = add_texts(&all, groups->members);
    }
    for (; sections != NULL && sections->pattern != NULL; sections++) {
        struct access_section_source *s = &section[source.section_count++];

        s->pattern = add_text(&all, sections->pattern);
        for (int i = RIGHT_READ; i < RIGHT_COUNT; i++)
            s->members[i] = add_texts(&all, sections->members[i]);
        s->hosts = add_texts(&all, sections->hosts);
        s->keyboard = sections->keyboard;
        if (sections->record != NULL)
            s->record = add_text(&all, sections->record);
        if (sections->record_input != NULL)
            s->record_input = add_text(&all, sections->record_input);
    }
    return access_rules_compile(&source, tell, told);
}

static struct access_rules *rules_of(const struct group_row *groups,
                                     const struct section_row *sections)
{
    struct told told = { "" };
    struct access_rules *rules = compile(groups, sections, &told);

    if (rules == NULL)
        fail_msg("%s", told.text);
    return rules;
}

/* Section "*" with one member for writing. */
static struct access_rules *rules_for(const char *member)
{
    const struct section_row sections[] = {
        { .pattern = "*", .members = { [RIGHT_WRITE] = { member } } }, { 0 }
    };

    return rules_of(NULL, sections);
}

static void assert_refused(const char *member, const char *part)
{
    const struct section_row sections[] = {
        { .pattern = "*", .members = { [RIGHT_WRITE] = { member } } }, { 0 }
    };
    struct told told = { "" };

    assert_null(compile(NULL, sections, &told));
    if (strncmp(told.text, "2: ", 3) != 0 || strstr(told.text, part) == NULL)
        fail_msg("%s: %s", member, told.text);
}

/* ---- principals in few words -------------------------------------------- */

static struct ip ip_of(const char *text)
{
    struct ip ip;

    if (!ip_parse(text, &ip))
        fail_msg("%s", text);
    return ip;
}

static struct principal at(const char *ip)
{
    return principal_of_address(ip != NULL,
                                ip != NULL ? ip_of(ip) : (struct ip){ 0 });
}

static struct principal of(enum principal_proof proof, const char *name,
                           const char *ip)
{
    struct principal p = at(ip);

    assert_true(principal_prove(&p, proof, name));
    return p;
}

static struct principal in(struct principal p, const char *group)
{
    char *copy = xstrdup(group);

    principal_set_groups(&p, &copy, 1);
    free(copy);
    return p;
}

static struct principal token(const char *name, struct principal owner,
                              enum right bound, const char *ip)
{
    struct principal p = of(PROOF_TOKEN, name, ip);

    p.owner = xmalloc(sizeof *p.owner);
    *p.owner = owner;
    p.right_max = (uint8_t)bound;
    return p;
}

static const struct access_console web = {
    .name = "web-1",
    .uuid = "52f7a088-357e-a2c5-8c35-5a2ba9f1ec6f",
    .label = "s0",
};

/* Ends the principal. */
static enum right right_of(const struct access_rules *rules,
                           struct principal who)
{
    enum right right = access_rules_judge(rules, &who, &web).right;

    principal_done(&who);
    return right;
}

/* What the member gives to who; write or nothing. */
static bool is_for(const char *member, struct principal who)
{
    struct access_rules *rules = rules_for(member);
    enum right right = right_of(rules, who);

    access_rules_free(rules);
    return right == RIGHT_WRITE;
}

#define FAR "198.51.100.7"

/* ---- members ------------------------------------------------------------ */

static void a_name_counts_with_its_proof(void **state)
{
    static const struct {
        const char *member;
        const char *name;
        bool is_for[PROOF_COUNT]; /* ..., password, proxy, ssh */
    } rows[] = {
        { "alice", "alice", { 0, 1, 0, 0, 1, 1, 1 } },
        { "user:alice", "alice", { 0, 1, 0, 0, 1, 1, 1 } },
        { "alice", "Alice", { 0, 0, 0, 0, 0, 0, 0 } },
        { "alice", "alice2", { 0, 0, 0, 0, 0, 0, 0 } },
        { "unix:staff", "alice", { 0, 1, 0, 0, 1, 0, 0 } },
        { "proxy:staff", "alice", { 0, 0, 0, 0, 0, 1, 0 } },
        { "unix:other", "alice", { 0, 0, 0, 0, 0, 0, 0 } },
        { "certificate:al*", "alice", { 0, 0, 1, 0, 0, 0, 0 } },
        { "certificate:bob", "alice", { 0, 0, 0, 0, 0, 0, 0 } },
        { "certificate:AL*", "alice", { 0, 0, 0, 0, 0, 0, 0 } },
        { "anybody", "alice", { 1, 1, 1, 0, 1, 1, 1 } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (is_for(rows[i].member, at(FAR)) != rows[i].is_for[PROOF_ADDRESS])
            fail_msg("%s: address", rows[i].member);
        for (int j = PROOF_UID; j < PROOF_COUNT; j++) {
            enum principal_proof proof = (enum principal_proof)j;

            if (is_for(rows[i].member, in(of(proof, rows[i].name, FAR),
                                          "staff")) != rows[i].is_for[j])
                fail_msg("%s: %s %s", rows[i].member, rows[i].name,
                         principal_proof_name(proof));
        }
    }
}

static void a_member_counts_from_its_network(void **state)
{
    static const struct {
        const char *member, *ip;
        bool is_for;
    } rows[] = {
        { "anybody from 192.0.2.0/24", "192.0.2.9", true },
        { "anybody from 192.0.2.0/24", "192.0.3.9", false },
        { "anybody from 192.0.2.0/24", NULL, false },
        { "anybody from 192.0.2.9", "192.0.2.9", true },
        { "anybody from 2001:db8::/32", "2001:db8::1", true },
        { "anybody from ::/0", "192.0.2.9", false },
        { "anybody from ::/0", NULL, false }, /* a Unix socket */
        { "anybody from local", NULL, true },
        { "anybody from local", "127.0.0.1", true },
        { "anybody from local", "127.9.9.9", true },
        { "anybody from local", "::1", true },
        { "anybody from local", "192.0.2.9", false },
        { "anybody  from  local", "::1", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (is_for(rows[i].member, at(rows[i].ip)) != rows[i].is_for)
            fail_msg("%s at %s", rows[i].member, rows[i].ip);
    }
    assert_true(is_for("alice from local", of(PROOF_UID, "alice", NULL)));
    assert_false(is_for("alice from local", of(PROOF_PASSWORD, "alice", FAR)));
    assert_true(is_for("from", of(PROOF_PASSWORD, "from", FAR)));
}

static void a_member_with_two_meanings_is_refused(void **state)
{
    (void)state;
    assert_refused("", "expected a name");
    assert_refused("unx:wheel", "expected user, unix, proxy");
    assert_refused("group:ops", "expected user, unix, proxy");
    assert_refused("unix:", "expected a name");
    assert_refused("al*", "compared exactly");
    assert_refused("unix:wh?el", "compared exactly");
    assert_refused("certificate:[a", "[ without ]");
    assert_refused("token:", "expected a name");
    assert_refused("alice from", "MEMBER from NETWORK");
    assert_refused("from 192.0.2.0/24", "MEMBER from NETWORK");
    assert_refused("alice from example.org", "is no network");
    assert_refused("alice from 192.0.2.1/24", "192.0.2.0/24");
    assert_refused("alice from 10.0.0.0/8 from local", "MEMBER from NETWORK");
}

/* ---- groups ------------------------------------------------------------- */

static void groups_stand_for_their_members(void **state)
{
    static const struct group_row groups[] = {
        { "ops", { "alice", "more from 192.0.2.0/24" } },
        { "more", { "bob", "carol from 192.0.2.128/25", "dan from local" } },
        { "alice", { "erin" } },
        { NULL, { 0 } },
    };
    static const struct section_row sections[] = {
        { .pattern = "*",
          .members = { [RIGHT_WRITE] = { "ops" },
                       [RIGHT_CONTROL] = { "user:alice" } } },
        { 0 },
    };
    struct access_rules *rules = rules_of(groups, sections);

    (void)state;
    /* "alice" is a group's name; the person is user:alice. */
    assert_int_equal(right_of(rules, of(PROOF_UID, "erin", FAR)), RIGHT_WRITE);
    assert_int_equal(right_of(rules, of(PROOF_UID, "alice", FAR)),
                     RIGHT_CONTROL);
    /* Each "from" on the way holds. */
    assert_int_equal(right_of(rules, of(PROOF_UID, "bob", FAR)), RIGHT_NONE);
    assert_int_equal(right_of(rules, of(PROOF_UID, "bob", "192.0.2.1")),
                     RIGHT_WRITE);
    assert_int_equal(right_of(rules, of(PROOF_UID, "carol", "192.0.2.1")),
                     RIGHT_NONE);
    assert_int_equal(right_of(rules, of(PROOF_UID, "carol", "192.0.2.200")),
                     RIGHT_WRITE);
    assert_int_equal(right_of(rules, of(PROOF_UID, "dan", "127.0.0.1")),
                     RIGHT_NONE);
    access_rules_free(rules);
}

static void assert_groups_refused(const struct group_row *groups,
                                  const char *expected)
{
    struct told told = { "" };

    assert_null(compile(groups, NULL, &told));
    assert_string_equal(told.text, expected);
}

static void wrong_groups_are_refused(void **state)
{
    static const struct group_row circle[] = {
        { "a", { "b" } }, { "b", { "c" } }, { "c", { "a" } }, { NULL, { 0 } }
    };
    static const struct group_row itself[] = { { "a", { "a" } },
                                               { NULL, { 0 } } };
    static const struct group_row twice[] = { { "a", { "x" } },
                                              { "a", { "y" } },
                                              { NULL, { 0 } } };
    static const char *const names[] = { "anybody", "read", "admin", "none",
                                         "unix:a",  "a b",  "",      "a*",
                                         "local",   "a\n" };

    (void)state;
    assert_groups_refused(circle,
                          "2: group 'b' is a member of itself, directly "
                          "or by other groups\n");
    assert_groups_refused(itself,
                          "2: group 'a' is a member of itself, directly "
                          "or by other groups\n");
    assert_groups_refused(twice, "3: group 'a' is in line 1 already\n");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct group_row groups[] = { { names[i], { "x" } },
                                            { NULL, { 0 } } };
        struct told told = { "" };

        assert_null(compile(groups, NULL, &told));
        if (strstr(told.text, "expected another") == NULL)
            fail_msg("%s: %s", names[i], told.text);
    }
}

/* Sixteen lines could mean more than memory can hold. */
static void groups_in_groups_are_bounded(void **state)
{
    enum { GROUPS = 16 };
    struct access_group_source group[GROUPS];
    struct access_text member[GROUPS][4];
    char name[GROUPS + 1][8];
    const struct access_text given = { "g0", 99 };
    const struct access_section_source section = {
        .pattern = { "*", 98 }, .members = { [RIGHT_READ] = { &given, 1 } }
    };
    struct access_source source = { group, GROUPS, &section, 1 };
    struct told told = { "" };

    (void)state;
    for (int i = 0; i <= GROUPS; i++)
        snprintf(name[i], sizeof name[i], "g%d", i);
    for (unsigned i = 0; i < GROUPS; i++) {
        for (int j = 0; j < 4; j++)
            member[i][j] = (struct access_text){ name[i + 1], i + 1 };
        group[i] = (struct access_group_source){ { name[i], i + 1 },
                                                 { member[i], 4 } };
    }
    assert_null(access_rules_compile(&source, tell, &told));
    assert_non_null(strstr(told.text, ": these are too many members"));
}

/* ---- sections ----------------------------------------------------------- */

static enum right right_on(const struct access_rules *rules, const char *name,
                           const char *label, const char *host)
{
    struct access_console console = { .name = name,
                                      .label = label,
                                      .uuid = web.uuid };
    struct principal who = at(FAR);

    if (host != NULL)
        console.host = ip_of(host);
    return access_rules_judge(rules, &who, &console).right;
}

/* A console that its VM has left keeps the section that it had. */
static void a_host_that_has_gone_is_known_by_its_site(void **state)
{
    static const struct section_row sections[] = {
        { .pattern = "*",
          .members = { [RIGHT_READ] = { "anybody" } },
          .hosts = { "2001:db8:0:1::7", "192.0.2.7" } },
        { 0 },
    };
    struct access_rules *rules = rules_of(NULL, sections);

    (void)state;
    assert_int_equal(right_on(rules, "a", "s0", "2001:db8:0:1::7"), RIGHT_READ);
    assert_int_equal(right_on(rules, "a", "s0", "2001:db8:0:1::8"), RIGHT_NONE);
    assert_int_equal(right_on(rules, "a", "s0", "2001:db8:0:1::"), RIGHT_READ);
    assert_int_equal(right_on(rules, "a", "s0", "2001:db8:0:2::"), RIGHT_NONE);
    assert_int_equal(right_on(rules, "a", "s0", "192.0.2.0"), RIGHT_NONE);
    access_rules_free(rules);
}

static void the_first_matching_section_decides(void **state)
{
    static const struct section_row sections[] = {
        { .pattern = "secret-*", .members = { [RIGHT_ADMIN] = { "root" } } },
        { .pattern = "*",
          .members = { [RIGHT_BREAK] = { "anybody" } },
          .hosts = { "192.0.2.0/24", "2001:db8::/32" },
          .keyboard = KEYBOARD_ONE_WRITER },
        { .pattern = "web-?/s[0-1]",
          .members = { [RIGHT_READ] = { "anybody" },
                       [RIGHT_WRITE] = { "anybody" } } },
        { 0 },
    };
    struct access_rules *rules = rules_of(NULL, sections);
    struct principal who = at(FAR);
    struct access_console console = web;
    struct access_verdict v;

    (void)state;
    assert_int_equal(right_on(rules, "secret-1", "s0", "192.0.2.1"),
                     RIGHT_NONE);
    assert_int_equal(right_on(rules, "web-1", "s0", "192.0.2.1"), RIGHT_BREAK);
    assert_int_equal(right_on(rules, "web-1", "s0", "2001:db8::1"),
                     RIGHT_BREAK);
    assert_int_equal(right_on(rules, "web-1", "s0", "192.0.3.1"), RIGHT_WRITE);
    assert_int_equal(right_on(rules, "web-1", "s0", NULL), RIGHT_WRITE);
    assert_int_equal(right_on(rules, "web-1", "s2", NULL), RIGHT_NONE);
    assert_int_equal(right_on(rules, "web-10", "s0", NULL), RIGHT_NONE);

    console.host = ip_of("192.0.2.1");
    v = access_rules_judge(rules, &who, &console);
    assert_true(v.is_matched);
    assert_int_equal(v.keyboard, KEYBOARD_ONE_WRITER);
    assert_int_equal(v.line, 4); /* "anybody" */
    console.name = "secret-2";
    v = access_rules_judge(rules, &who, &console);
    assert_true(v.is_matched);
    assert_int_equal(v.line, 1); /* the section */
    console = (struct access_console){ .name = "other" };
    v = access_rules_judge(rules, &who, &console);
    assert_false(v.is_matched);
    assert_int_equal(v.line, 0);
    assert_int_equal(v.right, RIGHT_NONE);
    access_rules_free(rules);
}

/* ---- tokens ------------------------------------------------------------- */

static struct principal keeper(void)
{
    struct principal root = of(PROOF_UID, "root", NULL);

    root.is_keeper = true;
    return root;
}

/* A keeper's, for the consoles of this pattern. */
static struct principal narrow_token(const char *consoles)
{
    struct principal narrow = token("deploy", keeper(), RIGHT_ADMIN, FAR);

    narrow.consoles = xstrdup(consoles);
    return narrow;
}

static void a_token_is_bounded_by_its_owner(void **state)
{
    static const struct section_row sections[] = {
        { .pattern = "*",
          .members = { [RIGHT_ADMIN] = { "token:deploy" },
                       [RIGHT_BREAK] = { "alice from 192.0.2.0/24" },
                       [RIGHT_READ] = { "root" } } },
        { 0 },
    };
    struct access_rules *rules = rules_of(NULL, sections);
    struct principal orphan;

    (void)state;
    assert_int_equal(right_of(rules, token("x", of(PROOF_UID, "alice", NULL),
                                           RIGHT_ADMIN, "192.0.2.1")),
                     RIGHT_BREAK);
    assert_int_equal(right_of(rules, token("x", of(PROOF_UID, "alice", NULL),
                                           RIGHT_WRITE, "192.0.2.1")),
                     RIGHT_WRITE);
    /* Where the token is counts, not where its owner once was. */
    assert_int_equal(
        right_of(rules, token("x", of(PROOF_UID, "alice", "192.0.2.1"),
                              RIGHT_ADMIN, FAR)),
        RIGHT_NONE);
    assert_int_equal(
        right_of(rules, token("deploy", of(PROOF_UID, "alice", NULL),
                              RIGHT_ADMIN, "192.0.2.1")),
        RIGHT_BREAK);
    assert_int_equal(
        right_of(rules, token("deploy", keeper(), RIGHT_CONTROL, FAR)),
        RIGHT_CONTROL);
    assert_int_equal(right_of(rules, token("x", keeper(), RIGHT_CONTROL, FAR)),
                     RIGHT_READ);
    assert_int_equal(right_of(rules, narrow_token("db-*")), RIGHT_NONE);
    assert_int_equal(right_of(rules, narrow_token("WEB-1")), RIGHT_NONE);
    assert_int_equal(right_of(rules, narrow_token("52F7*")), RIGHT_ADMIN);
    orphan = of(PROOF_TOKEN, "deploy", FAR);
    orphan.right_max = RIGHT_ADMIN;
    assert_int_equal(right_of(rules, orphan), RIGHT_NONE);
    access_rules_free(rules);
}

/* ---- without sections --------------------------------------------------- */

static void without_sections_this_machine_may_break(void **state)
{
    struct access_rules *rules =
        access_rules_standard("vspcd", false, KEYBOARD_ONE_WRITER);
    struct principal toor = of(PROOF_UID, "toor", NULL);
    struct principal who = at(FAR);

    (void)state;
    assert_true(access_rules_are_standard(rules));
    assert_int_equal(right_of(rules, at("127.0.0.1")), RIGHT_BREAK);
    assert_int_equal(right_of(rules, at(NULL)), RIGHT_BREAK);
    assert_int_equal(right_of(rules, at(FAR)), RIGHT_NONE);
    assert_int_equal(right_of(rules, of(PROOF_UID, "root", NULL)), RIGHT_ADMIN);
    assert_int_equal(right_of(rules, of(PROOF_PASSWORD, "vspcd", FAR)),
                     RIGHT_ADMIN);
    assert_int_equal(right_of(rules, of(PROOF_CERTIFICATE, "root", FAR)),
                     RIGHT_NONE);
    toor.is_keeper = true;
    assert_int_equal(right_of(rules, toor), RIGHT_ADMIN);
    assert_int_equal(access_rules_judge(rules, &who, &web).keyboard,
                     KEYBOARD_ONE_WRITER);
    assert_int_equal(access_rules_judge(rules, &who, &web).line, 0);
    access_rules_free(rules);

    rules = access_rules_standard("a b*", true, KEYBOARD_FREE_FOR_ALL);
    assert_int_equal(right_of(rules, at(FAR)), RIGHT_WRITE);
    assert_int_equal(right_of(rules, at("::1")), RIGHT_BREAK);
    access_rules_free(rules);
}

/* ---- whether there is anything to look for ---- */

static bool may_read_any(const struct access_rules *rules, struct principal who)
{
    bool may = access_rules_may_read_any(rules, &who);

    principal_done(&who);
    return may;
}

static void who_may_read_no_console_is_known(void **state)
{
    static const struct section_row sections[] = {
        { .pattern = "db-*", .members = { [RIGHT_WRITE] = { "alice" } } },
        { .pattern = "web-*",
          .members = { [RIGHT_READ] = { "anybody from 192.0.2.0/24" } } },
        { 0 },
    };
    struct access_rules *rules = rules_of(NULL, sections);

    (void)state;
    assert_true(may_read_any(rules, at("192.0.2.1")));
    assert_false(may_read_any(rules, at(FAR)));
    assert_true(may_read_any(rules, of(PROOF_PASSWORD, "alice", FAR)));
    assert_false(may_read_any(rules, of(PROOF_PASSWORD, "bob", FAR)));
    access_rules_free(rules);

    rules = access_rules_standard("vspcd", false, KEYBOARD_ONE_WRITER);
    assert_true(may_read_any(rules, at("::1")));
    assert_false(may_read_any(rules, at(FAR)));
    access_rules_free(rules);
}

/* ---- whether to ask for a login ----------------------------------------- */

static bool may_gain(const struct access_rules *rules, struct principal who,
                     const struct access_console *console)
{
    bool may = access_rules_may_gain(rules, &who, console);

    principal_done(&who);
    return may;
}

static void a_login_is_asked_for_where_it_helps(void **state)
{
    static const struct section_row sections[] = {
        { .pattern = "db-*",
          .members = { [RIGHT_WRITE] = { "anybody" },
                       [RIGHT_READ] = { "alice" } } },
        { .pattern = "web-*",
          .members = { [RIGHT_CONTROL] = { "certificate:*", "proxy:x" },
                       [RIGHT_WRITE] = { "unix:wheel from 192.0.2.0/24" },
                       [RIGHT_READ] = { "anybody" } } },
        { 0 },
    };
    static const struct access_console db = { .name = "db-1" };
    static const struct access_console other = { .name = "x" };
    struct access_rules *rules = rules_of(NULL, sections);

    (void)state;
    assert_true(may_gain(rules, at("192.0.2.1"), &web));
    assert_false(may_gain(rules, at(FAR), &web));
    assert_false(may_gain(rules, at("192.0.2.1"), &db));
    assert_false(may_gain(rules, at("192.0.2.1"), &other));
    assert_true(may_gain(rules, at("192.0.2.1"), NULL));
    assert_false(may_gain(rules, at(FAR), NULL));
    assert_false(may_gain(
        rules, in(of(PROOF_PASSWORD, "al", "192.0.2.1"), "wheel"), &web));
    access_rules_free(rules);
}

/* At the menu, where there is no console yet. */
static void no_login_is_asked_for_where_all_may_be_typed_into(void **state)
{
    static const struct section_row sections[] = {
        { .pattern = "*",
          .members = { [RIGHT_ADMIN] = { "alice" },
                       [RIGHT_WRITE] = { "anybody from local" } } },
        { 0 },
    };
    struct access_rules *rules = rules_of(NULL, sections);

    (void)state;
    assert_false(may_gain(rules, at("127.0.0.1"), NULL));
    assert_true(may_gain(rules, at(FAR), NULL));
    access_rules_free(rules);
    rules = access_rules_standard("", false, KEYBOARD_FREE_FOR_ALL);
    assert_false(may_gain(rules, at("127.0.0.1"), NULL));
    access_rules_free(rules);
}

static struct access_recording recording_of(const struct access_rules *rules,
                                            const char *name)
{
    const struct access_console console = { .name = name };

    return access_rules_recording(rules, &console);
}

static void the_first_matching_section_says_what_is_recorded(void **state)
{
    static const struct section_row sections[] = {
        { .pattern = "db-*", .record = "always", .record_input = "yes" },
        { .pattern = "web-*", .record = "sessions", .record_input = "no" },
        { .pattern = "*-9", .record = "off" },
        { 0 },
    };
    struct access_rules *rules = rules_of(NULL, sections);

    (void)state;
    assert_int_equal(recording_of(rules, "db-9").record, ACCESS_RECORD_ALWAYS);
    assert_true(recording_of(rules, "db-9").has_input);
    assert_int_equal(recording_of(rules, "web-1").record,
                     ACCESS_RECORD_SESSIONS);
    assert_false(recording_of(rules, "web-1").has_input);
    assert_int_equal(recording_of(rules, "x-9").record, ACCESS_RECORD_OFF);
    assert_int_equal(recording_of(rules, "x").record, ACCESS_RECORD_OFF);
    access_rules_free(rules);
    rules = access_rules_standard("", true, KEYBOARD_FREE_FOR_ALL);
    assert_int_equal(recording_of(rules, "x").record, ACCESS_RECORD_OFF);
    access_rules_free(rules);
}

/* ---- the inventory ------------------------------------------------------- */

static const struct inventory_vm lab = {
    .name = "", .folder = "/lab/x", .host = "", .owner = "", .tags = ""
};
static const struct inventory_vm unread = { .is_unknown = true };

static enum right right_with(const struct access_rules *rules,
                             struct principal who,
                             const struct inventory_vm *vm)
{
    struct access_console console = web;
    enum right right;

    console.vm = *vm;
    right = access_rules_judge(rules, &who, &console).right;
    principal_done(&who);
    return right;
}

/* Which section is meant nobody knows then: the least of them holds. */
static void an_inventory_that_was_not_read_opens_nothing(void **state)
{
    static const struct section_row sections[] = {
        { .pattern = "folder:/prod/*",
          .members = { [RIGHT_READ] = { "alice" } },
          .record = "always" },
        { .pattern = "folder:/lab/*",
          .members = { [RIGHT_ADMIN] = { "alice" },
                       [RIGHT_WRITE] = { "anybody" } } },
        { .pattern = "*", .members = { [RIGHT_BREAK] = { "anybody" } } },
        { .pattern = "owner:alice", .record = "sessions" },
        { 0 },
    };
    static const struct inventory_vm none = { .name = NULL };
    struct access_rules *rules = rules_of(NULL, sections);
    struct access_console console = web;

    (void)state;
    assert_true(access_rules_use_inventory(rules));
    assert_int_equal(right_with(rules, at(FAR), &none), RIGHT_BREAK);
    assert_int_equal(right_with(rules, at(FAR), &lab), RIGHT_WRITE);
    assert_int_equal(right_with(rules, at(FAR), &unread), RIGHT_NONE);
    assert_int_equal(right_with(rules, of(PROOF_UID, "alice", FAR), &unread),
                     RIGHT_READ);
    assert_int_equal(access_rules_recording(rules, &console).record,
                     ACCESS_RECORD_OFF);
    console.vm = unread;
    assert_int_equal(access_rules_recording(rules, &console).record,
                     ACCESS_RECORD_ALWAYS);
    access_rules_free(rules);
}

static void wrong_words_about_recordings_are_refused(void **state)
{
    static const struct section_row sections[] = {
        { .pattern = "*", .record = "yes", .record_input = "always" },
        { 0 },
    };
    struct told told = { "" };

    (void)state;
    assert_null(compile(NULL, sections, &told));
    assert_string_equal(
        told.text,
        "2: record: 'yes' is not valid: expected always, sessions or off\n"
        "3: record-input: 'always' is not valid: expected yes or no\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_counts_with_its_proof),
        cmocka_unit_test(a_member_counts_from_its_network),
        cmocka_unit_test(a_member_with_two_meanings_is_refused),
        cmocka_unit_test(groups_stand_for_their_members),
        cmocka_unit_test(wrong_groups_are_refused),
        cmocka_unit_test(groups_in_groups_are_bounded),
        cmocka_unit_test(a_host_that_has_gone_is_known_by_its_site),
        cmocka_unit_test(the_first_matching_section_decides),
        cmocka_unit_test(a_token_is_bounded_by_its_owner),
        cmocka_unit_test(without_sections_this_machine_may_break),
        cmocka_unit_test(who_may_read_no_console_is_known),
        cmocka_unit_test(a_login_is_asked_for_where_it_helps),
        cmocka_unit_test(no_login_is_asked_for_where_all_may_be_typed_into),
        cmocka_unit_test(the_first_matching_section_says_what_is_recorded),
        cmocka_unit_test(an_inventory_that_was_not_read_opens_nothing),
        cmocka_unit_test(wrong_words_about_recordings_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

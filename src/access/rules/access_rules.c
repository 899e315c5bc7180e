#include "access/rules/access_rules_private.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- making and freeing ------------------------------------------------- */

/* keeper: the member for vspcd's own user; NULL: none. */
static struct access_rules *make_standard(const char *keeper, bool is_open,
                                          enum access_keyboard keyboard)
{
    const struct access_text admin[] = { { "user:root", 0 }, { keeper, 0 } };
    const struct access_text local = { "anybody from local", 0 };
    const struct access_text everybody = { "anybody", 0 };
    const struct access_section_source section = {
        .pattern = { "*", 0 },
        .members = { [RIGHT_ADMIN] = { admin, keeper != NULL ? 2 : 1 },
                     [RIGHT_BREAK] = { &local, 1 },
                     [RIGHT_WRITE] = { &everybody, is_open ? 1 : 0 } },
        .keyboard = keyboard,
    };
    const struct access_source source = { .section = &section,
                                          .section_count = 1 };

    return access_rules_compile(&source, NULL, NULL);
}

/* The same machinery as for rules of a file, with lines that are 0. */
struct access_rules *access_rules_standard(const char *keeper, bool is_open,
                                           enum access_keyboard keyboard)
{
    struct access_rules *rules = NULL;

    if (keeper != NULL) {
        char *user = xmalloc(strlen(keeper) + sizeof "user:");

        stpcpy(stpcpy(user, "user:"), keeper);
        rules = make_standard(user, is_open, keyboard);
        free(user);
    }
    /* A user whose name no rule could have is known by its uid. */
    if (rules == NULL)
        rules = make_standard(NULL, is_open, keyboard);
    assert(rules != NULL);
    rules->is_standard = true;
    return rules;
}

static void free_members(struct rules_member *member, size_t count)
{
    for (size_t i = 0; i < count; i++)
        member_done(&member[i].member);
    free(member);
}

void access_rules_free(struct access_rules *rules)
{
    if (rules == NULL)
        return;
    for (size_t i = 0; i < rules->group_count; i++) {
        free(rules->group[i].name);
        free(rules->group[i].grants.item);
        free_members(rules->group[i].member, rules->group[i].count);
    }
    for (size_t i = 0; i < rules->section_count; i++) {
        struct rules_section *section = &rules->section[i];

        free(section->pattern);
        free(section->host);
        free(section->grants.item);
        free_members(section->member, section->count);
    }
    free(rules->group);
    free(rules->section);
    free(rules);
}

const char *access_record_name(enum access_record record)
{
    static const char *const names[] = {
        [ACCESS_RECORD_OFF] = "off",
        [ACCESS_RECORD_SESSIONS] = "sessions",
        [ACCESS_RECORD_ALWAYS] = "always",
    };

    return names[record];
}

bool access_rules_are_standard(const struct access_rules *rules)
{
    return rules->is_standard;
}

/* ---- judging ------------------------------------------------------------ */

/* Of a host that has gone the first 64 bits of an IPv6 address are known, and
 * the others are 0, which no host has (RFC 4291, 2.6.1). The section that was
 * for its console has to be for it still. */
static bool is_in(const struct network *n, struct ip host)
{
    struct network site = *n;

    if (!n->is_ipv4 && host.low == 0) {
        site.address.low = 0;
        site.mask.low = 0;
    }
    return network_contains(&site, host);
}

bool rules_section_has_host(const struct rules_section *section, struct ip host)
{
    if (section->host_count == 0)
        return true;
    if (ip_is_none(host))
        return false;
    for (size_t i = 0; i < section->host_count; i++) {
        if (is_in(&section->host[i], host))
            return true;
    }
    return false;
}

const struct rules_section *rules_find_section(
    const struct access_rules *rules, const struct access_console *console,
    const struct pattern_console *texts)
{
    for (size_t i = 0; i < rules->section_count; i++) {
        const struct rules_section *section = &rules->section[i];

        if (rules_section_has_host(section, console->host) &&
            pattern_matches_console(section->pattern, texts))
            return section;
    }
    return NULL;
}

const struct rules_section *rules_next_undecided(
    const struct access_rules *rules, const struct access_console *console,
    const struct pattern_console *texts, const struct rules_section *section)
{
    const struct rules_section *end = rules->section + rules->section_count;

    if (!rules->uses_inventory || !console->vm.is_unknown)
        return NULL;
    for (section = section != NULL ? section + 1 : rules->section;
         section < end; section++) {
        if (!rules_section_has_host(section, console->host))
            continue;
        if (pattern_is_undecided(section->pattern, texts))
            return section;
        if (pattern_matches_console(section->pattern, texts))
            break;
    }
    return NULL;
}

bool access_rules_use_inventory(const struct access_rules *rules)
{
    return rules->uses_inventory;
}

const struct rules_grant *rules_find_grant(const struct rules_section *section,
                                           const struct principal *who,
                                           const struct principal *at)
{
    for (size_t i = 0; i < section->grants.count; i++) {
        const struct rules_grant *grant = &section->grants.item[i];

        if (member_has_name_of(grant->kind, grant->name, who) &&
            member_is_from(&grant->from, at))
            return grant;
    }
    return NULL;
}

static struct access_verdict verdict_of(const struct rules_section *section,
                                        const struct rules_grant *grant)
{
    struct access_verdict v = { .right = RIGHT_NONE,
                                .keyboard = section->keyboard,
                                .line = section->line,
                                .is_matched = true };

    if (grant != NULL) {
        v.right = (enum right)grant->right;
        v.line = grant->given->line;
    }
    return v;
}

/* vspcd's own user may have another name at each place; what counts is its
 * uid. */
static bool is_admin_anyway(const struct access_rules *rules,
                            const struct principal *who)
{
    return rules->is_standard && who->is_keeper;
}

static struct access_verdict judge_as(const struct access_rules *rules,
                                      const struct rules_section *section,
                                      const struct principal *who,
                                      const struct principal *at)
{
    struct access_verdict v =
        verdict_of(section, rules_find_grant(section, who, at));

    if (is_admin_anyway(rules, who))
        v.right = RIGHT_ADMIN;
    return v;
}

/* A token does what its owner may, at the token's address. A keeper's token can
 * do more by a rule for the token itself: the keeper could as well write the
 * rules. */
static struct access_verdict judge_token(const struct access_rules *rules,
                                         const struct rules_section *section,
                                         const struct principal *token,
                                         const struct pattern_console *texts)
{
    struct access_verdict v = verdict_of(section, NULL);
    struct access_verdict own;

    if (token->owner == NULL ||
        (token->consoles != NULL &&
         !pattern_matches_console(token->consoles, texts)))
        return v;
    v = judge_as(rules, section, token->owner, token);
    own = judge_as(rules, section, token, token);
    if (token->owner->is_keeper && own.right > v.right)
        v = own;
    if (v.right > (enum right)token->right_max)
        v.right = (enum right)token->right_max;
    return v;
}

static struct access_verdict judge_in(const struct access_rules *rules,
                                      const struct rules_section *section,
                                      const struct principal *who,
                                      const struct pattern_console *texts)
{
    return who->proof == PROOF_TOKEN ? judge_token(rules, section, who, texts)
                                     : judge_as(rules, section, who, who);
}

struct access_verdict access_rules_judge(const struct access_rules *rules,
                                         const struct principal *who,
                                         const struct access_console *console)
{
    const struct pattern_console texts = pattern_console_of(console);
    const struct rules_section *section =
        rules_find_section(rules, console, &texts);
    struct access_verdict v = { .right = RIGHT_NONE };

    if (section != NULL)
        v = judge_in(rules, section, who, &texts);
    /* Each of these may be the one that is meant: nobody gets more than the
     * least of them gives. */
    for (section = rules_next_undecided(rules, console, &texts, NULL);
         section != NULL;
         section = rules_next_undecided(rules, console, &texts, section)) {
        struct access_verdict other = judge_in(rules, section, who, &texts);

        if (other.right < v.right)
            v = other;
    }
    return v;
}

bool access_rules_may_read_any(const struct access_rules *rules,
                               const struct principal *who)
{
    if (who->proof == PROOF_TOKEN)
        return true;
    for (size_t i = 0; i < rules->section_count; i++) {
        if (judge_as(rules, &rules->section[i], who, who).right >= RIGHT_READ)
            return true;
    }
    return false;
}

/* Asked of each console with each client that comes: most rules say nothing. */
struct access_recording access_rules_recording(
    const struct access_rules *rules, const struct access_console *console)
{
    struct access_recording recording = { .record = ACCESS_RECORD_OFF };
    const struct rules_section *section;
    struct pattern_console texts;

    if (!rules->has_recordings)
        return recording;
    texts = pattern_console_of(console);
    section = rules_find_section(rules, console, &texts);
    if (section != NULL)
        recording = section->recording;
    /* Rather too much is recorded than too little. */
    for (section = rules_next_undecided(rules, console, &texts, NULL);
         section != NULL;
         section = rules_next_undecided(rules, console, &texts, section)) {
        if (section->recording.record > recording.record)
            recording = section->recording;
    }
    return recording;
}

/* ---- what a login could give -------------------------------------------- */

/* A token's name counts by itself for a keeper's token, whose owner may have no
 * other right. */
static bool is_gained_by_login(enum member_kind kind)
{
    return kind == MEMBER_PERSON || kind == MEMBER_UNIX || kind == MEMBER_TOKEN;
}

static enum right most_by_login(const struct rules_section *section,
                                const struct principal *who)
{
    for (size_t i = 0; i < section->grants.count; i++) {
        const struct rules_grant *grant = &section->grants.item[i];

        if (is_gained_by_login(grant->kind) &&
            member_is_from(&grant->from, who))
            return (enum right)grant->right;
    }
    return RIGHT_NONE;
}

static bool may_gain_in(const struct access_rules *rules,
                        const struct rules_section *section,
                        const struct principal *who,
                        const struct pattern_console *texts)
{
    return most_by_login(section, who) >
           judge_in(rules, section, who, texts).right;
}

bool access_rules_may_gain(const struct access_rules *rules,
                           const struct principal *who,
                           const struct access_console *console)
{
    const struct access_console none = { .name = NULL };
    const struct pattern_console texts =
        pattern_console_of(console != NULL ? console : &none);
    const struct rules_section *section;

    if (console != NULL) {
        section = rules_find_section(rules, console, &texts);
        return section != NULL && may_gain_in(rules, section, who, &texts);
    }
    for (size_t i = 0; i < rules->section_count; i++) {
        section = &rules->section[i];
        if (judge_in(rules, section, who, &texts).right < RIGHT_WRITE &&
            may_gain_in(rules, section, who, &texts))
            return true;
    }
    return false;
}

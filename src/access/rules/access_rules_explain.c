/*
 * Says how a verdict is found, with the functions that find it: the sections in
 * their order up to the one that decides, then its members, the greatest right
 * first, up to the one that is for the principal.
 */
#include "access/rules/access_rules_private.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Text of the file or of a peer, cleaned, and cut later than by text_show:
 * principals are shown, who may have an owner. */
struct shown {
    char text[121];
};

static struct shown show(const char *text)
{
    struct shown shown = { "" };

    text_clean(shown.text, sizeof shown.text, slice_of_text(text));
    return shown;
}

struct output {
    const char *file;
    char *to;
    size_t size;
};

/* line 0: of no file. */
__attribute__((format(printf, 3, 4))) static void say(struct output *out,
                                                      unsigned line,
                                                      const char *format, ...)
{
    size_t len = strlen(out->to);
    va_list args;

    if (line != 0) {
        snprintf(out->to + len, out->size - len, "%s:%u: ", out->file, line);
        len = strlen(out->to);
    }
    va_start(args, format);
    vsnprintf(out->to + len, out->size - len, format, args);
    va_end(args);
    len = strlen(out->to);
    snprintf(out->to + len, out->size - len, "\n");
}

/* ---- members ------------------------------------------------------------- */

/* A member as the file has it, without "from". */
static struct shown show_member(const struct rules_member *m)
{
    char text[PRINCIPAL_NAME_MAX + 16];

    if (m->member.kind == MEMBER_ANYBODY)
        return show("anybody");
    if (m->member.kind == MEMBER_PERSON)
        return show(m->member.name);
    snprintf(text, sizeof text, "%s%s", member_prefix(m->member.kind),
             m->member.name);
    return show(text);
}

/* A Unix socket has no address. */
static struct shown show_place(const struct principal *at)
{
    struct network n = { .address = at->ip,
                         .mask = { UINT64_MAX, UINT64_MAX },
                         .is_ipv4 = ip_is_ipv4(at->ip) };

    if (ip_is_none(at->ip))
        return show(at->is_local ? "this machine" : "an unknown address");
    return show(network_format(&n).text);
}

static void say_from(struct output *out, const struct rules_grant *grant,
                     const struct principal *at)
{
    const struct member_from *from = &grant->from;
    const char *local = from->is_local ? "this machine" : "";

    if (from->has_network && from->is_local)
        local = "this machine and ";
    say(out, grant->given->line,
        "%s is for '%s', by '%s', but only from %s%s; this comes from %s",
        right_name((enum right)grant->right), show_member(grant->given).text,
        show_member(grant->found).text, local,
        from->is_nowhere    ? "networks that have nothing in common"
        : from->has_network ? network_format(&from->network).text
                            : "",
        show_place(at).text);
}

/* A member of the section that is not for who. Its grants are in a row: *at is
 * the first, and the first behind them afterwards. */
static void say_not_for(struct output *out, const struct rules_section *section,
                        const struct rules_member *given, size_t *at,
                        const struct principal *who,
                        const struct principal *from)
{
    bool is_named = false;

    for (; *at < section->grants.count; ++*at) {
        const struct rules_grant *grant = &section->grants.item[*at];

        if (grant->given != given)
            break;
        if (!member_has_name_of(grant->kind, grant->name, who))
            continue;
        is_named = true;
        say_from(out, grant, from);
    }
    if (!is_named)
        say(out, given->line, "%s is for '%s', which is not %s",
            right_name((enum right)given->right), show_member(given).text,
            show(principal_format(who).text).text);
}

static void say_grant(struct output *out, const struct rules_grant *grant,
                      const struct principal *who)
{
    say(out, grant->given->line, "%s is for '%s', and so for %s",
        right_name((enum right)grant->right), show_member(grant->given).text,
        show(principal_format(who).text).text);
    if (grant->found != grant->given)
        say(out, grant->found->line, "'%s' is in that group",
            show_member(grant->found).text);
}

/* who: as in rules_find_grant, which decides. */
static void say_members(struct output *out, const struct rules_section *section,
                        const struct principal *who,
                        const struct principal *from)
{
    const struct rules_grant *grant = rules_find_grant(section, who, from);
    size_t at = 0;

    for (size_t i = 0; i < section->count; i++) {
        if (grant != NULL && grant->given == &section->member[i])
            break;
        say_not_for(out, section, &section->member[i], &at, who, from);
    }
    if (grant != NULL)
        say_grant(out, grant, who);
    else
        say(out, section->line, "nothing in access '%s' is for %s",
            show(section->pattern).text, show(principal_format(who).text).text);
}

/* ---- tokens -------------------------------------------------------------- */

static void say_token(struct output *out, const struct rules_section *section,
                      const struct principal *token,
                      const struct pattern_console *texts)
{
    if (token->owner == NULL) {
        say(out, 0, "a token without an owner may do nothing");
        return;
    }
    if (token->consoles != NULL &&
        !pattern_matches_console(token->consoles, texts)) {
        say(out, 0, "the token is for other consoles alone: '%s'",
            show(token->consoles).text);
        return;
    }
    say(out, 0, "the token acts for %s, at its own address:",
        show(principal_format(token->owner).text).text);
    say_members(out, section, token->owner, token);
    if (token->owner->is_keeper) {
        say(out, 0,
            "its owner can write vspcd's files, so rules for the token "
            "itself count too:");
        say_members(out, section, token, token);
    }
    say(out, 0, "the token itself is for %s at most",
        right_name((enum right)token->right_max));
}

/* ---- sections ------------------------------------------------------------ */

static void say_other(struct output *out, const struct rules_section *section,
                      const struct access_console *console)
{
    const char *why = "is not for the address of its VM's host";

    if (rules_section_has_host(section, console->host)) {
        why = "does not match";
        if (console->vm.is_unknown && pattern_is_of_inventory(section->pattern))
            why = "may match: the inventory, or its line of this VM, could "
                  "not be read";
        else if (!inventory_vm_is_known(&console->vm) &&
                 pattern_is_of_inventory(section->pattern))
            why = "does not match: the inventory does not have this VM";
    } else if (ip_is_none(console->host))
        why = "has hosts, and no host of its VM is known";
    say(out, section->line, "access '%s' %s", show(section->pattern).text, why);
}

static void say_in(struct output *out, const struct rules_section *section,
                   const struct principal *who,
                   const struct pattern_console *texts)
{
    if (who->proof == PROOF_TOKEN)
        say_token(out, section, who, texts);
    else
        say_members(out, section, who, who);
}

static void say_undecided(struct output *out, const struct access_rules *rules,
                          const struct principal *who,
                          const struct access_console *console,
                          const struct pattern_console *texts)
{
    const struct rules_section *section = NULL;

    for (;;) {
        section = rules_next_undecided(rules, console, texts, section);
        if (section == NULL)
            return;
        say(out, section->line,
            "access '%s' may be for it too: the inventory, or its line of this "
            "VM, could not be read, so the least right counts",
            show(section->pattern).text);
        say_in(out, section, who, texts);
    }
}

static void say_standard(struct output *out)
{
    say(out, 0,
        "there is no access section: root and vspcd's own user are admin, "
        "connections from this machine may break; as vSPCServer, everybody "
        "may write");
}

void access_rules_explain(const struct access_rules *rules, const char *file,
                          const struct principal *who,
                          const struct access_console *console, char *to,
                          size_t size)
{
    const struct pattern_console texts = pattern_console_of(console);
    const struct rules_section *section =
        rules_find_section(rules, console, &texts);
    struct output out = { .file = file, .to = to, .size = size };

    if (rules->is_standard) {
        say_standard(&out);
        return;
    }
    for (size_t i = 0; i < rules->section_count; i++) {
        if (&rules->section[i] == section)
            break;
        say_other(&out, &rules->section[i], console);
    }
    if (section == NULL) {
        say(&out, 0, "no access section is for this console");
        return;
    }
    say(&out, section->line, "access '%s' decides",
        show(section->pattern).text);
    say_in(&out, section, who, &texts);
    say_undecided(&out, rules, who, console, &texts);
}

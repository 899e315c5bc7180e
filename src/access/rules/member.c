#include "access/rules/member.h"

#include "access/pattern.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *prefix;
    enum member_kind kind;
} kinds[] = {
    { "user:", MEMBER_PERSON }, { "unix:", MEMBER_UNIX },
    { "proxy:", MEMBER_PROXY }, { "certificate:", MEMBER_CERTIFICATE },
    { "token:", MEMBER_TOKEN },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* ---- reading ------------------------------------------------------------ */

const char *member_prefix(enum member_kind kind)
{
    for (int i = 0; i < KINDS; i++) {
        if (kinds[i].kind == kind)
            return kinds[i].prefix;
    }
    return "";
}

static int bad_prefix(const char *text, struct err *err)
{
    err_set(err,
            "member '%s' is not valid: before the colon, expected user, unix, "
            "proxy, certificate or token",
            text_show(text).text);
    return -EINVAL;
}

/* Sets kind, and what of text is the name. */
static int split_prefix(const char *text, struct member *m, const char **ret,
                        struct err *err)
{
    if (strcmp(text, "anybody") == 0) {
        m->kind = MEMBER_ANYBODY;
        *ret = NULL;
        return 0;
    }
    for (int i = 0; i < KINDS; i++) {
        size_t len = strlen(kinds[i].prefix);

        if (strncmp(text, kinds[i].prefix, len) == 0) {
            m->kind = kinds[i].kind;
            *ret = text + len;
            return 0;
        }
    }
    if (strchr(text, ':') != NULL)
        return bad_prefix(text, err);
    m->kind = MEMBER_PLAIN;
    *ret = text;
    return 0;
}

static bool has_pattern(enum member_kind kind)
{
    return kind == MEMBER_CERTIFICATE || kind == MEMBER_TOKEN;
}

static int check_name(const struct member *m, const char *text,
                      const char *name, struct err *err)
{
    if (name == NULL)
        return 0;
    if (*name == '\0') {
        err_set(err, "member '%s' is not valid: expected a name",
                text_show(text).text);
        return -EINVAL;
    }
    if (has_pattern(m->kind))
        return pattern_check(name, err);
    if (pattern_is_glob(name)) {
        err_set(err,
                "member '%s' is not valid: names of persons and groups are "
                "compared exactly; only certificate: and token: have patterns",
                text_show(text).text);
        return -EINVAL;
    }
    return 0;
}

/* The last "from" between blanks, or at an end of the text. */
static const char *find_from(const char *text)
{
    const char *found = NULL;

    for (const char *at = strstr(text, "from"); at != NULL;
         at = strstr(at + 1, "from")) {
        if ((at == text || at[-1] == ' ') && (at[4] == ' ' || at[4] == '\0'))
            found = at;
    }
    return found;
}

static int missing(const char *text, struct err *err)
{
    err_set(err,
            "member '%s' is not valid: expected MEMBER from NETWORK, or MEMBER "
            "from local",
            text_show(text).text);
    return -EINVAL;
}

static int parse_who(const char *text, struct member *m, struct err *err)
{
    const char *name = NULL;
    int r = split_prefix(text, m, &name, err);

    if (r == 0)
        r = check_name(m, text, name, err);
    if (r == 0 && !has_pattern(m->kind) && find_from(text) != NULL &&
        strcmp(text, "from") != 0)
        r = missing(text, err); /* there is another one behind it */
    if (r == 0 && name != NULL)
        m->name = xstrdup(name);
    return r;
}

static int parse_from(const char *text, struct member_from *from,
                      struct err *err)
{
    if (strcmp(text, "local") == 0) {
        from->is_local = true;
        return 0;
    }
    from->has_network = true;
    return network_parse(text, &from->network, err);
}

int member_parse(const char *text, struct member *ret, struct err *err)
{
    const char *from = find_from(text);
    struct member m = { .kind = MEMBER_PLAIN };
    char *who;
    int r = 0;

    /* A person may be called "from". */
    if (from == NULL || strcmp(text, "from") == 0) {
        r = parse_who(text, &m, err);
    } else {
        const char *network = from + 4 + strspn(from + 4, " ");
        size_t len = (size_t)(from - text);

        while (len > 0 && text[len - 1] == ' ')
            len--;
        if (len == 0 || *network == '\0')
            return missing(text, err);
        r = parse_from(network, &m.from, err);
        if (r < 0)
            return r;
        who = xstrndup(text, len);
        r = parse_who(who, &m, err);
        free(who);
    }
    if (r == 0)
        *ret = m;
    return r;
}

void member_done(struct member *m)
{
    free(m->name);
    m->name = NULL;
}

const char *member_doubt(const struct member *m)
{
    if (m->name == NULL)
        return NULL;
    if (!principal_is_name(m->name))
        return "has characters that no name has, or is too long";
    /* Groups of a directory can have blanks: "domain users". */
    if (m->kind != MEMBER_PERSON)
        return NULL;
    if (strchr(m->name, ' ') != NULL)
        return "is no person: names of persons have no blanks";
    if (strchr("%@+&", m->name[0]) != NULL)
        return "is taken for a person: those in a group of accounts are "
               "unix:GROUP";
    return NULL;
}

/* ---- judging ------------------------------------------------------------ */

/* Of two networks, one contains the other, or they have nothing in common. */
struct member_from member_from_both(const struct member_from *a,
                                    const struct member_from *b)
{
    struct member_from both = *a;

    both.is_local |= b->is_local;
    both.is_nowhere |= b->is_nowhere;
    if (!b->has_network)
        return both;
    if (!a->has_network || network_is_within(&b->network, &a->network))
        both.network = b->network;
    else if (!network_is_within(&a->network, &b->network))
        both.is_nowhere = true;
    both.has_network = true;
    return both;
}

bool member_is_from(const struct member_from *from, const struct principal *who)
{
    if (from->is_nowhere || (from->is_local && !who->is_local))
        return false;
    /* ::/0 contains no peer of a Unix socket. */
    return !from->has_network ||
           (!ip_is_none(who->ip) && network_contains(&from->network, who->ip));
}

static bool is_of_account(const struct principal *who)
{
    return who->proof == PROOF_UID || who->proof == PROOF_PASSWORD;
}

bool member_has_name_of(enum member_kind kind, const char *name,
                        const struct principal *who)
{
    if (kind == MEMBER_ANYBODY)
        return true;
    if (who->name == NULL)
        return false;
    switch (kind) {
    case MEMBER_ANYBODY:
        break;
    case MEMBER_PLAIN:
    case MEMBER_PERSON:
        return (is_of_account(who) || who->proof == PROOF_PROXY ||
                who->proof == PROOF_SSH) &&
               strcmp(name, who->name) == 0;
    case MEMBER_UNIX:
        return is_of_account(who) && principal_has_group(who, name);
    case MEMBER_PROXY:
        return who->proof == PROOF_PROXY && principal_has_group(who, name);
    case MEMBER_CERTIFICATE:
        return who->proof == PROOF_CERTIFICATE &&
               pattern_matches(name, who->name);
    case MEMBER_TOKEN:
        return who->proof == PROOF_TOKEN && pattern_matches(name, who->name);
    }
    return false;
}

#include "cli/doctor/judge/firewall_words.h"

#include "base/slice.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_SEEN = 2048 };

/* What the lines of a ruleset have shown so far. */
struct seen {
    unsigned port;
    bool is_in_input; /* nft: within a chain of the hook input */
    bool filters;     /* there is a chain for what comes in */
    bool accepts;     /* a rule that names the port */
    bool drops;       /* the same */
    bool drops_rest;  /* what nothing names */
    bool has_partly;  /* a rule that accepts by address or interface alone */
};

/* The next line, without its blanks in front, cut. NULL: there is none. */
static const char *next_line(const char **at, char line[LINE_MAX_SEEN])
{
    size_t len = strcspn(*at, "\n");
    const char *from = *at;

    if (from[0] == '\0')
        return NULL;
    *at += len + (from[len] == '\n');
    for (; len > 0 && isspace((unsigned char)from[0]); len--)
        from++;
    snprintf(line, LINE_MAX_SEEN, "%.*s", (int)len, from);
    return line;
}

static bool has(const char *line, const char *words)
{
    return strstr(line, words) != NULL;
}

static bool begins(const char *line, const char *words)
{
    return strncmp(line, words, strlen(words)) == 0;
}

/* Numbers, ranges (A-B, A:B) and lists of them at the beginning of a text; the
 * first letter or "!" ends them. */
static bool lists_port(const char *text, unsigned port)
{
    while (text[0] != '\0' && text[0] != '!' &&
           !isalpha((unsigned char)*text)) {
        char *end;
        unsigned long first, last;

        if (!isdigit((unsigned char)text[0])) {
            text++;
            continue;
        }
        first = last = strtoul(text, &end, 10);
        if ((end[0] == '-' || end[0] == ':') && isdigit((unsigned char)end[1]))
            last = strtoul(end + 1, &end, 10);
        if (port >= first && port <= last)
            return true;
        text = end;
    }
    return false;
}

static bool names_port(const char *line, const char *key, unsigned port)
{
    const char *at = strstr(line, key);

    return at != NULL && lists_port(at + strlen(key), port);
}

static enum firewall_meaning verdict_of(const struct seen *s)
{
    if (s->accepts)
        return FIREWALL_OPEN;
    if (s->drops)
        return FIREWALL_CLOSED;
    if (s->drops_rest)
        return s->has_partly ? FIREWALL_PARTLY : FIREWALL_CLOSED;
    return s->filters ? FIREWALL_OPEN : FIREWALL_NONE;
}

/* ---- nft list ruleset -----------------------------------------------------
 */

static bool nft_drops(const char *line)
{
    return has(line, "drop") || has(line, "reject");
}

static void look_nft(struct seen *s, const char *line)
{
    if (begins(line, "chain ")) {
        s->is_in_input = false;
    } else if (has(line, "hook input")) {
        s->is_in_input = true;
        s->filters = true;
        s->drops_rest |= has(line, "policy drop");
    } else if (has(line, "dport")) {
        if (!names_port(line, "dport", s->port) || has(line, "udp dport"))
            return;
        s->accepts |= has(line, "accept");
        s->drops |= nft_drops(line);
    } else if (begins(line, "drop") || begins(line, "reject") ||
               (begins(line, "counter packets") && nft_drops(line))) {
        s->drops_rest |= s->is_in_input;
    } else if (has(line, "accept") &&
               (has(line, "saddr") ||
                (has(line, "iifname") && !has(line, "\"lo\"")))) {
        s->has_partly = true;
    }
}

/* ---- iptables -S ----------------------------------------------------------
 */

static void look_iptables(struct seen *s, const char *line)
{
    bool is_accept = has(line, "-j ACCEPT");
    bool is_drop = has(line, "-j DROP") || has(line, "-j REJECT");

    if (begins(line, "-P INPUT")) {
        s->drops_rest |= !has(line, "ACCEPT");
        s->filters |= s->drops_rest;
    } else if (has(line, "--dport")) {
        if ((!names_port(line, "--dport ", s->port) &&
             !names_port(line, "--dports ", s->port)) ||
            has(line, "-p udp"))
            return;
        s->accepts |= is_accept;
        s->drops |= is_drop;
    } else if (begins(line, "-A INPUT -j DROP") ||
               begins(line, "-A INPUT -j REJECT")) {
        s->drops_rest = true;
    } else if (is_accept && (has(line, " -s ") ||
                             (has(line, " -i ") && !has(line, " -i lo ")))) {
        s->has_partly = true;
    }
    s->filters |= begins(line, "-A INPUT");
}

/* ---- ufw status verbose ---------------------------------------------------
 */

static void look_ufw(struct seen *s, const char *line)
{
    if (begins(line, "Status: active")) {
        s->filters = true;
    } else if (begins(line, "Default:")) {
        s->drops_rest |= s->filters && !begins(line, "Default: allow");
    } else if (lists_port(line, s->port)) {
        s->accepts |= has(line, "ALLOW") && !has(line, "/udp");
        s->drops |= has(line, "DENY") || has(line, "REJECT");
    } else if (begins(line, "Anywhere") && has(line, "ALLOW")) {
        s->has_partly = true;
    }
}

/* ---- firewall-cmd --list-all ----------------------------------------------
 */

static void look_firewalld(struct seen *s, const char *line)
{
    char port[32];

    snprintf(port, sizeof port, "port=\"%u\"", s->port);
    if (begins(line, "target:")) {
        s->filters = true;
        s->drops_rest |= !has(line, "ACCEPT");
    } else if (begins(line, "ports:")) {
        /* "22/tcp 8000-9000/tcp": a word ends each */
        for (const char *at = line + strlen("ports:"); at[0] != '\0';) {
            at += strspn(at, " ");
            s->accepts |= lists_port(at, s->port) && !begins(at, "/udp");
            at += strcspn(at, " ");
        }
    } else if (has(line, port)) {
        s->accepts |= has(line, "accept");
    } else if (begins(line, "rule ") && has(line, "accept") &&
               has(line, "source") && !has(line, "port ")) {
        s->has_partly = true;
    }
}

enum firewall_meaning firewall_judge(const char *tool, const char *output,
                                     unsigned port)
{
    static const struct {
        const char *tool;
        void (*look)(struct seen *s, const char *line);
    } tools[] = {
        { "nft", look_nft },
        { "iptables", look_iptables },
        { "ufw", look_ufw },
        { "firewalld", look_firewalld },
    };
    struct seen seen = { .port = port };
    char line[LINE_MAX_SEEN];

    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) {
        if (strcmp(tools[i].tool, tool) != 0)
            continue;
        while (next_line(&output, line) != NULL)
            tools[i].look(&seen, line);
        return verdict_of(&seen);
    }
    return FIREWALL_STRANGE;
}

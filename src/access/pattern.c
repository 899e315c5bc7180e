#include "access/pattern.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

/* ---- one character of a pattern ----------------------------------------- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static char char_at(const struct pattern_text *t, size_t at)
{
    if (at < t->first_len)
        return t->first[at];
    return at == t->first_len ? '/' : t->second[at - t->first_len - 1];
}

static bool ignores_case_at(const struct pattern_text *t, size_t at)
{
    return t->is_case_ignored && at < t->first_len;
}

/* Where the next character (UTF-8) begins. */
static size_t behind_character(const struct pattern_text *t, size_t at)
{
    do
        at++;
    while (at < t->len && ((unsigned char)char_at(t, at) & 0xc0) == 0x80);
    return at;
}

static bool is_between(char c, char first, char last)
{
    return (unsigned char)c >= (unsigned char)first &&
           (unsigned char)c <= (unsigned char)last;
}

/* The range, or the single character, at the front of a set's rest. */
static size_t take_range(const char *set, char *ret_first, char *ret_last)
{
    bool is_range = set[1] == '-' && set[2] != ']' && set[2] != '\0';

    *ret_first = set[0];
    *ret_last = is_range ? set[2] : set[0];
    return is_range ? 3 : 1;
}

/* set is behind '['. Returns what follows the set; NULL: it has no end. */
static const char *match_set(const char *set, const struct pattern_text *t,
                             size_t at, bool *ret_is_matched)
{
    bool is_negated = *set == '!';
    bool is_in = false;
    char c = char_at(t, at);

    if (is_negated)
        set++;
    while (*set != ']') {
        char first, last;

        if (*set == '\0')
            return NULL;
        set += take_range(set, &first, &last);
        if (is_between(c, first, last) ||
            (ignores_case_at(t, at) && (is_between(lower(c), first, last) ||
                                        is_between(upper(c), first, last))))
            is_in = true;
    }
    *ret_is_matched = is_in != is_negated;
    return set + 1;
}

/* c is of a pattern, and stands for itself. */
static inline bool is_same(char c, const struct pattern_text *t, size_t at)
{
    char other = char_at(t, at);

    return c == other || (ignores_case_at(t, at) && lower(c) == lower(other));
}

/* Whether the character at the front of the pattern, which is no star, matches
 * the one at *at; both move on then. */
static bool match_one(const char **pattern, const struct pattern_text *t,
                      size_t *at)
{
    const char *p = *pattern;
    bool is_matched = false;

    if (*p == '?' || *p == '[') {
        p = *p == '?' ? p + 1 : match_set(p + 1, t, *at, &is_matched);
        if (p == NULL || (**pattern == '[' && !is_matched))
            return false;
        *at = behind_character(t, *at);
        *pattern = p;
        return true;
    }
    if (!is_same(*p, t, *at))
        return false;
    (*at)++;
    (*pattern)++;
    return true;
}

/* Where what follows a star can begin next, behind at. */
static size_t find_next(const char *pattern, const struct pattern_text *t,
                        size_t at)
{
    at = behind_character(t, at);
    if (*pattern == '?' || *pattern == '[')
        return at;
    while (at < t->len && !is_same(*pattern, t, at))
        at++;
    return at;
}

/* A star takes as little as it can, and one character more whenever the rest
 * does not match. Only the last star is tried again: what an earlier one took
 * was enough. */
static bool matches(const char *pattern, const struct pattern_text *t)
{
    const char *behind_star = NULL;
    size_t star_at = 0;
    size_t at = 0;

    for (;;) {
        if (*pattern == '*') {
            behind_star = ++pattern;
            star_at = at;
        } else if (at == t->len) {
            return *pattern == '\0';
        } else if (*pattern != '\0' && match_one(&pattern, t, &at)) {
            continue;
        } else if (behind_star == NULL) {
            return false;
        } else if (*behind_star == '\0') {
            return true;
        } else {
            star_at = find_next(behind_star, t, star_at);
            at = star_at;
            pattern = behind_star;
        }
    }
}

/* ---- what a pattern is compared with ------------------------------------- */

enum subject {
    SUBJECT_NAMES, /* of the console */
    SUBJECT_FOLDER,
    SUBJECT_OWNER,
    SUBJECT_TAG,
    SUBJECT_HOST,
};

/* *ret_glob: the pattern without its prefix. */
static enum subject subject_of(const char *pattern, const char **ret_glob)
{
    static const struct {
        const char *prefix;
        enum subject subject;
    } rows[] = {
        { "folder:", SUBJECT_FOLDER },
        { "owner:", SUBJECT_OWNER },
        { "tag:", SUBJECT_TAG },
        { "host:", SUBJECT_HOST },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = strlen(rows[i].prefix);

        if (strncmp(pattern, rows[i].prefix, len) == 0) {
            *ret_glob = pattern + len;
            return rows[i].subject;
        }
    }
    *ret_glob = pattern;
    return SUBJECT_NAMES;
}

bool pattern_is_of_inventory(const char *pattern)
{
    const char *glob;

    return subject_of(pattern, &glob) != SUBJECT_NAMES;
}

/* ---- matching ------------------------------------------------------------ */

bool pattern_is_glob(const char *pattern)
{
    return strpbrk(pattern, "*?[") != NULL;
}

bool pattern_matches(const char *pattern, const char *text)
{
    struct pattern_text t = { .first = text,
                              .second = "",
                              .first_len = strlen(text),
                              .len = strlen(text) };

    return matches(pattern, &t);
}

/* True for stars alone. */
static bool matches_all(const char *pattern)
{
    return pattern[0] == '*' && pattern[strspn(pattern, "*")] == '\0';
}

static void add_forms(struct pattern_console *to, const char *text,
                      const char *label, bool is_case_ignored)
{
    struct pattern_text form = { .first = text,
                                 .second = "",
                                 .is_case_ignored = is_case_ignored };

    if (text == NULL || text[0] == '\0')
        return;
    form.first_len = strlen(text);
    form.len = form.first_len;
    to->form[to->count++] = form;
    if (label == NULL || label[0] == '\0')
        return;
    form.second = label;
    form.len += 1 + strlen(label);
    to->form[to->count++] = form;
}

struct pattern_console pattern_console_of(const struct access_console *console)
{
    struct pattern_console texts = { .vm = &console->vm };

    add_forms(&texts, console->name, console->label, false);
    add_forms(&texts, console->uuid, console->label, true);
    return texts;
}

static inline bool is_special(char c)
{
    return c == '*' || c == '?' || c == '[';
}

/* Whether the text begins as the pattern does, up to its first special
 * character. Most sections are for other consoles, and a look at a character or
 * two of each form tells so: a reload asks each section about each client. */
static inline bool may_begin(const char *pattern, const struct pattern_text *t)
{
    size_t i = 0;

    while (pattern[i] != '\0' && !is_special(pattern[i])) {
        if (i == t->len || !is_same(pattern[i], t, i))
            return false;
        i++;
    }
    return pattern[i] != '\0' || i == t->len;
}

static inline bool may_end(const char *pattern, const struct pattern_text *t)
{
    char last = pattern[strlen(pattern) - 1];

    return last == '*' || last == '?' || last == ']' ||
           is_same(last, t, t->len - 1);
}

/* A text that is not known is matched by the empty glob alone, and that glob
 * matches nothing else. text NULL: it is not known. */
static bool matches_known(const char *glob, const char *text,
                          bool is_case_ignored)
{
    struct pattern_text t = { .first = text,
                              .second = "",
                              .is_case_ignored = is_case_ignored };

    if (text == NULL || text[0] == '\0')
        return glob[0] == '\0';
    t.first_len = strlen(text);
    t.len = t.first_len;
    return matches(glob, &t);
}

static bool matches_tag(const char *glob, const struct inventory_vm *vm)
{
    const char *tag = inventory_next_tag(vm, NULL);

    if (tag == NULL)
        return glob[0] == '\0';
    for (; tag != NULL; tag = inventory_next_tag(vm, tag)) {
        if (matches_known(glob, tag, false))
            return true;
    }
    return false;
}

/* The server has no texts; nothing is known of it either, and yet it is none of
 * the consoles of which nothing is known. */
static bool is_of_server(const struct pattern_console *console)
{
    return console->count == 0;
}

static bool matches_vm(enum subject subject, const char *glob,
                       const struct inventory_vm *vm)
{
    if (vm->is_unknown)
        return false;
    switch (subject) {
    case SUBJECT_FOLDER:
        return matches_known(glob, vm->folder, false);
    case SUBJECT_OWNER:
        return matches_known(glob, vm->owner, false);
    case SUBJECT_HOST:
        return matches_known(glob, vm->host, true);
    case SUBJECT_TAG:
        return matches_tag(glob, vm);
    case SUBJECT_NAMES:
        break;
    }
    return false;
}

bool pattern_is_undecided(const char *pattern,
                          const struct pattern_console *console)
{
    return console->vm->is_unknown && !is_of_server(console) &&
           pattern_is_of_inventory(pattern);
}

bool pattern_matches_console(const char *pattern,
                             const struct pattern_console *console)
{
    const char *glob;
    enum subject subject = subject_of(pattern, &glob);

    if (subject != SUBJECT_NAMES)
        return !is_of_server(console) && matches_vm(subject, glob, console->vm);
    if (pattern[0] == '\0')
        return false;
    if (matches_all(pattern))
        return true;
    for (int i = 0; i < console->count; i++) {
        const struct pattern_text *t = &console->form[i];

        if (may_begin(pattern, t) && may_end(pattern, t) && matches(pattern, t))
            return true;
    }
    return false;
}

/*
 * A literal is covered by what matches it. A glob is read as a text: its stars
 * and question marks are matched by nothing but a star of outer, if outer has
 * no other special characters, and a star matches whatever they stand for.
 */
static bool covers(const char *outer, const char *inner)
{
    if (matches_all(outer) || strcmp(outer, inner) == 0)
        return true;
    if (pattern_is_glob(inner) &&
        (strchr(inner, '[') != NULL || strpbrk(outer, "?[") != NULL))
        return false;
    return pattern_matches(outer, inner);
}

bool pattern_covers(const char *outer, const char *inner)
{
    const char *outer_glob, *inner_glob;
    enum subject subject = subject_of(outer, &outer_glob);

    if (subject == SUBJECT_NAMES && matches_all(outer))
        return true;
    if (subject_of(inner, &inner_glob) != subject)
        return false;
    /* What is not known is covered by itself alone. */
    if (subject != SUBJECT_NAMES && inner_glob[0] == '\0')
        return outer_glob[0] == '\0';
    return covers(outer_glob, inner_glob);
}

/* ---- checking ------------------------------------------------------------ */

static int refuse(struct err *err, const char *pattern, const char *why)
{
    err_set(err, "pattern '%s' %s", text_show(pattern).text, why);
    return -EINVAL;
}

static const char *wrong_in_range(const char *set, size_t len)
{
    if (strncmp(set, "[:", 2) == 0 || strncmp(set, "[.", 2) == 0 ||
        strncmp(set, "[=", 2) == 0)
        return "has a class of characters in []: expected the characters";
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)set[i] >= 0x80)
            return "has a character in [] that is not ASCII: expected ?";
    }
    if (len == 3 && set[0] > set[2])
        return "has a range in [] whose end is before its begin";
    if (len == 3 && set[3] == '-' && set[4] != ']')
        return "has a - behind a range in []: expected it last";
    return NULL;
}

/* *set is behind '[', and behind ']' afterwards. */
static const char *wrong_in_set(const char **set)
{
    const char *at = *set + (**set == '!');

    if (**set == '^')
        return "has [^: expected [! for what is not in the set";
    if (*at == ']')
        return "has [] without a character in it";
    while (*at != ']') {
        char first, last;
        const char *why;
        size_t len;

        if (*at == '\0')
            return "has [ without ]: expected [[] for a bracket itself";
        len = take_range(at, &first, &last);
        why = wrong_in_range(at, len);
        if (why != NULL)
            return why;
        at += len;
    }
    *set = at + 1;
    return NULL;
}

int pattern_check(const char *pattern, struct err *err)
{
    const char *at = pattern;

    if (*pattern == '\0')
        return refuse(err, pattern, "is empty: expected * for everything");
    if (strlen(pattern) >= PATTERN_MAX)
        return refuse(err, pattern, "is too long: the limit is 255 bytes");
    if (!text_is_visible(pattern))
        return refuse(err, pattern,
                      "has characters that nobody sees, or is no UTF-8");
    while (*at != '\0') {
        const char *why = NULL;
        char c = *at++;

        if (c == '\\')
            why = "has a backslash: expected [*] for a star itself, "
                  "[\\] for a backslash";
        else if (c == '[')
            why = wrong_in_set(&at);
        if (why != NULL)
            return refuse(err, pattern, why);
    }
    return 0;
}

#include "cli/run/script.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const verb_names[SCRIPT_VERB_COUNT] = {
    [SCRIPT_EXPECT] = "expect", [SCRIPT_SEND] = "send",
    [SCRIPT_TYPE] = "type",     [SCRIPT_BREAK] = "break",
    [SCRIPT_SYSRQ] = "sysrq",   [SCRIPT_TIMEOUT] = "timeout",
};

const char *script_verb_name(enum script_verb verb)
{
    return verb_names[verb];
}

/* What is typed may be a password. */
static void free_text(struct script_step *step)
{
    if (step->text != NULL)
        explicit_bzero(step->text, step->len);
    free(step->text);
}

void script_done(struct script *s)
{
    for (size_t i = 0; i < s->count; i++)
        free_text(&s->step[i]);
    free(s->step);
    *s = (struct script){ .count = 0 };
}

static int hex_of(char digit)
{
    const char *digits = "0123456789abcdef";
    const char *at =
        digit != '\0' ? strchr(digits, tolower((unsigned char)digit)) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

/* The character behind a backslash; *at is moved behind it. -1: none. */
static int read_escape(const char **at)
{
    static const char letters[] = "rnte\\";
    static const char characters[] = "\r\n\t\033\\";
    char letter = **at;
    const char *found = letter != '\0' ? strchr(letters, letter) : NULL;
    int high, low;

    if (found != NULL) {
        (*at)++;
        return characters[found - letters];
    }
    if (letter != 'x')
        return -1;
    high = hex_of((*at)[1]);
    low = high >= 0 ? hex_of((*at)[2]) : -1;
    if (low < 0)
        return -1;
    *at += 3;
    return high * 16 + low;
}

/* False: there is a backslash that means nothing. */
static bool read_typed(struct script_step *step, const char *text)
{
    step->text = xmalloc(strlen(text) + 2); /* Enter */
    while (*text != '\0') {
        int c = (uint8_t)*text++;

        if (c == '\\')
            c = read_escape(&text);
        if (c < 0)
            return false;
        step->text[step->len++] = (char)c;
    }
    if (step->verb == SCRIPT_SEND)
        step->text[step->len++] = '\r';
    step->text[step->len] = '\0';
    return true;
}

/* NULL, or what is expected instead. */
static const char *read_step(struct script_step *step, const char *text)
{
    unsigned long seconds;

    switch (step->verb) {
    case SCRIPT_EXPECT:
        if (text == NULL || text[0] == '\0')
            return "a regular expression";
        step->text = xstrdup(text);
        step->len = strlen(text);
        return NULL;
    case SCRIPT_SEND:
    case SCRIPT_TYPE:
        return read_typed(step, text != NULL ? text : "")
                   ? NULL
                   : "only \\r \\n \\t \\e \\\\ and \\xHH behind a backslash";
    case SCRIPT_BREAK:
        return text == NULL || text[0] == '\0' ? NULL : "nothing behind it";
    case SCRIPT_SYSRQ:
        if (text == NULL || !isalnum((unsigned char)text[0]) || text[1] != '\0')
            return "one letter or digit";
        step->text = xstrdup(text);
        step->len = 1;
        return NULL;
    case SCRIPT_TIMEOUT:
        if (text == NULL || !text_number(text, SCRIPT_TIMEOUT_MAX_S, &seconds))
            return "a number of seconds";
        step->seconds = (unsigned)seconds;
        return NULL;
    }
    return NULL;
}

static void refuse(struct err *err, unsigned line, const char *verb,
                   const char *problem)
{
    if (line > 0)
        err_set(err, "line %u: %.60s: %s", line, verb, problem);
    else
        err_set(err, "%.60s: %s", verb, problem);
}

int script_add(struct script *s, const char *verb, const char *text,
               unsigned line, struct err *err)
{
    struct script_step step = { .line = line };
    const char *expected;
    char problem[80];
    size_t i = 0;

    while (i < SCRIPT_VERB_COUNT && strcmp(verb_names[i], verb) != 0)
        i++;
    if (i == SCRIPT_VERB_COUNT || s->count == SCRIPT_STEPS_MAX) {
        refuse(err, line, verb,
               i == SCRIPT_VERB_COUNT ? "there is no such step"
                                      : "there are too many steps");
        return -EINVAL;
    }
    step.verb = (enum script_verb)i;
    expected = read_step(&step, text);
    if (expected != NULL) {
        free_text(&step);
        snprintf(problem, sizeof problem, "expected %s", expected);
        refuse(err, line, verb, problem);
        return -EINVAL;
    }
    s->step = mem_grow(s->step, s->count, sizeof *s->step);
    s->step[s->count++] = step;
    return 0;
}

/* line: without its end, and a copy that is changed. */
static int add_line(struct script *s, char *line, unsigned number,
                    struct err *err)
{
    char *text = line + strspn(line, " \t");
    size_t len = strcspn(text, " \t");
    const char *behind = NULL;

    if (text[0] == '\0' || text[0] == '#')
        return 0;
    if (text[len] != '\0') {
        text[len] = '\0';
        /* One blank stands between; others are of the text. */
        behind = text + len + 1;
    }
    return script_add(s, text, behind, number, err);
}

int script_parse(struct script *s, struct slice content, struct err *err)
{
    char line[SCRIPT_TEXT_MAX + 1];
    unsigned number = 0;
    int r = 0;

    while (r == 0 && content.len > 0) {
        const uint8_t *end = memchr(content.data, '\n', content.len);
        size_t len = end != NULL ? (size_t)(end - content.data) : content.len;
        size_t own = len > 0 && content.data[len - 1] == '\r' ? len - 1 : len;

        number++;
        if (own > SCRIPT_TEXT_MAX ||
            (own > 0 && memchr(content.data, '\0', own) != NULL)) {
            refuse(err, number, "the line",
                   own > SCRIPT_TEXT_MAX ? "is too long" : "is no text");
            r = -EINVAL;
            break;
        }
        if (own > 0)
            memcpy(line, content.data, own);
        line[own] = '\0';
        r = add_line(s, line, number, err);
        content = slice_after(content, end != NULL ? len + 1 : len);
    }
    explicit_bzero(line, sizeof line);
    return r;
}

bool script_types(const struct script *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->step[i].verb != SCRIPT_EXPECT &&
            s->step[i].verb != SCRIPT_TIMEOUT)
            return true;
    return false;
}

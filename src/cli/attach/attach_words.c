/* What is said to the person: lines of "[vspc: ...]" between the console's
 * bytes, where both are on one terminal. */
#include "base/text.h"
#include "cli/attach/attach_private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1024 };

static void put_line(struct attach *a, const char *text)
{
    char line[LINE_MAX_BYTES];

    /* Bright, so that it is not taken for the console's. */
    snprintf(line, sizeof line, "%s[vspc: %.900s]\r\n",
             a->is_in_line ? "\r\n" : "", text);
    attach_put_words(a, slice_of_text(line));
}

__attribute__((format(printf, 3, 0))) static void say(struct attach *a,
                                                      bool is_error,
                                                      const char *format,
                                                      va_list args)
{
    char raw[LINE_MAX_BYTES];
    char clean[LINE_MAX_BYTES];

    vsnprintf(raw, sizeof raw, format, args);
    text_clean(clean, sizeof clean, slice_of_text(raw));
    if (a->settings->is_quiet && !is_error)
        return;
    if (a->shows_words && !a->settings->is_raw)
        put_line(a, clean);
    else if (!a->shows_words || is_error)
        fprintf(stderr, "vspc: %s%s\n", clean, a->is_terminal ? "\r" : "");
}

void attach_say(struct attach *a, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(a, false, format, args);
    va_end(args);
}

void attach_say_error(struct attach *a, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(a, true, format, args);
    va_end(args);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

/* ---- numbers -------------------------------------------------------------
 */

struct number_text {
    char text[32];
};

/* 1,234,567 */
static struct number_text format_number(uint64_t n)
{
    struct number_text shown = { "" };
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, n);
    char *to = shown.text;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return shown;
}

static void format_gap(const json_t *gap, char *to, size_t size)
{
    json_int_t bytes = json_integer_value(json_object_get(gap, "bytes"));
    const char *reason = text_of(gap, "reason");
    const char *why = strcmp(reason, "purged") == 0
                          ? ": somebody has purged the output"
                      : strcmp(reason, "slow") == 0
                          ? ": this terminal was slower than the console"
                          : "";

    if (bytes > 0)
        snprintf(to, size, "%s byte%s %s missed%s",
                 format_number((uint64_t)bytes).text, bytes == 1 ? "" : "s",
                 bytes == 1 ? "was" : "were", why);
    else
        snprintf(to, size, "output may be missing here%s", why);
}

void attach_say_back(struct attach *a, const json_t *gap)
{
    char missed[128];

    if (gap != NULL)
        format_gap(gap, missed, sizeof missed);
    if (a->is_back)
        attach_say(a, gap != NULL ? "reconnected; %s" : "reconnected%s",
                   gap != NULL ? missed : "");
    else if (gap != NULL)
        attach_say(a, "%s", missed);
    a->is_back = false;
}

/* ---- people --------------------------------------------------------------
 */

/* "3 alice from 192.0.2.1:40000, write, free-for-all, has the keyboard" */
static void say_person(struct attach *a, const json_t *client)
{
    const char *name = text_of(client, "name");
    const char *peer = text_of(client, "peer");
    bool has_both = name[0] != '\0' && peer[0] != '\0';

    attach_say(a, "%" JSON_INTEGER_FORMAT " %s%s%s, %s, %s%s",
               json_integer_value(json_object_get(client, "number")), name,
               has_both ? " from " : "", peer, text_of(client, "right"),
               text_of(client, "mode"),
               json_is_true(json_object_get(client, "has_keyboard"))
                   ? ", has the keyboard"
                   : "");
}

void attach_say_people(struct attach *a)
{
    const json_t *clients = json_object_get(a->people, "clients");
    json_int_t total = json_integer_value(json_object_get(a->people, "total"));
    size_t count = json_array_size(clients);

    if (count == 0)
        attach_say(a, "it is not known who is here");
    for (size_t i = 0; i < count; i++)
        say_person(a, json_array_get(clients, i));
    if (total > (json_int_t)count)
        attach_say(a, "and %" JSON_INTEGER_FORMAT " more",
                   total - (json_int_t)count);
}

/* ---- at first ------------------------------------------------------------
 */

void attach_greet(struct attach *a, const json_t *hello)
{
    const json_t *console = json_object_get(hello, "console");
    const json_t *you = json_object_get(hello, "you");
    const char *state = text_of(console, "state");
    struct keys_text key = keys_format(a->settings->escape);
    bool is_reader = strcmp(text_of(you, "right"), "read") == 0 ||
                     strcmp(text_of(you, "mode"), "read-only") == 0;
    char leave[64] = "";

    if (!a->is_terminal)
        return;
    if (key.text[0] != '\0')
        snprintf(leave, sizeof leave, "; %s . leaves, %s ? helps", key.text,
                 key.text);
    attach_say(a, "%s%s%s%s", a->settings->name,
               strcmp(state, "none") == 0 ? ", whose VM is not connected" : "",
               is_reader ? ", to read" : "", leave);
}

static void say_lock(struct attach *a, const json_t *text)
{
    const char *by = text_of(text, "by");
    const char *reason = text_of(text, "reason");

    if (by[0] == '\0')
        attach_say(a, "the keyboard is free");
    else if (!json_is_true(json_object_get(text, "may_type")))
        attach_say(a, "%s has the keyboard%s%s; keys are not taken", by,
                   reason[0] != '\0' ? ": " : "", reason);
}

void attach_say_text(struct attach *a, const char *type, const json_t *text)
{
    /* Answers to other commands say what was said already. */
    bool is_notice = strcmp(type, "notice") == 0 ||
                     (strcmp(type, "answer") == 0 &&
                      strcmp(text_of(text, "command"), "take") == 0);

    if (is_notice)
        attach_say(a, "%s", text_of(text, "text"));
    else if (strcmp(type, "break") == 0 &&
             json_is_true(json_object_get(text, "is_on")))
        attach_say(a, "the VM sends a break");
    else if (strcmp(type, "right") == 0)
        attach_say(a, "your right is %s now", text_of(text, "right"));
    else if (strcmp(type, "lock") == 0)
        say_lock(a, text);
    else if (strcmp(type, "error") == 0)
        attach_say_error(a, "%s", text_of(text, "text"));
}

/* ---- help ----------------------------------------------------------------
 */

void attach_say_help(struct attach *a)
{
    static const struct {
        const char *key;
        const char *text;
        bool is_for_shell;
    } rows[] = {
        { ".", "leave", false },
        { "?", "this help", false },
        { "b", "send a break", false },
        { "B", "send a SysRq key: its letter comes next, ? lists them", false },
        { "r", "replay what was shown last", false },
        { "w", "who is here", false },
        { "t", "take the keyboard over", false },
        { "s", "spy: only read from now on; again: type", false },
        { "l", "log to a file from now on; again: end the log", true },
        { "z", "suspend vspc, as ^Z does elsewhere", true },
    };
    struct keys_text key = keys_format(a->settings->escape);
    char line[128];

    attach_say(a, "keys behind %s:", key.text);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].is_for_shell && a->settings->is_by_ssh)
            continue;
        snprintf(line, sizeof line, "    %s  %s\r\n", rows[i].key,
                 rows[i].text);
        attach_put_words(a, slice_of_text(line));
    }
    snprintf(line, sizeof line, "    %-2s %s itself\r\n", key.text, key.text);
    attach_put_words(a, slice_of_text(line));
}

void attach_say_sysrq_help(struct attach *a)
{
    for (const char *letter = keys_sysrq_letters; *letter != '\0'; letter++) {
        char line[128];

        snprintf(line, sizeof line, "    %c  %s\r\n", *letter,
                 keys_sysrq_words(*letter));
        if (*letter < '1' || *letter > '9')
            attach_put_words(a, slice_of_text(line));
    }
    attach_say(a, "which letter? (another key: none)");
}

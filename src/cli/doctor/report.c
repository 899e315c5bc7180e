#include "cli/doctor/report.h"

#include "cli/doctor/judge/findings.h"
#include "cli/output/out.h"
#include "cli/output/width.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 80, LEFT = 15, LEAST_LEFT = 20 };

static const struct {
    const char *word;
    enum out_style style;
} looks[] = {
    [FINDING_OK] = { "ok", OUT_GOOD },
    [FINDING_NOTE] = { "note", OUT_HEADING },
    [FINDING_UNKNOWN] = { "unknown", OUT_FAINT },
    [FINDING_WRONG] = { "WRONG", OUT_NOTABLE },
};

static unsigned width(void)
{
    unsigned columns = out_columns();

    return columns > LEFT + LEAST_LEFT && columns < WIDTH ? columns : WIDTH;
}

/* Behind `at` columns that the line has already. */
static void print_wrapped(const char *text, unsigned indent, unsigned at)
{
    while (text[0] != '\0') {
        size_t len = strcspn(text, " ");
        char word[256];

        snprintf(word, sizeof word, "%.*s", (int)len, text);
        if (at > indent && at + 1 + width_of(word) >= width()) {
            out_format("\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            out_text(" ");
            at++;
        }
        out_bytes(slice_of(text, len));
        at += width_of(word);
        text += len;
        text += strspn(text, " ");
    }
    out_text("\n");
}

/* In lines, each indented so far. */
static void print_text(const char *text, unsigned indent)
{
    out_format("%*s", (int)indent, "");
    print_wrapped(text, indent, indent);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

/* Commands are lines of their own, as they are typed. */
static void print_command(const char *command)
{
    out_format("%*s", LEFT, "");
    out_begin(OUT_HEADING);
    out_text(command);
    out_end(OUT_HEADING);
    out_text("\n");
}

static void print_details(const json_t *finding)
{
    const json_t *steps = json_object_get(finding, "steps");

    for (size_t i = 0; i < json_array_size(steps); i++) {
        const char *step = json_string_value(json_array_get(steps, i));

        if (step[0] == '$')
            print_command(step);
        else
            print_text(step, LEFT);
    }
}

static void print_finding(const json_t *finding, enum finding_weight weight,
                          bool is_whole)
{
    const char *subject = text_of(finding, "subject");
    char line[1400];

    out_begin(looks[weight].style);
    out_format("%-8s", looks[weight].word);
    out_end(looks[weight].style);
    out_format("%-7s", text_of(finding, "code"));
    snprintf(line, sizeof line, "%s%s%s", subject,
             subject[0] != '\0' ? ": " : "", text_of(finding, "found"));
    print_wrapped(line, LEFT, LEFT);
    if (weight == FINDING_OK && !is_whole)
        return;
    print_details(finding);
    if (weight == FINDING_WRONG || is_whole) {
        out_begin(OUT_FAINT);
        out_format("%*s%s\n", LEFT, "", text_of(finding, "page"));
        out_end(OUT_FAINT);
    }
}

/* What one answer, or one right that is missing, leaves unknown is told once.
 */
static bool is_same_unknown(const json_t *a, const json_t *b)
{
    return strcmp(text_of(a, "weight"), "unknown") == 0 &&
           strcmp(text_of(b, "weight"), "unknown") == 0 &&
           strcmp(text_of(a, "found"), text_of(b, "found")) == 0;
}

static bool was_told(const json_t *items, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (is_same_unknown(json_array_get(items, j), json_array_get(items, i)))
            return true;
    }
    return false;
}

static void print_others(const json_t *items, size_t i)
{
    char line[400] = "the same of";
    size_t len = strlen(line);
    size_t count = 0;

    for (size_t j = i + 1; j < json_array_size(items); j++) {
        const json_t *other = json_array_get(items, j);

        if (!is_same_unknown(json_array_get(items, i), other) ||
            len + 8 > sizeof line)
            continue;
        len += (size_t)snprintf(line + len, sizeof line - len, " %.6s",
                                text_of(other, "code"));
        count++;
    }
    if (count > 0)
        print_text(line, LEFT);
}

static void print_sums(const unsigned *sums)
{
    out_format("\n%u wrong, %u to know, %u not looked at, %u well\n",
               sums[FINDING_WRONG], sums[FINDING_NOTE], sums[FINDING_UNKNOWN],
               sums[FINDING_OK]);
}

void report_findings(const json_t *items, bool is_whole, bool is_short)
{
    unsigned sums[FINDING_WRONG + 1] = { 0 };

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *finding = json_array_get(items, i);
        enum finding_weight weight = FINDING_OK;

        (void)finding_parse_weight(text_of(finding, "weight"), &weight);
        sums[weight]++;
        if ((is_short && weight != FINDING_WRONG) || was_told(items, i))
            continue;
        print_finding(finding, weight, is_whole);
        print_others(items, i);
    }
    if (!is_short)
        print_sums(sums);
    out_flush();
}

/* A word begins with a capital; a name, such as vm-allow or vMotion, stays. */
static bool is_word(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz");

    return text[len] == ' ' || text[len] == '\0';
}

void report_remedy(const struct remedy *remedy)
{
    char first = remedy->subject[0];

    out_begin(OUT_NOTABLE);
    out_format("%c%s",
               is_word(remedy->subject) ? toupper((unsigned char)first) : first,
               remedy->subject + 1);
    out_end(OUT_NOTABLE);
    out_text("\n");
    print_text(remedy->cause, 4);
    for (size_t i = 0; i < REMEDY_STEPS && remedy->steps[i] != NULL; i++) {
        if (remedy->steps[i][0] == '$')
            out_format("      %s\n", remedy->steps[i]);
        else
            print_text(remedy->steps[i], 4);
    }
    if (remedy->code != NULL)
        out_format("    See also: vspc doctor --check %s\n", remedy->code);
    out_text("\n");
}

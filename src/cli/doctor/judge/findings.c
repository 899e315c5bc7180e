#include "cli/doctor/judge/findings.h"

#include "base/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SENTENCE_MAX = 1024 };

static const char *const weights[] = {
    [FINDING_OK] = "ok",
    [FINDING_NOTE] = "note",
    [FINDING_UNKNOWN] = "unknown",
    [FINDING_WRONG] = "wrong",
};

const char *finding_weight_name(enum finding_weight weight)
{
    return weights[weight];
}

bool finding_parse_weight(const char *name, enum finding_weight *ret)
{
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        if (name != NULL && strcmp(weights[i], name) == 0) {
            *ret = (enum finding_weight)i;
            return true;
        }
    }
    return false;
}

__attribute__((format(printf, 2, 0))) static json_t *sentence(
    const char *before, const char *format, va_list args)
{
    char raw[SENTENCE_MAX];
    char clean[SENTENCE_MAX];
    int len = snprintf(raw, sizeof raw, "%s", before);

    vsnprintf(raw + len, sizeof raw - (size_t)len, format, args);
    (void)text_clean(clean, sizeof clean, slice_of_text(raw));
    return json_string(clean);
}

void findings_add(struct findings *f, enum finding_weight weight,
                  const char *subject, const char *format, ...)
{
    char clean[SENTENCE_MAX] = "";
    char page[64];
    va_list args;
    size_t len;

    if (subject != NULL)
        (void)text_clean(clean, sizeof clean, slice_of_text(subject));
    len = (size_t)snprintf(page, sizeof page, "docs/doctor.md#%s", f->code);
    for (size_t i = sizeof "docs/doctor.md#" - 1; i < len; i++)
        page[i] = (char)tolower((unsigned char)page[i]);
    va_start(args, format);
    f->last = json_pack("{s:s, s:s, s:s, s:s?, s:o, s:[], s:s}", "code",
                        f->code, "title", f->title, "weight", weights[weight],
                        "subject", clean[0] != '\0' ? clean : NULL, "found",
                        sentence("", format, args), "steps", "page", page);
    va_end(args);
    f->count++;
    (void)json_array_append_new(f->items, f->last);
}

void findings_advise(struct findings *f, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)json_array_append_new(json_object_get(f->last, "steps"),
                                sentence("", format, args));
    va_end(args);
}

void findings_command(struct findings *f, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)json_array_append_new(json_object_get(f->last, "steps"),
                                sentence("$ ", format, args));
    va_end(args);
}

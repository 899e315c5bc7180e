#include "vm/rehearse/report.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEFT_WIDTH = 40, SKIPPED_WIDTH = 8, WIDTH = 79 };

void report_open(struct report *r, bool is_json, bool has_progress)
{
    *r = (struct report){
        .is_json = is_json,
        .has_progress = has_progress,
        .steps = json_array(),
        .began_us = clock_now_us(),
    };
}

void report_close(struct report *r)
{
    json_decref(r->steps);
}

void report_begin(struct report *r, const char *proxy, const char *server,
                  unsigned vms)
{
    if (r->is_json)
        return;
    printf("Rehearsal: %u VM%s at %s\nConsoles: %s\n", vms, vms == 1 ? "" : "s",
           proxy,
           server != NULL ? server : "no --server, the side of VMs alone");
    fflush(stdout);
}

void report_step_begins(struct report *r, const struct step *step)
{
    if (r->has_progress)
        fprintf(stderr, "\r%s ...\033[K", step->name);
}

/* Words of the detail, in lines behind the columns. */
static void print_wrapped(const char *text, size_t left)
{
    size_t column = left;

    while (*text != '\0') {
        size_t len = strcspn(text, " ");

        if (column > left && column + 1 + len > WIDTH) {
            printf("\n%*s", (int)left, "");
            column = left;
        } else if (column > left) {
            putchar(' ');
            column++;
        }
        printf("%.*s", (int)len, text);
        column += len;
        text += len;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_step(const struct step *step, const struct outcome *o)
{
    char clean[2 * sizeof o->detail.text];

    text_clean(clean, sizeof clean, slice_of_text(o->detail.text));
    printf("%-7s %-21s %6.0f ms  ", o->kind == OUTCOME_OK ? "ok" : "FAILED",
           step->name, (double)o->took_us / 1000);
    print_wrapped(clean, LEFT_WIDTH);
    if (o->kind == OUTCOME_FAILED)
        printf("%*s(docs/rehearsal.md#%s)\n", LEFT_WIDTH, "", step->name);
    fflush(stdout);
}

void report_step(struct report *r, const struct step *step,
                 const struct outcome *o)
{
    char clean[2 * sizeof o->detail.text];

    r->count[o->kind]++;
    if (r->has_progress)
        fputs("\r\033[K", stderr);
    if (!r->is_json && o->kind != OUTCOME_SKIPPED)
        print_step(step, o);
    text_clean(clean, sizeof clean, slice_of_text(o->detail.text));
    (void)json_array_append_new(
        r->steps,
        json_pack("{s:s, s:s, s:s, s:f, s:s, s:O, s:s+}", "name", step->name,
                  "proves", step->help, "outcome", outcome_kind_name(o->kind),
                  "took", (double)o->took_us / 1e6, "detail", clean, "numbers",
                  o->numbers, "page", "docs/rehearsal.md#", step->name));
}

static const char *text_of(const json_t *step, const char *name)
{
    return json_string_value(json_object_get(step, name));
}

/* Those from the first one on that were skipped for the same reason. */
static void print_skipped_as(const struct report *r, size_t first)
{
    const char *why = text_of(json_array_get(r->steps, first), "detail");
    char line[2048] = "";
    size_t len = 0;

    for (size_t i = first; i < json_array_size(r->steps); i++) {
        const json_t *step = json_array_get(r->steps, i);

        if (strcmp(text_of(step, "outcome"), "skipped") == 0 &&
            strcmp(text_of(step, "detail"), why) == 0 && len < sizeof line)
            len += (size_t)snprintf(line + len, sizeof line - len, "%s%s",
                                    len > 0 ? ", " : "", text_of(step, "name"));
    }
    if (len < sizeof line)
        snprintf(line + len, sizeof line - len, ": %s", why);
    printf("skipped ");
    print_wrapped(line, SKIPPED_WIDTH);
}

static bool is_first_of_its_reason(const struct report *r, size_t at)
{
    const json_t *step = json_array_get(r->steps, at);

    if (strcmp(text_of(step, "outcome"), "skipped") != 0)
        return false;
    for (size_t i = 0; i < at; i++) {
        const json_t *other = json_array_get(r->steps, i);

        if (strcmp(text_of(other, "outcome"), "skipped") == 0 &&
            strcmp(text_of(other, "detail"), text_of(step, "detail")) == 0)
            return false;
    }
    return true;
}

static void print_skipped(const struct report *r)
{
    for (size_t i = 0; i < json_array_size(r->steps); i++)
        if (is_first_of_its_reason(r, i))
            print_skipped_as(r, i);
}

static void print_json(const struct report *r, const char *proxy,
                       const char *server, unsigned vms, bool is_interrupted)
{
    json_t *root = json_pack(
        "{s:s, s:s?, s:i, s:b, s:b, s:i, s:i, s:i, s:f, s:O}", "proxy", proxy,
        "server", server, "vms", (int)vms, "is_passed",
        r->count[OUTCOME_FAILED] == 0 && !is_interrupted, "is_interrupted",
        is_interrupted, "ok", (int)r->count[OUTCOME_OK], "failed",
        (int)r->count[OUTCOME_FAILED], "skipped",
        (int)r->count[OUTCOME_SKIPPED], "took",
        (double)(clock_now_us() - r->began_us) / 1e6, "steps", r->steps);

    (void)json_dumpf(root, stdout,
                     JSON_INDENT(2) | JSON_REAL_PRECISION(6) |
                         JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(root);
}

void report_end(struct report *r, const char *proxy, const char *server,
                unsigned vms, bool is_interrupted)
{
    if (r->is_json)
        print_json(r, proxy, server, vms, is_interrupted);
    else
        print_skipped(r);
    if (!r->is_json)
        printf("%s: %u ok, %u failed, %u skipped, in %.1f s\n",
               is_interrupted                 ? "Interrupted"
               : r->count[OUTCOME_FAILED] > 0 ? "Failed"
                                              : "Passed",
               r->count[OUTCOME_OK], r->count[OUTCOME_FAILED],
               r->count[OUTCOME_SKIPPED],
               (double)(clock_now_us() - r->began_us) / 1e6);
}

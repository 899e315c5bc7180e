#include "daemon/daemon_changes.h"

#include "base/mem.h"
#include "log/log.h"
#include "log/log_words.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of a section's text in one line: with each of them escaped, a value of
 * the log still has room for them. */
enum { PART_MAX = 150 };

/* Lines for the sections of one kind that are new, and for those that are gone.
 * 1 MiB of rules would be thousands of them, during which the loop serves
 * nobody, and would cost others the room for their events. */
enum { SECTION_LINES_MAX = 100 };

bool daemon_changes_have(const struct options_changes *changes,
                         const char *name)
{
    for (int i = 0; i < changes->count; i++) {
        if (strcmp(changes->name[i], name) == 0)
            return true;
    }
    return false;
}

/* ---- sections ----------------------------------------------------------- */

/* The sections of one kind, each as a text on one line. */
struct texts {
    char **item;
    size_t count;
};

static FILE *open_text(char **ret_text, size_t *ret_len)
{
    FILE *to = open_memstream(ret_text, ret_len);

    if (to == NULL)
        mem_end();
    return to;
}

/* A URL of a webhook may be as good as a password. */
static void hide_url(struct access_section *copy, struct section_text *hidden)
{
    if (copy->list[SECTION_WEBHOOK_URL].count > 0)
        copy->list[SECTION_WEBHOOK_URL].item = hidden;
}

static char *text_of(enum access_section_kind kind,
                     const struct access_section *section)
{
    struct access_sections one = { 0 };
    struct access_section copy = *section; /* borrows its texts */
    char dots[] = "...";
    struct section_text hidden = { .text = dots };
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_text(&text, &len);

    hide_url(&copy, &hidden);
    one.of[kind] = (struct access_section_group){ .item = &copy, .count = 1 };
    options_print_sections(&one, NULL, to);
    fclose(to);
    for (char *at = text; *at != '\0'; at++) {
        if (*at == '\n')
            *at = ' ';
    }
    return text;
}

static struct texts texts_of(const struct settings *s,
                             enum access_section_kind kind)
{
    const struct access_section_group *group = &s->sections.of[kind];
    struct texts texts = { .count = group->count };

    texts.item = xcalloc(group->count + 1, sizeof *texts.item);
    for (size_t i = 0; i < group->count; i++)
        texts.item[i] = text_of(kind, &group->item[i]);
    return texts;
}

static void free_texts(struct texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->item[i]);
    free(texts->item);
}

static bool has_text(const struct texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (strcmp(texts->item[i], text) == 0)
            return true;
    }
    return false;
}

/* In as many lines as it takes: a rule that was cut is none. */
static void log_section(bool is_new, size_t place, const char *text)
{
    unsigned part = 1;

    for (size_t rest = strlen(text); rest > 0; part++) {
        char piece[PART_MAX + 1];
        size_t len = rest < PART_MAX ? rest : PART_MAX;

        while (len < rest && len > 1 && (text[len] & 0xc0) == 0x80)
            len--;
        snprintf(piece, sizeof piece, "%.*s", (int)len, text);
        if (is_new)
            log_audit(LOG_INFO, NULL, NULL,
                      LOG_RELOAD_SECTION_ADDED " place=%zu part=%u section=%s",
                      place, part, LOG_TEXT(piece));
        else
            log_audit(LOG_INFO, NULL, NULL,
                      LOG_RELOAD_SECTION_REMOVED
                      " place=%zu part=%u section=%s",
                      place, part, LOG_TEXT(piece));
        text += len;
        rest -= len;
    }
}

/* At most: a part ends up to three bytes early, at a character. */
static size_t lines_of(const char *text)
{
    return strlen(text) / (PART_MAX - 3) + 1;
}

/* What in `of` is not in `in`, each in whole, as far as there are lines for it.
 * Returns how many that are. */
static size_t log_missing(const struct texts *of, const struct texts *in,
                          bool is_new, size_t *unlisted)
{
    size_t lines = 0, missing = 0;

    for (size_t i = 0; i < of->count; i++) {
        if (has_text(in, of->item[i]))
            continue;
        missing++;
        if (lines + lines_of(of->item[i]) > SECTION_LINES_MAX) {
            (*unlisted)++;
            continue;
        }
        lines += lines_of(of->item[i]);
        log_section(is_new, i + 1, of->item[i]);
    }
    return missing;
}

/* Sections in another order are none of both: the line of the setting tells
 * that there is a change. */
static void log_sections(const struct settings *former,
                         const struct settings *now,
                         enum access_section_kind kind)
{
    struct texts before = texts_of(former, kind);
    struct texts after = texts_of(now, kind);
    size_t unlisted = 0;
    size_t removed = log_missing(&before, &after, false, &unlisted);
    size_t added = log_missing(&after, &before, true, &unlisted);

    log_audit(LOG_INFO, NULL, NULL,
              LOG_RELOAD_SECTIONS " kind=%s added=%zu removed=%zu unlisted=%zu",
              access_section_name(kind), added, removed, unlisted);
    free_texts(&before);
    free_texts(&after);
}

/* ---- settings ----------------------------------------------------------- */

void daemon_changes_log(const struct settings *former,
                        const struct settings *now,
                        const struct options_changes *changes)
{
    char value[256], before[256];

    for (int i = 0; i < changes->count; i++) {
        options_value(now, changes->name[i], value, sizeof value);
        options_value(former, changes->name[i], before, sizeof before);
        log_audit(LOG_INFO, NULL, NULL,
                  LOG_RELOAD_SETTING " setting=%s value=%s before=%s",
                  changes->name[i], LOG_TEXT(value), LOG_TEXT(before));
    }
    for (int kind = 0; kind < SECTION_KINDS; kind++) {
        if (daemon_changes_have(
                changes, access_section_name((enum access_section_kind)kind)))
            log_sections(former, now, (enum access_section_kind)kind);
    }
    for (int i = 0; i < changes->restart_count; i++)
        log_audit(LOG_WARNING, NULL, NULL, LOG_RELOAD_RESTART " setting=%s",
                  changes->restart[i]);
}

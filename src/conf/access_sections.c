#include "conf/access_sections.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum access_section_kind kind;
    bool is_single;
} lists[SECTION_LISTS] = {
    [SECTION_MEMBERS] = { "members", SECTION_GROUP, false },
    [SECTION_ADMIN] = { "admin", SECTION_ACCESS, false },
    [SECTION_CONTROL] = { "control", SECTION_ACCESS, false },
    [SECTION_BREAK] = { "break", SECTION_ACCESS, false },
    [SECTION_WRITE] = { "write", SECTION_ACCESS, false },
    [SECTION_READ] = { "read", SECTION_ACCESS, false },
    [SECTION_HOSTS] = { "hosts", SECTION_ACCESS, false },
    [SECTION_RECORD] = { "record", SECTION_ACCESS, true },
    [SECTION_RECORD_INPUT] = { "record-input", SECTION_ACCESS, true },
    [SECTION_ALERT_ENABLED] = { "enabled", SECTION_ALERT, true },
    [SECTION_ALERT_PATTERN] = { "pattern", SECTION_ALERT, true },
    [SECTION_ALERT_CASE] = { "case", SECTION_ALERT, true },
    [SECTION_ALERT_WITHOUT] = { "without", SECTION_ALERT, true },
    [SECTION_ALERT_WITHIN] = { "within", SECTION_ALERT, true },
    [SECTION_ALERT_SILENCE] = { "after-silence", SECTION_ALERT, true },
    [SECTION_ALERT_FLOOD] = { "flood", SECTION_ALERT, true },
    [SECTION_ALERT_SEVERITY] = { "severity", SECTION_ALERT, true },
    [SECTION_ALERT_LINES] = { "lines", SECTION_ALERT, true },
    [SECTION_ALERT_CONSOLES] = { "consoles", SECTION_ALERT, false },
    [SECTION_WEBHOOK_URL] = { "url", SECTION_WEBHOOK, true },
    [SECTION_WEBHOOK_URL_FILE] = { "url-file", SECTION_WEBHOOK, true },
    [SECTION_WEBHOOK_SECRET_FILE] = { "secret-file", SECTION_WEBHOOK, true },
    [SECTION_WEBHOOK_FORMAT] = { "format", SECTION_WEBHOOK, true },
    [SECTION_WEBHOOK_SEVERITY] = { "severity", SECTION_WEBHOOK, true },
    [SECTION_WEBHOOK_RULE] = { "rule", SECTION_WEBHOOK, true },
    [SECTION_WEBHOOK_ACKNOWLEDGED] = { "acknowledged", SECTION_WEBHOOK, true },
    [SECTION_WEBHOOK_TIMEOUT] = { "timeout", SECTION_WEBHOOK, true },
    [SECTION_WEBHOOK_CA_FILE] = { "ca-file", SECTION_WEBHOOK, true },
    [SECTION_WEBHOOK_PROXY] = { "proxy", SECTION_WEBHOOK, true },
    [SECTION_WEBHOOK_CONSOLES] = { "consoles", SECTION_WEBHOOK, false },
};

const char *access_section_name(enum access_section_kind kind)
{
    static const char *const names[SECTION_KINDS] = {
        [SECTION_GROUP] = "group",
        [SECTION_ACCESS] = "access",
        [SECTION_ALERT] = "alert",
        [SECTION_WEBHOOK] = "alert-webhook",
    };

    return names[kind];
}

const char *access_section_list_name(enum access_section_kind kind,
                                     enum access_section_list list)
{
    return lists[list].kind == kind ? lists[list].name : NULL;
}

bool access_section_list_is_single(enum access_section_list list)
{
    return lists[list].is_single;
}

/* ---- keeping ------------------------------------------------------------- */

void access_section_add_text(struct access_section *section,
                             enum access_section_list list, const char *text,
                             unsigned line)
{
    struct section_texts *texts = &section->list[list];

    texts->item = mem_grow(texts->item, texts->count, sizeof *texts->item);
    texts->item[texts->count++] = (struct section_text){ xstrdup(text), line };
}

void access_sections_add(struct access_sections *sections,
                         enum access_section_kind kind,
                         struct access_section *section)
{
    struct access_section_group *group = &sections->of[kind];

    group->item = mem_grow(group->item, group->count, sizeof *group->item);
    group->item[group->count++] = *section;
    *section = (struct access_section){ 0 };
}

void access_section_clear(struct access_section *section)
{
    for (int i = 0; i < SECTION_LISTS; i++) {
        for (size_t j = 0; j < section->list[i].count; j++)
            free(section->list[i].item[j].text);
        free(section->list[i].item);
    }
    free(section->title);
    *section = (struct access_section){ 0 };
}

void access_sections_clear(struct access_sections *sections)
{
    for (int i = 0; i < SECTION_KINDS; i++) {
        for (size_t j = 0; j < sections->of[i].count; j++)
            access_section_clear(&sections->of[i].item[j]);
        free(sections->of[i].item);
    }
    *sections = (struct access_sections){ 0 };
}

static struct access_section copy_section(const struct access_section *from)
{
    struct access_section copy = *from;

    copy.title = xstrdup(from->title);
    for (int i = 0; i < SECTION_LISTS; i++) {
        copy.list[i] = (struct section_texts){ 0 };
        for (size_t j = 0; j < from->list[i].count; j++)
            access_section_add_text(&copy, (enum access_section_list)i,
                                    from->list[i].item[j].text,
                                    from->list[i].item[j].line);
    }
    return copy;
}

void access_sections_copy(struct access_sections *to,
                          const struct access_sections *from)
{
    struct access_sections all = { 0 };

    for (int i = 0; i < SECTION_KINDS; i++) {
        for (size_t j = 0; j < from->of[i].count; j++) {
            struct access_section copy = copy_section(&from->of[i].item[j]);

            access_sections_add(&all, (enum access_section_kind)i, &copy);
        }
    }
    access_sections_clear(to);
    *to = all;
}

static bool are_lists_equal(const struct section_texts *a,
                            const struct section_texts *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        if (strcmp(a->item[i].text, b->item[i].text) != 0)
            return false;
    }
    return a->count == b->count;
}

static bool is_equal(const struct access_section *a,
                     const struct access_section *b)
{
    for (int i = 0; i < SECTION_LISTS; i++) {
        if (!are_lists_equal(&a->list[i], &b->list[i]))
            return false;
    }
    return strcmp(a->title, b->title) == 0 &&
           a->has_keyboard == b->has_keyboard && a->keyboard == b->keyboard;
}

bool access_sections_are_equal(const struct access_sections *a,
                               const struct access_sections *b,
                               enum access_section_kind kind)
{
    const struct access_section_group *of_a = &a->of[kind];
    const struct access_section_group *of_b = &b->of[kind];

    if (of_a->count != of_b->count)
        return false;
    for (size_t i = 0; i < of_a->count; i++) {
        if (!is_equal(&of_a->item[i], &of_b->item[i]))
            return false;
    }
    return true;
}

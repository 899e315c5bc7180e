#include "daemon/access/daemon_access.h"

#include "base/mem.h"
#include "log/log.h"
#include "log/log_words.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

/* In the order of option "keyboard". */
static enum access_keyboard keyboard_of(uint64_t index)
{
    return index == 0 ? KEYBOARD_FREE_FOR_ALL : KEYBOARD_ONE_WRITER;
}

/* ---- sections as the rules want them ------------------------------------- */

/* Borrows from the settings. */
struct sources {
    struct access_source source;
    struct access_group_source *group;
    struct access_section_source *section;
    struct access_text *text; /* of all lists */
    size_t text_count;
};

static size_t count_texts(const struct access_sections *sections)
{
    size_t count = 0;

    for (int i = 0; i < SECTION_KINDS; i++) {
        for (size_t j = 0; j < sections->of[i].count; j++) {
            for (int k = 0; k < SECTION_LISTS; k++)
                count += sections->of[i].item[j].list[k].count;
        }
    }
    return count;
}

static struct access_text title_of(const struct access_section *section)
{
    return (struct access_text){ section->title, section->line };
}

static struct access_texts add_texts(struct sources *all,
                                     const struct access_section *section,
                                     enum access_section_list list)
{
    const struct section_texts *texts = &section->list[list];
    struct access_texts added = { &all->text[all->text_count], texts->count };

    for (size_t i = 0; i < texts->count; i++)
        all->text[all->text_count++] = (struct access_text){
            texts->item[i].text,
            texts->item[i].line,
        };
    return added;
}

static struct access_text text_of(const struct access_section *section,
                                  enum access_section_list list)
{
    const struct section_text *text = access_section_text(section, list);

    return text != NULL ? (struct access_text){ text->text, text->line }
                        : (struct access_text){ NULL, 0 };
}

static void add_section(struct sources *all,
                        const struct access_section *section, uint64_t keyboard)
{
    static const enum access_section_list lists[RIGHT_COUNT] = {
        [RIGHT_READ] = SECTION_READ,   [RIGHT_WRITE] = SECTION_WRITE,
        [RIGHT_BREAK] = SECTION_BREAK, [RIGHT_CONTROL] = SECTION_CONTROL,
        [RIGHT_ADMIN] = SECTION_ADMIN,
    };
    struct access_section_source *to =
        &all->section[all->source.section_count++];

    to->pattern = title_of(section);
    for (int i = RIGHT_READ; i < RIGHT_COUNT; i++)
        to->members[i] = add_texts(all, section, lists[i]);
    to->hosts = add_texts(all, section, SECTION_HOSTS);
    to->record = text_of(section, SECTION_RECORD);
    to->record_input = text_of(section, SECTION_RECORD_INPUT);
    to->keyboard =
        keyboard_of(section->has_keyboard ? section->keyboard : keyboard);
}

static struct sources sources_of(const struct settings *s)
{
    const struct access_section_group *groups = &s->sections.of[SECTION_GROUP];
    const struct access_section_group *access = &s->sections.of[SECTION_ACCESS];
    struct sources all = {
        .group = xcalloc(groups->count + 1, sizeof *all.group),
        .section = xcalloc(access->count + 1, sizeof *all.section),
        .text = xcalloc(count_texts(&s->sections) + 1, sizeof *all.text),
    };

    all.source.group = all.group;
    all.source.section = all.section;
    for (size_t i = 0; i < groups->count; i++) {
        struct access_group_source *to = &all.group[all.source.group_count++];

        to->name = title_of(&groups->item[i]);
        to->members = add_texts(&all, &groups->item[i], SECTION_MEMBERS);
    }
    for (size_t i = 0; i < access->count; i++)
        add_section(&all, &access->item[i], s->keyboard);
    return all;
}

static void sources_done(struct sources *all)
{
    free(all->group);
    free(all->section);
    free(all->text);
}

/* ---- compiling ----------------------------------------------------------- */

/* Where problems go; each may be NULL. */
struct telling {
    const struct settings *settings;
    struct problems *errors;
    struct problems *warnings;
};

static void tell(void *owner, unsigned line, bool is_error, const char *text)
{
    const struct telling *telling = owner;
    struct problems *to = is_error ? telling->errors : telling->warnings;

    if (to != NULL)
        problems_add(to, line, "%.200s:%u: %s", telling->settings->file, line,
                     text);
}

/* NULL: there are errors, which were added. */
static struct access_rules *compile(struct telling *telling, const char *keeper)
{
    const struct settings *s = telling->settings;
    struct sources all = sources_of(s);
    struct access_rules *rules =
        access_rules_compile(&all.source, tell, telling);

    sources_done(&all);
    if (rules == NULL || s->sections.of[SECTION_ACCESS].count > 0)
        return rules;
    access_rules_free(rules);
    return access_rules_standard(keeper, s->is_vspc_server,
                                 keyboard_of(s->keyboard));
}

void daemon_access_check(const struct settings *settings,
                         struct problems *errors, struct problems *warnings)
{
    struct telling telling = { settings, errors, warnings };

    access_rules_free(compile(&telling, NULL));
}

static int make(struct daemon_access *a, const struct settings *settings,
                struct err *err)
{
    struct problems errors = { .count = 0 };
    struct telling telling = { settings, &errors, &a->warnings };

    a->rules = compile(&telling, a->keeper);
    if (a->rules != NULL)
        return 0;
    err_set(err, "%s", errors.item[0].text);
    return -EINVAL;
}

int daemon_access_open(struct daemon_access *a, const struct settings *settings,
                       struct err *err)
{
    const struct passwd *own = getpwuid(geteuid());
    int r;

    *a = (struct daemon_access){ 0 };
    a->keeper = own != NULL ? xstrdup(own->pw_name) : NULL;
    r = make(a, settings, err);
    if (r < 0)
        daemon_access_close(a);
    return r;
}

void daemon_access_close(struct daemon_access *a)
{
    access_rules_free(a->rules);
    free(a->keeper);
    *a = (struct daemon_access){ 0 };
}

int daemon_access_reopen(const struct daemon_access *a,
                         const struct settings *next,
                         struct daemon_access *ret_next, struct err *err)
{
    struct daemon_access made = { 0 };
    int r;

    made.keeper = a->keeper != NULL ? xstrdup(a->keeper) : NULL;
    r = make(&made, next, err);
    if (r < 0)
        daemon_access_close(&made);
    else
        *ret_next = made;
    return r;
}

/* ---- logging ------------------------------------------------------------- */

static void log_standard(const struct settings *s)
{
    struct ip ip;

    if (s->is_vspc_server)
        log_warning(LOG_ACCESS_OPEN " reason=%s",
                    LOG_TEXT("vSPCServer without an access section: say who "
                             "may, such as access \"*\" { write = {\"alice\", "
                             "\"unix:wheel\"} }, in the file of --config"));
    else if (!s->no_vm_ports && ip_parse(s->interface, &ip) &&
             ip_range(ip) != IP_LOOPBACK)
        log_warning(LOG_ACCESS_LOCAL " interface=%s reason=%s", s->interface,
                    LOG_TEXT("there is no access section: say who may, such as "
                             "access \"*\" { write = {\"alice\", "
                             "\"unix:wheel\"} }"));
}

void daemon_access_log(const struct daemon_access *a,
                       const struct settings *settings)
{
    int kept = problems_kept(&a->warnings);

    for (int i = 0; i < kept; i++)
        log_warning(LOG_ACCESS_STRANGE " reason=%s",
                    LOG_TEXT(a->warnings.item[i].text));
    if (access_rules_are_standard(a->rules))
        log_standard(settings);
}

/*
 * Sections of the configuration file.
 *
 * libconfuse keeps sections by title, and a second one with a title replaces
 * the first. Here their order counts, and the same pattern can stand twice with
 * different hosts. So values are taken as they are read, and at the end of each
 * section libconfuse's copy is freed.
 *
 * libconfuse does not say in which line a section has begun: config_scan finds
 * these lines before.
 */
#include "base/mem.h"
#include "conf/file/config_file_private.h"

#include <stdlib.h>
#include <string.h>

static const char keyboard_name[] = "keyboard";

int config_sections_kind(const cfg_t *cfg)
{
    for (int i = 0; i < SECTION_KINDS; i++) {
        if (strcmp(cfg->name,
                   access_section_name((enum access_section_kind)i)) == 0)
            return i;
    }
    return -1;
}

const char *config_sections_expected(int kind)
{
    static const char *const expected[SECTION_KINDS] = {
        [SECTION_GROUP] = "in a group, expected members",
        [SECTION_ACCESS] = "in an access section, expected admin, control, "
                           "break, write, read, hosts, keyboard, record or "
                           "record-input",
        [SECTION_ALERT] = "in an alert section, expected enabled, pattern, "
                          "case, without, within, after-silence, flood, "
                          "severity, lines or consoles",
        [SECTION_WEBHOOK] = "in an alert-webhook section, expected url, "
                            "url-file, secret-file, format, severity, rule, "
                            "acknowledged, timeout, ca-file, proxy or "
                            "consoles",
    };

    return expected[kind];
}

/* False: the value is no good, which was told. */
static bool is_value_good(struct config_reader *r, unsigned line,
                          const cfg_opt_t *opt, const char *value)
{
    struct err err;

    if (option_check_text(value, &err) == 0)
        return true;
    config_complain(r, line, opt->name, err.text);
    return false;
}

/* Whether an option that is set at this line was not set before; else that is
 * told: libconfuse would take the last one, which is a surprise. */
static bool is_set_once(struct config_reader *r, unsigned line,
                        const cfg_opt_t *opt, unsigned *former)
{
    struct err err;

    if (*former == 0) {
        *former = line;
        return true;
    }
    err_set(&err, "already set in line %u of this section: expected it once",
            *former);
    config_complain(r, line, opt->name, err.text);
    return false;
}

static int config_sections_on_texts(cfg_t *cfg, cfg_opt_t *opt,
                                    const char *value, void *result)
{
    struct config_reader *r = config_reader_of(cfg);
    struct config_section *section = &r->section;
    unsigned line = (unsigned)cfg->line;
    int kind = config_sections_kind(cfg);

    *(const char **)result = "";
    for (int i = 0; i < SECTION_LISTS; i++) {
        enum access_section_list list = (enum access_section_list)i;
        const char *name =
            access_section_list_name((enum access_section_kind)kind, list);

        if (name == NULL || strcmp(name, opt->name) != 0)
            continue;
        if (opt->nvalues <= 1 &&
            !is_set_once(r, line, opt, &section->list_line[i]))
            break;
        if (is_value_good(r, line, opt, value))
            access_section_add_text(&section->read, list, value, line);
    }
    return 0;
}

static int config_sections_on_keyboard(cfg_t *cfg, cfg_opt_t *opt,
                                       const char *value, void *result)
{
    struct config_reader *r = config_reader_of(cfg);
    struct access_section *read = &r->section.read;
    unsigned line = (unsigned)cfg->line;
    struct err err;

    *(const char **)result = "";
    if (!is_set_once(r, line, opt, &r->section.keyboard_line))
        return 0;
    if (option_parse_word(option_find(keyboard_name)->words, value,
                          &read->keyboard, &err) < 0)
        config_complain(r, line, opt->name, err.text);
    else
        read->has_keyboard = true;
    return 0;
}

/* Of options that are unknown. */
static int config_sections_on_nothing(cfg_t *cfg, cfg_opt_t *opt,
                                      const char *value, void *result)
{
    (void)cfg;
    (void)opt;
    (void)value;
    *(const char **)result = "";
    return 0;
}

static void take_section(struct config_reader *r, const cfg_t *cfg)
{
    enum access_section_kind kind =
        (enum access_section_kind)config_sections_kind(cfg);
    struct access_section *read = &r->section.read;
    char name[32];
    struct err err;

    read->line = r->section_count < r->begins.count
                     ? r->begins.item[r->section_count]
                     : (unsigned)cfg->line;
    r->section_count++;
    snprintf(name, sizeof name, "%s", access_section_name(kind));
    read->title = xstrdup(cfg->title);
    if (option_check_text(cfg->title, &err) < 0) {
        config_complain(r, read->line, name, err.text);
    } else if (r->read.sections.of[kind].count == ACCESS_SECTIONS_MAX) {
        err_set(&err, "too many sections: the limit is %d",
                ACCESS_SECTIONS_MAX);
        config_complain(r, read->line, name, err.text);
    } else {
        access_sections_add(&r->read.sections, kind, read);
    }
    config_sections_done(r);
}

/* A list without values is not told to config_sections_on_texts, and was not
 * given then: hosts = {}, of a tool that had none to name, would be all hosts.
 */
static void check_hosts(struct config_reader *r, cfg_t *cfg)
{
    const char *name = access_section_list_name(SECTION_ACCESS, SECTION_HOSTS);
    const cfg_opt_t *hosts = cfg_getopt(cfg, name);

    if (hosts != NULL && hosts->nvalues == 0 && (hosts->flags & CFGF_RESET))
        config_complain(r, (unsigned)cfg->line, name,
                        "no network in it: expected one or more; a section "
                        "without hosts is for VMs of all hosts");
}

/* At the end of each section, which is the option's only value. */
static int config_sections_on_end(cfg_t *cfg, cfg_opt_t *opt)
{
    cfg_t *section = opt->values[0]->section;

    if (config_sections_kind(section) == SECTION_ACCESS)
        check_hosts(config_reader_of(cfg), section);
    take_section(config_reader_of(cfg), section);
    cfg_free_value(opt);
    return 0;
}

void config_sections_done(struct config_reader *r)
{
    access_section_clear(&r->section.read);
    r->section = (struct config_section){ 0 };
}

static cfg_opt_t text_option(const char *name, bool is_list,
                             cfg_callback_t on_value)
{
    return (cfg_opt_t){
        .name = name,
        .type = CFGT_STR,
        .flags = CFGF_NODEFAULT | (is_list ? CFGF_LIST : 0),
        .parsecb = on_value,
    };
}

static void make_subopts(struct config_reader *r, enum access_section_kind kind,
                         cfg_opt_t *to)
{
    for (int i = 0; i < SECTION_LISTS; i++) {
        const char *name =
            access_section_list_name(kind, (enum access_section_list)i);

        if (name != NULL)
            *to++ = text_option(
                name,
                !access_section_list_is_single((enum access_section_list)i),
                config_sections_on_texts);
    }
    if (kind == SECTION_ACCESS)
        *to++ = text_option(keyboard_name, false, config_sections_on_keyboard);
    for (int i = 0; i < r->unknown_count; i++) {
        if (r->unknown[i].section == (int)kind)
            *to++ = text_option(r->unknown[i].name, true,
                                config_sections_on_nothing);
    }
    *to++ = config_reader_option(r);
    *to = (cfg_opt_t){ 0 };
}

void config_sections_make(
    struct config_reader *r,
    cfg_opt_t subopts[SECTION_KINDS][CONFIG_SECTION_OPTIONS],
    cfg_opt_t to[SECTION_KINDS])
{
    for (int i = 0; i < SECTION_KINDS; i++) {
        enum access_section_kind kind = (enum access_section_kind)i;

        make_subopts(r, kind, subopts[i]);
        to[i] = (cfg_opt_t){
            .name = access_section_name(kind),
            .type = CFGT_SEC,
            .flags = CFGF_MULTI | CFGF_TITLE | CFGF_NODEFAULT,
            .subopts = subopts[i],
            .validcb = config_sections_on_end,
        };
    }
}

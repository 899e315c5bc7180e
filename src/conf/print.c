#include "conf/option_row.h"

#include <stdlib.h>
#include <string.h>

enum { HELP_COLUMN = 10, ORIGIN_COLUMN = 40 };

/* ---- values ---------------------------------------------------------------
 */

void option_print_word(const char *words, uint64_t number, FILE *to)
{
    for (; number > 0; number--)
        words += strcspn(words, "|") + 1;
    fprintf(to, "%.*s", (int)strcspn(words, "|"), words);
}

/* Escapes what would have a meaning in the file: ${NAME} would be replaced by a
 * variable. */
static void print_inner_text(const char *text, FILE *to)
{
    for (; *text != '\0'; text++) {
        if (strchr("\"\\$", *text) != NULL)
            fputc('\\', to);
        if (*text == '\n')
            fputs("\\n", to);
        else
            fputc(*text, to);
    }
}

void option_print_text(const char *text, FILE *to)
{
    fputc('"', to);
    print_inner_text(text, to);
    fputc('"', to);
}

static void print_rules(const struct settings_rules *rules, FILE *to)
{
    fputc('{', to);
    for (uint64_t i = 0; i < rules->count; i++) {
        fputs(i > 0 ? ", " : "", to);
        option_print_text(rules->text[i], to);
    }
    fputc('}', to);
}

static void print_networks(const struct settings_networks *networks, FILE *to)
{
    fputc('{', to);
    for (uint64_t i = 0; i < networks->count; i++)
        fprintf(to, "%s\"%s\"", i > 0 ? ", " : "",
                network_format(&networks->item[i]).text);
    fputc('}', to);
}

static void print_ports(const struct option_row *row,
                        const struct settings_ports *ports, FILE *to)
{
    fputc('{', to);
    for (uint64_t i = 0; i < ports->count; i++) {
        fputs(i > 0 ? ", \"" : "\"", to);
        print_inner_text(ports->item[i].address, to);
        fputs(",tls=", to);
        option_print_word(row->words, ports->item[i].tls, to);
        fputc('"', to);
    }
    fputc('}', to);
}

bool option_print_value(const struct option_row *row, const struct settings *s,
                        FILE *to)
{
    const void *member = (const char *)s + row->offset;

    switch (row->type) {
    case OPTION_FLAG:
        fputs(*(const bool *)member ? "true" : "false", to);
        return true;
    case OPTION_NUMBER:
    case OPTION_SECONDS:
        fprintf(to, "%llu", (unsigned long long)*(const uint64_t *)member);
        return true;
    case OPTION_SIZE:
        option_print_size(*(const uint64_t *)member, to);
        return true;
    case OPTION_WORD:
        option_print_word(row->words, *(const uint64_t *)member, to);
        return true;
    case OPTION_ADDRESS:
        option_print_text(member, to);
        return true;
    case OPTION_TEXT:
        if (*(char *const *)member == NULL)
            return false;
        option_print_text(*(char *const *)member, to);
        return true;
    case OPTION_RULE:
        print_rules(member, to);
        return true;
    case OPTION_NETWORK:
        print_networks(member, to);
        return true;
    case OPTION_PORT:
        print_ports(row, member, to);
        return true;
    case OPTION_REQUEST:
        break;
    }
    return false;
}

/* ---- the table ------------------------------------------------------------
 */

/* Prints a text that was wrapped by hand, with before in front of each line but
 * the first. */
static void print_lines(const char *text, const char *before, FILE *to)
{
    for (const char *line = text; line != NULL;) {
        const char *end = strchr(line, '\n');

        if (line != text)
            fprintf(to, "\n%s", before);
        fprintf(to, "%.*s", (int)strcspn(line, "\n"), line);
        line = end != NULL ? end + 1 : NULL;
    }
}

void options_print_help(FILE *to)
{
    for (int i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        char letter[] = { '-', row->letter, ',', '\0' };

        if (row->group != NULL)
            fprintf(to, "%s%s:\n", i > 0 ? "\n" : "", row->group);
        fprintf(to, "  %3s --%s%s%s\n%*s", row->letter != 0 ? letter : "",
                row->name, row->value != NULL ? " " : "",
                row->value != NULL ? row->value : "", HELP_COLUMN, "");
        print_lines(row->text, "          ", to);
        if (row->otherwise != NULL)
            fprintf(to, "\n%*s[%s]", HELP_COLUMN, "", row->otherwise);
        else if (row->standard != NULL)
            fprintf(to, " [%s]", row->standard);
        if (row->environment != NULL)
            fprintf(to, "\n%*s(environment: %s)", HELP_COLUMN, "",
                    row->environment);
        fputc('\n', to);
    }
}

static void print_origin(const struct option_row *row, const struct settings *s,
                         FILE *to)
{
    const struct settings_origin *origin = &s->origins[option_index(row)];

    switch (origin->source) {
    case SETTINGS_DEFAULT:
        fputs("default", to);
        if (row->standard == NULL && row->otherwise != NULL)
            fprintf(to, ": %s", row->otherwise);
        break;
    case SETTINGS_VSPC_SERVER:
        fputs("vSPCServer", to);
        break;
    case SETTINGS_FILE:
        fprintf(to, "%s:%u", s->file, origin->line);
        break;
    case SETTINGS_ENVIRONMENT:
        fprintf(to, "environment: %s", row->environment);
        break;
    case SETTINGS_COMMAND_LINE:
        fputs("command line", to);
        break;
    }
}

static void print_setting(const struct option_row *row,
                          const struct settings *s, FILE *to)
{
    char *line = NULL;
    size_t len = 0;
    FILE *value = open_memstream(&line, &len);
    bool is_set;

    if (value == NULL)
        return;
    fprintf(value, "%s = ", row->name);
    is_set = option_print_value(row, s, value);
    fclose(value);
    fprintf(to, "%s%-*s # ", is_set ? "" : "#",
            ORIGIN_COLUMN - (is_set ? 0 : 1), line);
    print_origin(row, s, to);
    fputc('\n', to);
    free(line);
}

static void print_texts(enum access_section_kind kind,
                        const struct access_section *section,
                        enum access_section_list list, FILE *to)
{
    const struct section_texts *texts = &section->list[list];
    bool is_single = access_section_list_is_single(list);

    fprintf(to, "    %s = %s", access_section_list_name(kind, list),
            is_single ? "" : "{");
    for (size_t i = 0; i < texts->count; i++) {
        fputs(i > 0 ? ", " : "", to);
        option_print_text(texts->item[i].text, to);
    }
    fputs(is_single ? "\n" : "}\n", to);
}

static void print_section(enum access_section_kind kind,
                          const struct access_section *section,
                          const char *file, FILE *to)
{
    fprintf(to, "%s ", access_section_name(kind));
    option_print_text(section->title, to);
    fputs(" {", to);
    if (file != NULL)
        fprintf(to, " # %s:%u", file, section->line);
    fputc('\n', to);
    for (int i = 0; i < SECTION_LISTS; i++) {
        if (section->list[i].count > 0)
            print_texts(kind, section, (enum access_section_list)i, to);
    }
    if (section->has_keyboard) {
        fputs("    keyboard = ", to);
        option_print_word(option_find("keyboard")->words, section->keyboard,
                          to);
        fputc('\n', to);
    }
    fputs("}\n", to);
}

void options_print_sections(const struct access_sections *sections,
                            const char *file, FILE *to)
{
    for (int i = 0; i < SECTION_KINDS; i++) {
        for (size_t j = 0; j < sections->of[i].count; j++)
            print_section((enum access_section_kind)i, &sections->of[i].item[j],
                          file, to);
    }
}

void options_print_settings(const struct settings *s, FILE *to)
{
    for (int i = 0; i < option_row_count; i++) {
        if (!option_is_setting(&option_rows[i]))
            continue;
        if (option_rows[i].group != NULL)
            fprintf(to, "\n# %s\n", option_rows[i].group);
        print_setting(&option_rows[i], s, to);
    }
    fputs("\n# Who may do what\n", to);
    options_print_sections(&s->sections, s->file, to);
    if (s->sections.of[SECTION_ACCESS].count == 0)
        fputs("# no access section: see vspcd.conf(5)\n", to);
}

/* A text for the file, where a setting's name has no hyphens in front of it. */
static void print_comment(const char *text, FILE *to)
{
    fputs("\n# ", to);
    for (const char *at = text; *at != '\0'; at++) {
        bool begins = at == text || strchr(" \n(", at[-1]) != NULL;

        if (begins && at[0] == '-' && at[1] == '-')
            at++;
        else if (*at == '\n')
            fputs("\n# ", to);
        else
            fputc(*at, to);
    }
}

static const char *sample_value(const struct option_row *row)
{
    if (row->example != NULL)
        return row->example;
    return row->standard != NULL ? row->standard : "true";
}

/* Whether libconfuse accepts the value without quotes. */
static bool is_plain(const char *value)
{
    return value[0] == '{' ||
           value[strcspn(value, " #\"'(){}=+,/*$\\:")] == '\0';
}

static void print_sample(const struct option_row *row, FILE *to)
{
    const char *value = sample_value(row);
    const char *quote = is_plain(value) ? "" : "\"";

    if (row->group != NULL)
        fprintf(to, "\n# ---- %s ----\n", row->group);
    print_comment(row->text, to);
    if (row->type == OPTION_FLAG)
        fputs(" [false]", to);
    else if (row->otherwise != NULL)
        fprintf(to, "\n# [%s]", row->otherwise);
    else if (row->standard == NULL)
        fputs(" [none]", to);
    fprintf(to, "\n#%s = %s%s%s\n", row->name, quote, value, quote);
}

static const char sample_sections[] =
    "\n# ---- Who may do what ----\n"
    "\n"
    "# The first access section whose pattern matches the console decides. The "
    "rights\n"
    "# are admin, control, break, write, read; each includes those behind it. "
    "Without\n"
    "# any section, only this machine may use consoles.\n"
    "# [none]\n"
    "#group ops {\n"
    "#    members = {\"alice\", \"unix:wheel\", \"token:ci\", "
    "\"certificate:*.ops.example.org\"}\n"
    "#}\n"
    "#access \"web-*\" {\n"
    "#    write = {\"ops\"}\n"
    "#    read = {\"anybody from 192.0.2.0/24\"}\n"
    "#    hosts = {\"10.0.1.0/24\"}\n"
    "#}\n"
    "#access \"*\" {\n"
    "#    admin = {\"unix:vspc-admin\", \"root\"}\n"
    "#    break = {\"ops\"}\n"
    "#    keyboard = one-writer\n"
    "#    record = sessions\n"
    "#    record-input = no\n"
    "#}\n"
    "\n"
    "# ---- Rules of alerts ----\n"
    "\n"
    "# A section of a ready-made rule's name changes it; others are rules of "
    "one's own.\n"
    "# [none]\n"
    "#alert \"oom-kill\" {\n"
    "#    severity = critical\n"
    "#}\n"
    "#alert \"database-stopped\" {\n"
    "#    pattern = 'PANIC:\\s+could not write'\n"
    "#    consoles = {\"db-*\"}\n"
    "#}\n"
    "\n"
    "# ---- Receivers of alerts ----\n"
    "\n"
    "# format: json, slack, teams, alertmanager or pagerduty. secret-file "
    "signs "
    "what is\n"
    "# sent. [none]\n"
    "#alert-webhook \"ops\" {\n"
    "#    url-file = \"/etc/vspcd/ops.url\"\n"
    "#    format = slack\n"
    "#    severity = warning\n"
    "#    consoles = {\"web-*\", \"db-*\"}\n"
    "#}\n";

void options_print_sample(FILE *to)
{
    fputs("# All settings of vspcd; see vspcd.conf(5).\n"
          "#\n"
          "# Each setting below is commented out. Its value is the default, or "
          "an example\n"
          "# if the default is given in []. The environment overrides this "
          "file, and the\n"
          "# command line overrides both.\n"
          "# Times are in seconds, or have a unit: 10m, 2h, 1d. Sizes are in "
          "bytes, or\n"
          "# have a unit: 64K, 16M, 1G.\n"
          "# Check the file with: vspcd --check-config\n",
          to);
    for (int i = 0; i < option_row_count; i++) {
        if (option_is_setting(&option_rows[i]))
            print_sample(&option_rows[i], to);
    }
    fputs(sample_sections, to);
}

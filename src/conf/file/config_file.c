/*
 * Reads the configuration file with libconfuse.
 *
 * config_scan looks at the text before libconfuse, which would not notice
 * everything that is wrong.
 *
 * libconfuse is told that every setting is a text or a list of texts.
 * option_set gives them their meaning, so that values and messages are those of
 * the command line.
 *
 * libconfuse stops at a name that it does not know. So that all problems are
 * found at once, the name is noted, and the text is read again with the name as
 * that of a list whose values are ignored.
 */
#include "base/mem.h"
#include "base/text.h"
#include "conf/file/config_file_private.h"
#include "conf/vspc_server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20 };

/* The reader is the value of an option of this name, which no file can have. */
static const char reader_name[] = "\n";

struct config_reader *config_reader_of(const cfg_t *cfg)
{
    for (cfg_opt_t *o = cfg->opts; o->name != NULL; o++) {
        if (strcmp(o->name, reader_name) == 0)
            return (struct config_reader *)o->simple_value.ptr;
    }
    return NULL;
}

cfg_opt_t config_reader_option(struct config_reader *r)
{
    return (cfg_opt_t){
        .name = reader_name,
        .type = CFGT_PTR,
        .flags = CFGF_NODEFAULT,
        .simple_value = { .ptr = (void **)r },
    };
}

void config_complain(struct config_reader *r, unsigned line, const char *name,
                     const char *what)
{
    problems_add(&r->problems, line, "%.*s:%u: %s: %s", CONFIG_PATH_SHOWN,
                 r->name, line, name, what);
}

/* The first value of a list, or the value of another setting. */
static bool is_first(const cfg_opt_t *opt)
{
    return opt->nvalues <= 1;
}

/* A value and its place. */
struct found {
    struct config_reader *reader;
    const char *name; /* as the file has it: a row or its vSPC.py name */
    const char *value;
    unsigned line;
    bool is_first; /* false: a further value of a list */
};

static void complain(const struct found *found, const char *what)
{
    config_complain(found->reader, found->line, found->name, what);
}

static void complain_of_second(const struct found *found, unsigned first)
{
    struct err err;

    err_set(&err, "already set in line %u: expected it once", first);
    complain(found, err.text);
}

static void take_value(const struct found *found, const struct option_row *row)
{
    struct settings *read = &found->reader->read;
    const struct settings_origin *at = &read->origins[option_index(row)];
    struct settings_origin origin = { SETTINGS_FILE, found->line };
    struct err err;

    if (found->is_first && at->source == SETTINGS_FILE)
        complain_of_second(found, at->line);
    else if (option_set(row, origin, found->value, read, &err) < 0)
        complain(found, err.text);
}

/* Takes one option of backend-args. As on the command line, several values of
 * one list make a list: those of one backend-args have one line. */
static void take_argument(const struct found *found,
                          const struct command_line_option *option)
{
    struct settings_origin at =
        found->reader->read.origins[option_index(option->row)];
    struct found argument = *found;

    if (!option_is_setting(option->row)) {
        struct err err;

        err_set(&err, "--%s is for the command line only", option->row->name);
        complain(found, err.text);
        return;
    }
    argument.value = option->value;
    argument.is_first = !option_is_list(option->row) || at.line != found->line;
    take_value(&argument, option->row);
}

static void take_arguments(const struct found *found)
{
    struct problems problems = { 0 };
    struct command_line line;
    char shown[PROBLEM_TEXT_MAX];

    command_line_read_arguments(found->value, &line, &problems);
    for (int i = 0; i < problems_kept(&problems); i++) {
        text_clean(shown, sizeof shown, slice_of_text(problems.item[i].text));
        complain(found, shown);
    }
    if (line.request != OPTIONS_RUN)
        complain(found, "expected settings: requests such as --help are for "
                        "the command line only");
    for (int i = 0; i < line.count; i++)
        take_argument(found, &line.options[i]);
    command_line_done(&line);
}

static void take_other(const struct found *found,
                       const struct vspc_server_option *other)
{
    unsigned *at = &found->reader->other_line[other - vspc_server_options];

    if (other->kind == VSPC_SERVER_ROW) {
        take_value(found, option_find(other->row));
        return;
    }
    if (*at != 0) {
        complain_of_second(found, *at);
        return;
    }
    *at = found->line;
    take_arguments(found);
}

/* Whether the option can stand in a file: another name of a request cannot. */
static bool is_other_setting(const struct vspc_server_option *other)
{
    return other->kind != VSPC_SERVER_ROW ||
           option_is_setting(option_find(other->row));
}

/* Never fails, so that libconfuse goes on and all problems are found. */
static int config_file_on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value,
                                void *result)
{
    const struct option_row *row = option_find(opt->name);
    const struct vspc_server_option *other = vspc_server_find(opt->name);
    struct found found = {
        .reader = config_reader_of(cfg),
        .name = opt->name,
        .value = value,
        .line = (unsigned)cfg->line,
        .is_first = is_first(opt),
    };

    if (row != NULL && option_is_setting(row))
        take_value(&found, row);
    else if (other != NULL && is_other_setting(other))
        take_other(&found, other);
    *(const char **)result = "";
    return 0;
}

static bool is_unknown(const struct config_reader *r, const char *name,
                       int section)
{
    for (int i = 0; i < r->unknown_count; i++) {
        if (r->unknown[i].section == section &&
            strcmp(r->unknown[i].name, name) == 0)
            return true;
    }
    return false;
}

/* True if reading again helps. */
static bool note_unknown(struct config_reader *r,
                         const struct config_unknown *unknown)
{
    if (r->unknown_count == CONFIG_UNKNOWN_MAX ||
        is_unknown(r, unknown->name, unknown->section))
        return false;
    r->unknown[r->unknown_count] = *unknown;
    r->unknown[r->unknown_count++].name = xstrdup(unknown->name);
    return true;
}

/* The name of a section is short: one wrong letter is a slip. */
static const char *guess(const char *name)
{
    for (int i = 0; i < SECTION_KINDS; i++) {
        const char *section = access_section_name((enum access_section_kind)i);

        if (text_distance(name, section) == 1)
            return section;
    }
    return option_guess(name, true);
}

static void say_unknown(struct config_reader *r,
                        const struct config_unknown *unknown)
{
    const char *near = guess(unknown->name);
    char shown[64];
    char hint[128] = "see vspcd.conf(5)";

    text_clean(shown, sizeof shown, slice_of_text(unknown->name));
    if (unknown->section >= 0)
        snprintf(hint, sizeof hint, "%s",
                 config_sections_expected(unknown->section));
    else if (option_find(unknown->name) != NULL ||
             vspc_server_find(unknown->name) != NULL)
        snprintf(hint, sizeof hint, "it is for the command line only");
    else if (near != NULL)
        snprintf(hint, sizeof hint, "did you mean %s?", near);
    problems_add(&r->problems, unknown->line,
                 "%.*s:%u: unknown setting '%s': %s", CONFIG_PATH_SHOWN,
                 r->name, unknown->line, shown, hint);
}

/* libconfuse reports unknown names and errors of syntax. */
__attribute__((format(printf, 2, 0))) static void config_file_on_error(
    cfg_t *cfg, const char *format, va_list args)
{
    struct config_reader *r = config_reader_of(cfg);
    unsigned line = (unsigned)cfg->line;
    char text[160], shown[160];

    if (strcmp(format, "no such option '%s'") == 0) {
        struct config_unknown unknown = {
            .name = va_arg(args, char *),
            .line = line,
            .section = config_sections_kind(cfg),
        };

        r->is_again = note_unknown(r, &unknown);
        if (!r->is_again)
            say_unknown(r, &unknown);
        return;
    }
    vsnprintf(text, sizeof text, format, args);
    text_clean(shown, sizeof shown, slice_of_text(text));
    problems_add(&r->problems, line, "%.*s:%u: %s: expected %s",
                 CONFIG_PATH_SHOWN, r->name, line, shown,
                 strstr(format, "for section") != NULL
                     ? "group NAME { members = {...} } or "
                       "access PATTERN { RIGHT = {...} } or "
                       "alert NAME { pattern = TEXT } or "
                       "alert-webhook NAME { url = TEXT }"
                     : "NAME = VALUE or NAME = {VALUE, ...}, with texts in "
                       "quotes");
}

static cfg_opt_t text_option(const char *name, bool is_list)
{
    return (cfg_opt_t){
        .name = name,
        .type = CFGT_STR,
        .flags = CFGF_NODEFAULT | (is_list ? CFGF_LIST : 0),
        .parsecb = config_file_on_value,
    };
}

typedef cfg_opt_t section_options[SECTION_KINDS][CONFIG_SECTION_OPTIONS];

/* Makes libconfuse's table: its options are our settings and sections. */
static void make_options(struct config_reader *r, section_options subopts,
                         cfg_opt_t *options)
{
    for (int i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];

        if (option_is_setting(row))
            *options++ = text_option(row->name, option_is_list(row));
    }
    for (int i = 0; i < vspc_server_option_count; i++) {
        if (is_other_setting(&vspc_server_options[i]))
            *options++ = text_option(vspc_server_options[i].name, false);
    }
    for (int i = 0; i < r->unknown_count; i++) {
        if (r->unknown[i].section < 0)
            *options++ = text_option(r->unknown[i].name, true);
    }
    config_sections_make(r, subopts, options);
    options += SECTION_KINDS;
    *options++ = config_reader_option(r);
    *options = (cfg_opt_t){ 0 };
}

static void forget(struct settings *s)
{
    for (int i = 0; i < option_row_count; i++)
        option_clear(&option_rows[i], s);
    access_sections_clear(&s->sections);
    *s = (struct settings){ 0 };
}

static void read_once(struct config_reader *r, const char *text)
{
    cfg_opt_t options[SETTINGS_ROWS_MAX + VSPC_SERVER_OPTIONS_MAX +
                      CONFIG_UNKNOWN_MAX + SECTION_KINDS + 2];
    section_options subopts;
    cfg_t *cfg;

    forget(&r->read);
    config_sections_done(r);
    r->section_count = 0;
    memset(r->other_line, 0, sizeof r->other_line);
    r->problems.count = 0;
    r->is_again = false;
    make_options(r, subopts, options);
    cfg = cfg_init(options, CFGF_NONE);
    if (cfg == NULL)
        mem_end();
    cfg_set_error_function(cfg, config_file_on_error);
    if (cfg_parse_buf(cfg, text) != CFG_SUCCESS && !r->is_again &&
        r->problems.count == 0)
        problems_add(&r->problems, (unsigned)cfg->line,
                     "%.*s:%d: syntax error: expected NAME = VALUE",
                     CONFIG_PATH_SHOWN, r->name, cfg->line);
    cfg_free(cfg);
}

static void hand_over(struct config_reader *r, struct settings *settings,
                      struct problems *problems)
{
    for (int i = 0; i < option_row_count; i++) {
        if (r->read.origins[i].source == SETTINGS_FILE)
            option_copy(&option_rows[i], settings, &r->read);
    }
    access_sections_copy(&settings->sections, &r->read.sections);
    for (int i = 0; i < problems_kept(&r->problems); i++)
        problems_add(problems, r->problems.item[i].line, "%s",
                     r->problems.item[i].text);
    problems->count += r->problems.count - problems_kept(&r->problems);
}

static void read_text(const char *name, const char *text,
                      const struct config_lines *begins,
                      struct settings *settings, struct problems *problems)
{
    struct config_reader *r = xcalloc(1, sizeof *r);

    r->name = name;
    r->begins = *begins;
    do {
        read_once(r, text);
    } while (r->is_again);
    for (int i = 0; i < r->unknown_count; i++) {
        say_unknown(r, &r->unknown[i]);
        free(r->unknown[i].name);
    }
    hand_over(r, settings, problems);
    forget(&r->read);
    config_sections_done(r);
    free(r);
}

/* ---- the file ---------------------------------------------------------- */

void config_text_read(const char *name, const char *text, size_t len,
                      struct settings *settings, struct problems *problems)
{
    struct config_lines begins;
    char *copy;
    unsigned line = 1;

    /* Editors of other systems write a byte order mark. */
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    for (size_t i = 0; i < len && text[i] != '\0'; i++)
        line += text[i] == '\n';
    if (memchr(text, '\0', len) != NULL) {
        problems_add(problems, line,
                     "%.*s:%u: the file has a NUL byte: expected text",
                     CONFIG_PATH_SHOWN, name, line);
        return;
    }
    copy = xstrndup(text, len);
    if (config_scan(name, copy, &begins, problems))
        read_text(name, copy, &begins, settings, problems);
    free(begins.item);
    free(copy);
}

/* A pipe is empty when SIGHUP reads it again: every setting would be lost. */
static bool is_pipe(int fd)
{
    struct stat s;

    return fstat(fd, &s) == 0 && S_ISFIFO(s.st_mode);
}

/* Reads the file into to, which has room for FILE_MAX + 1 bytes. Returns the
 * length, or -errno. */
static ssize_t read_all(int fd, char *to)
{
    size_t len = 0;
    ssize_t got;

    do {
        got = read(fd, to + len, FILE_MAX + 1 - len);
        if (got < 0)
            return -errno;
        len += (size_t)got;
    } while (got > 0 && len <= FILE_MAX);
    return len <= FILE_MAX ? (ssize_t)len : -EFBIG;
}

void config_file_read(const char *path, bool is_default,
                      struct settings *settings, struct problems *problems)
{
    /* O_NONBLOCK: a FIFO without a writer must not block a reload. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *text;
    ssize_t len;

    if (fd < 0 && errno == ENOENT && is_default)
        return;
    text = xmalloc(FILE_MAX + 1);
    len = fd < 0 ? -errno : is_pipe(fd) ? -EINVAL : read_all(fd, text);
    if (fd >= 0)
        close(fd);
    if (len < 0) {
        problems_add(problems, 0, "%.*s: cannot be read: %s", CONFIG_PATH_SHOWN,
                     path,
                     len == -EINVAL ? "it is a pipe: expected a file"
                                    : strerror((int)-len));
    } else {
        settings->file = xstrdup(path);
        config_text_read(path, text, (size_t)len, settings, problems);
    }
    free(text);
}

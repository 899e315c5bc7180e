/*
 * config_file_private.h - the reader of the configuration file, for its two
 * parts: settings (config_file.c) and sections (config_sections.c), and for
 * what looks at the text before them (config_scan.c). Private to them.
 */
#ifndef CONF_CONFIG_FILE_PRIVATE_H
#define CONF_CONFIG_FILE_PRIVATE_H

#include "conf/sources.h"
#include "conf/vspc_server.h"

#include <confuse.h>

enum {
    CONFIG_UNKNOWN_MAX = 16, /* names; each costs a reading */
    CONFIG_PATH_SHOWN = 200, /* bytes, in messages */
    /* Options of libconfuse in a section: lists, keyboard, unknown ones, the
     * reader, the end. */
    CONFIG_SECTION_OPTIONS = SECTION_LISTS + CONFIG_UNKNOWN_MAX + 3,
};

/* A name that libconfuse does not know. */
struct config_unknown {
    char *name;
    unsigned line;
    int section; /* enum access_section_kind; -1: in no section */
};

/* The lines in which sections begin, in their order. */
struct config_lines {
    unsigned *item;
    size_t count;
};

/* The section that is being read. */
struct config_section {
    struct access_section read;
    /* By list: where it was set, or 0. */
    unsigned list_line[SECTION_LISTS];
    unsigned keyboard_line;
};

struct config_reader {
    const char *name; /* of the file, for messages */
    struct settings read;
    struct problems problems;
    /* The lines of vspc_server_options; 0: not in the file. */
    unsigned other_line[VSPC_SERVER_OPTIONS_MAX];
    struct config_unknown unknown[CONFIG_UNKNOWN_MAX];
    int unknown_count;
    bool is_again; /* a new unknown name was noted: read again */
    struct config_section section;
    struct config_lines begins; /* of sections */
    size_t section_count;       /* that were read */
};

/* The reader for libconfuse's callbacks, which get no pointer of ours. */
struct config_reader *config_reader_of(const cfg_t *cfg);

/* The option that config_reader_of finds. */
cfg_opt_t config_reader_option(struct config_reader *r);

/*
 * In config_scan.c. Replaces the comments of the text by blanks, and finds the
 * lines in which sections begin; *ret_begins.item is to be freed in either
 * case. False: the text is wrong, the problem was added, and libconfuse need
 * not see it.
 */
bool config_scan(const char *name, char *text, struct config_lines *ret_begins,
                 struct problems *problems);

/* Adds a problem with file and line in front. */
void config_complain(struct config_reader *r, unsigned line, const char *name,
                     const char *what);

/* Makes libconfuse's options for the sections; subopts is borrowed by *to. */
void config_sections_make(
    struct config_reader *r,
    cfg_opt_t subopts[SECTION_KINDS][CONFIG_SECTION_OPTIONS],
    cfg_opt_t to[SECTION_KINDS]);

/* The kind of section that libconfuse is in; -1: in none. */
int config_sections_kind(const cfg_t *cfg);

/* What can stand in a section of this kind, for a message. */
const char *config_sections_expected(int kind);

/* Frees what a section that was not read to its end has left. */
void config_sections_done(struct config_reader *r);

#endif

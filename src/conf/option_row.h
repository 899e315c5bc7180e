/*
 * option_row.h - what a row of the table of settings says, and what can be done
 * with the setting that it is about. For the files of conf/ alone.
 */
#ifndef CONF_OPTION_ROW_H
#define CONF_OPTION_ROW_H

#include "conf/options.h"

#include <stddef.h>

enum option_type {
    OPTION_FLAG,    /* true or false */
    OPTION_NUMBER,  /* from min to max */
    OPTION_SIZE,    /* bytes; K, M, G behind it multiply by 1024 */
    OPTION_SECONDS, /* the same with s, m, h, d */
    OPTION_ADDRESS, /* text: an IP address */
    OPTION_TEXT,    /* text, of min bytes at least, or one of words */
    OPTION_WORD,    /* one of words; the setting is its number */
    OPTION_PROXY,   /* list of ADDRESS:PORT[,tls=WORD] */
    OPTION_RULE,    /* list of texts */
    OPTION_NETWORK, /* list of networks */
    OPTION_REQUEST, /* not a setting: asks for something else */
};

struct option_row {
    const char *group;       /* heading, of the first row below it */
    const char *name;        /* in the file, and as long option */
    const char *environment; /* variable; NULL: none */
    const char *value;       /* what the help calls its value */
    const char *standard;    /* default, as it would be written */
    const char *otherwise;   /* what holds where nothing is given */
    const char *text;        /* for the help; lines are wrapped by hand */
    const char *more;        /* sentences that only the manual pages have */
    const char *example;     /* for the sample file, where it has no default */
    const char *words;       /* OPTION_WORD, OPTION_TEXT: "first|second|..." */
    uint64_t min, max;       /* OPTION_RULE: how many; 0: SETTINGS_RULES_MAX */
    size_t offset;           /* in struct settings */
    enum option_type type;
    char letter;      /* short option, or 0 */
    bool is_reloaded; /* takes effect at SIGHUP; else at a restart */
    bool is_not_kept; /* of the command line alone, in no file */
    bool is_path;     /* OPTION_TEXT: may be relative */
};

extern const struct option_row option_rows[];
extern const int option_row_count;

/* NULL: there is none. */
const struct option_row *option_find(const char *name);

/* The name that may have been meant, of a file's settings only if so wanted;
 * NULL: none is near. */
const char *option_guess(const char *name, bool is_in_file);

/* Not of the command line alone. */
bool option_is_setting(const struct option_row *row);
bool option_is_list(const struct option_row *row);
bool option_takes_value(const struct option_row *row);

static inline int option_index(const struct option_row *row)
{
    return (int)(row - option_rows);
}

/*
 * One value into the settings, which keep a copy; the next one of a list.
 * origin is where it was written. 0, or -EINVAL with err filled: what is wrong
 * with it and what was expected, without a name before it.
 */
int option_set(const struct option_row *row, struct settings_origin origin,
               const char *value, struct settings *settings, struct err *err);

/* Frees what the setting holds; it is 0 then. */
void option_clear(const struct option_row *row, struct settings *settings);

/* to's own is freed before. The origin goes along. */
void option_copy(const struct option_row *row, struct settings *to,
                 const struct settings *from);

bool option_is_equal(const struct option_row *row, const struct settings *a,
                     const struct settings *b);

/* In the largest unit that it is a whole number of. */
void option_print_size(uint64_t size, FILE *to);

/* As a file has it; false, and nothing is written: the setting is not set. */
bool option_print_value(const struct option_row *row, const struct settings *s,
                        FILE *to);

#endif

/*
 * option_table.h - a command line as a table of its options, which also makes
 * its --help.
 */
#ifndef VM_COMMON_OPTION_TABLE_H
#define VM_COMMON_OPTION_TABLE_H

#include "base/err.h"

#include <stddef.h>

enum { OPTION_TABLE_MAX = 32 };

struct option_table_row {
    const char *heading; /* of the section that begins here; NULL: none does */
    const char *name;
    const char *value; /* what the value is called; NULL: it has none */
    const char *text;  /* lines, for a person */
    char letter;       /* 0: there is no short form */
};

/* In the order of --help. */
struct option_table {
    const struct option_table_row *row; /* these are borrowed */
    size_t count;                       /* OPTION_TABLE_MAX at most */
    const char *help;                   /* what shows all options: "--help" */
};

/* 0, or negative with err filled. value NULL: the option has none. */
typedef int option_table_read_fn(void *owner, size_t row, const char *value,
                                 struct err *err);

/* Has each option read, in the order of the command line, until one is wrong.
 * Then, and for an option that is not known: negative, err is filled. 0: what
 * is no option begins at argv[*ret_rest]. Changes the order of argv. */
int option_table_read(const struct option_table *table, int argc, char **argv,
                      option_table_read_fn *read, void *owner, int *ret_rest,
                      struct err *err);

/* The options, with their texts behind this many columns. */
void option_table_print(const struct option_table *table, int left_width);

/* The lines of a text behind what is on the left of the first one. */
void option_table_print_text(const char *left, int left_width,
                             const char *text);

#endif

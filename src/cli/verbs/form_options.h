/*
 * form_options.h - the options of verbs that show something: -o and
 * --no-headers; read and printed here, once.
 */
#ifndef CLI_VERBS_FORM_OPTIONS_H
#define CLI_VERBS_FORM_OPTIONS_H

#include "cli/invocation/ask.h"
#include "cli/output/listing.h"

/* Rows of a verb's options. */
#define FORM_OPTION_OUTPUT                                                     \
    {                                                                          \
        "output", 'o', "FORM", LISTING_FORMS " [table]"                        \
    }
#define FORM_OPTION_HEADERS                                                    \
    {                                                                          \
        "no-headers", 0, NULL, "no headings above the table"                   \
    }

/* The options of a verb that has no others: for a list, for one object. */
extern const struct option_row form_options_list[];
extern const struct option_row form_options_one[];

/* DONE, or USAGE: it was told what is wrong. */
enum exits form_options_read(const struct invocation *in,
                             enum listing_form *ret_form);

/* Asks (GET) and shows the answer: a list; one object, its name by
 * name_path. */
enum exits form_options_get_list(struct invocation *in,
                                 const struct target *target,
                                 const struct listing *listing);
enum exits form_options_get_one(struct invocation *in,
                                const struct target *target,
                                const char *name_path);

#endif

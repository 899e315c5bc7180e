/*
 * show_console.h - a console as a JSON object: for lists, for answers that say
 * what is now, for events.
 *
 * A rendering of the census. Its members are rows, of which a caller may ask
 * for some.
 */
#ifndef API_SHOW_SHOW_CONSOLE_H
#define API_SHOW_SHOW_CONSOLE_H

#include "api/api.h"
#include "api/show/show_value.h"

/* Bits of the rows of members. This one stands for all of them but those that
 * are shown only where they are named. */
#define SHOW_CONSOLE_ALL (1ull << 63)

/* The members of a comma-separated text of names; "all": SHOW_CONSOLE_ALL.
 * False: ret says what is wrong with it. */
bool show_console_fields(const char *names, uint64_t *ret_fields,
                         struct err *ret);

/*
 * A new object. right: what the caller may do on the console, which is shown;
 * RIGHT_NONE leaves it out. What only some may see follows from it.
 */
json_t *show_console(const struct api *api, const struct console *c,
                     enum right right, uint64_t fields,
                     const struct show_moment *now);

/* The same, at this moment, of a call's console, with all members. */
json_t *show_console_of(const struct api_call *call);

/* "connected", "moving", "none": the member state. */
const char *show_console_state(const struct console *c);

/* The rows, for openapi.json: types as in show_schema.h. NULL: no more. */
const char *show_console_member(size_t i, const char **ret_type,
                                const char **ret_help);

#endif

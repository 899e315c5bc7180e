/*
 * pattern.h - patterns for consoles and names: globs, as a shell has them.
 *
 *     *       any number of characters, / too
 *     ?       one character
 *     [a-z]   one character of these; only ASCII
 *     [!a-z]  one character that is none of these
 *
 * Everything else is itself, and all of a text has to match. There is no
 * backslash: [*] is a star. A pattern for consoles is compared with the
 * console's name, name/label, UUID and UUID/label; the UUID regardless of case.
 *
 * A pattern for consoles that begins with folder:, owner:, tag: or host: is
 * compared with what the inventory has about the VM, and with nothing else; the
 * host regardless of case, and each of the tags. So [f]older:x is a console
 * whose name is folder:x. folder:* are the consoles whose folder is known, and
 * folder: are those of which none is.
 *
 * The server, which is a console without texts, is matched by stars alone.
 *
 * A match costs at most the product of both lengths. A pattern that
 * pattern_check refuses matches something or nothing, but reads nothing else.
 */
#ifndef ACCESS_PATTERN_H
#define ACCESS_PATTERN_H

#include "base/err.h"
#include "base/network.h"
#include "inventory/inventory.h"

enum { PATTERN_MAX = 256 }; /* bytes with the NUL */

/* What a rule can know of a console. Texts are borrowed; NULL or "": none. */
struct access_console {
    const char *name; /* the VM's */
    const char *uuid;
    const char *label;
    struct ip
        host; /* of its VM's present or last connection; all zeros: none */
    struct inventory_vm vm; /* all zeros: the inventory does not have it */
};

/* 0, or -EINVAL with err filled: what is wrong with the pattern. */
int pattern_check(const char *pattern, struct err *err);

/* Whether the pattern has a character that does not stand for itself. */
bool pattern_is_glob(const char *pattern);

bool pattern_matches(const char *pattern, const char *text);

/* Whether a pattern for consoles is one of the inventory. */
bool pattern_is_of_inventory(const char *pattern);

/* A console's texts with their lengths, for more than one pattern. Borrows from
 * the console. */
struct pattern_text {
    const char *first, *second; /* borrowed */
    size_t first_len;
    size_t len;           /* in all; the / between both is one more */
    bool is_case_ignored; /* of the first */
};
struct pattern_console {
    struct pattern_text form[4];
    int count;
    const struct inventory_vm *vm;
};
struct pattern_console pattern_console_of(const struct access_console *console);

bool pattern_matches_console(const char *pattern,
                             const struct pattern_console *console);

/* Whether nobody knows if the pattern matches, because the inventory, or its
 * line of this VM, could not be read. It does not match then. */
bool pattern_is_undecided(const char *pattern,
                          const struct pattern_console *console);

/* Whether all that inner matches is matched by outer. False also if that cannot
 * be told easily. */
bool pattern_covers(const char *outer, const char *inner);

#endif

/*
 * conlog_name.h - the names of log files, made of an administrator's pattern
 * and of what a VM says about itself.
 *
 *   %{name} %{uuid} %{label}  of the console, as the VM sent them
 *   %{uuid-hex}               the 32 hex digits of the UUID, in lower case: the
 *                             name in which OpenStack Nova looks for a log. A
 *                             text that is no UUID is used as by %{uuid}.
 *   %{folder}                 of the VM in the inventory, as one part:
 *                             /prod/web becomes prod_web
 *   %Y %m %d %H               year, month, day, hour, in UTC
 *   %%                        a percent sign
 *   /                         the part before it is a folder
 *
 * Pure: no file is touched, time is an argument. The facts come from a VM and
 * are hostile. So that they cannot leave the directory, break a terminal, or
 * mean something to a shell, "_" replaces each of these characters:
 *
 * - control characters, DEL; bytes that are not UTF-8 (each byte);
 * - / \ and characters with a meaning to a shell: ! " # $ & ' * ; < > ? [ ] ` {
 *   | } and ~. A space, brackets and the rest stay.
 * - characters that are invisible or change the order of others (zero width,
 *   bidirectional controls, soft hyphen, joiners, variation selectors, tags)
 *   and spaces other than U+0020: they make different names look alike. Some
 *   emoji lose their looks.
 *
 * Then, for each folder and for the name itself, whatever they are made of:
 *
 * - an empty one becomes "_"; a "." "-" or space at its front, and a space at
 *   its end, become "_": so nothing is hidden, or taken for an option, or "..";
 * - one of more than CONLOG_NAME_PART_MAX bytes is cut between characters and
 *   ends in "~" and 16 hex digits, a hash of all of it. Neither a VM nor a
 *   pattern can put a "~" there itself.
 * - in the name itself, not in folders, the last "." of an end that marks
 *   rotated files (.1 to .999, .1.gz to .999.gz, .tmp) becomes "_": the log of
 *   a VM called web.1 must not be the rotated log of web.
 *
 * Equal facts at one time give equal names, in every run.
 *
 * Two different consoles CAN get one name: VMs may share their name, "a/b" and
 * "a*b" both become "a_b", a VM may claim another one's UUID, and the hash is
 * no secret. The caller must know which names are taken.
 */
#ifndef CONLOG_FILE_CONLOG_NAME_H
#define CONLOG_FILE_CONLOG_NAME_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    /* A file system allows 255 bytes; a rotated file's name is longer by up to
     * ".999.gz", a temporary one's by ".gz.tmp". */
    CONLOG_NAME_PART_MAX = 240,
    /* Parts of a path, each with the "/" or the NUL behind it. */
    CONLOG_NAME_PARTS = 8,
    CONLOG_NAME_MAX = CONLOG_NAME_PARTS * (CONLOG_NAME_PART_MAX + 1),
    CONLOG_PATTERN_MAX = 255, /* bytes */
};

/* What a VM has sent, and its folder in the inventory. NULL means "". */
struct conlog_facts {
    const char *name, *uuid, *label, *folder;
};

/*
 * Checks a pattern. 0, or -EINVAL with err filled: what is wrong, and at which
 * character. A pattern is relative, has no part that begins with "." or "-" (so
 * no ".."), and contains something that differs between consoles.
 */
int conlog_name_check(const char *pattern, struct err *err);

/* Writes the relative path, terminated. The pattern has passed the check.
 * Returns the length. */
size_t conlog_name_expand(const char *pattern, const struct conlog_facts *facts,
                          int64_t utc_s, char ret_path[CONLOG_NAME_MAX]);

/* When the pattern's dates next change after utc_s: a full hour or UTC
 * midnight. INT64_MAX if it has none. */
int64_t conlog_name_next_date(const char *pattern, int64_t utc_s);

#endif

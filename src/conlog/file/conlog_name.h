/*
 * conlog_name.h - the names of log files: an administrator's pattern, and what
 * a VM says about itself.
 *
 *   %{name} %{uuid} %{label}  of the console, as the VM has told them
 *   %{uuid-hex}               the 32 hex digits of the UUID, in lower case: how
 *                             OpenStack Nova looks for a log. A UUID that is
 *                             none is put in as by %{uuid}.
 *   %Y %m %d %H               year, month, day, hour, in UTC
 *   %%                        a percent sign
 *   /                         what stands before it is a folder
 *
 * Pure: no file is touched, time is an argument. What comes from a VM is
 * hostile. So that it cannot leave the directory, break a terminal, or mean
 * something to a shell, each character of it that is one of these becomes "_":
 *
 *   - control characters, DEL; bytes that are not UTF-8 (each byte);
 *   - / \ and what a shell takes for its own: ! " # $ & ' * ; < > ? [ ] ` { | }
 *     and ~. A space, brackets and the rest stay.
 *   - characters that cannot be seen or change the order of others (zero width,
 *     bidirectional controls, soft hyphen, joiners, variation selectors, tags)
 *     and spaces that are not U+0020: with them two names look the same, or a
 *     file shows as what it is not. It costs some emoji their looks.
 *
 * Then, for each folder and for the name itself, whatever it is made of:
 *
 *   - one of nothing is "_"; a "." "-" or space at its front, and a space at
 *     its end, is "_": nothing is hidden, or taken for an option, or "..";
 *   - one of more than CONLOG_NAME_PART_MAX bytes is cut between characters and
 *     ends in "~" and 16 hex digits, a hash of all of it. No VM can put a "~"
 *     there by itself.
 *   - in the name itself, not in folders, the last "." of an end that belongs
 *     to rotated files (.1 to .999, .1.gz to .999.gz, .tmp) becomes "_": a VM
 *     called web.1 must not be what the log of web becomes when it is rotated.
 *
 * The same facts at the same time give the same name, in every run.
 *
 * Two different consoles CAN have the same name: VMs may share their name,
 * "a/b" and "a*b" are both "a_b", a VM may tell another one's UUID, and a hash
 * is no secret. The caller must know which names are taken.
 */
#ifndef CONLOG_FILE_CONLOG_NAME_H
#define CONLOG_FILE_CONLOG_NAME_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    /* A file system takes 255; the name of a rotated file is longer by up to
     * ".999.gz", a temporary one by ".gz.tmp". */
    CONLOG_NAME_PART_MAX = 240,
    /* A part of a path, with the "/" or the end behind it. */
    CONLOG_NAME_PARTS = 8,
    CONLOG_NAME_MAX = CONLOG_NAME_PARTS * (CONLOG_NAME_PART_MAX + 1),
    CONLOG_PATTERN_MAX = 255, /* bytes */
};

/* What a VM has told. NULL is the same as "". */
struct conlog_facts {
    const char *name, *uuid, *label;
};

/*
 * 0, or -EINVAL with err filled: what is wrong, and at which character. A
 * pattern is relative, has no part that begins with "." or "-" (so no ".."),
 * and something in it that consoles differ by.
 */
int conlog_name_check(const char *pattern, struct err *err);

/* The path, relative, with its end. The pattern has passed the check. Returns
 * the length. */
size_t conlog_name_expand(const char *pattern, const struct conlog_facts *facts,
                          int64_t utc_s, char ret_path[CONLOG_NAME_MAX]);

/* When the pattern's dates are others than at utc_s: the next full hour or UTC
 * midnight. INT64_MAX if it has none. */
int64_t conlog_name_next_date(const char *pattern, int64_t utc_s);

#endif

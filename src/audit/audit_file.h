/*
 * audit_file.h - the file of an audit log: a regular file of its own, with one
 * writer, to which bytes are only appended.
 *
 * Blocks. A line that was written in part is continued by the next write, or
 * written again as a whole if another file is opened meanwhile.
 */
#ifndef AUDIT_AUDIT_FILE_H
#define AUDIT_AUDIT_FILE_H

#include "audit/audit_chain.h"
#include "base/err.h"

#include <sys/types.h>

struct audit_file {
    const char *path; /* borrowed */
    int fd;           /* -1: none */
};

/*
 * Opens the file, or makes it with mode 0640, and reads its end. If that lacks
 * a newline it gets one; lacks_newline stays set if the disk does not take it.
 * f gets what was opened; what it had is not closed. -errno with err filled: a
 * symbolic link, a file with other names or another writer or other content, no
 * regular file, or the disk fails.
 */
int audit_file_open(struct audit_file *f, const char *path,
                    struct audit_end *ret_end, struct err *err);

/* Whether audit_file_open would open the file, but for another writer: changes
 * nothing. 0, or -errno with err filled. */
int audit_file_check(const char *path, struct err *err);

/* Takes f with fd -1, too. */
void audit_file_close(struct audit_file *f);

/* Returns how many bytes were written, which may be fewer than there are;
 * -errno: none. */
ssize_t audit_file_write(struct audit_file *f, struct slice bytes);

int audit_file_sync(struct audit_file *f);

enum audit_place {
    AUDIT_IN_PLACE,
    AUDIT_MOVED,   /* the path leads to another file, or nowhere */
    AUDIT_DELETED, /* the file has no name any more */
};
enum audit_place audit_file_place(const struct audit_file *f);

#endif

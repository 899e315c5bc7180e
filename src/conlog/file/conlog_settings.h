/*
 * conlog_settings.h - how console logs are to be written.
 */
#ifndef CONLOG_FILE_CONLOG_SETTINGS_H
#define CONLOG_FILE_CONLOG_SETTINGS_H

#include "conlog/file/conlog_name.h"
#include "conlog/file/conlog_rotation.h"

#include <stdbool.h>
#include <sys/types.h>

enum { CONLOG_DIRECTORY_MAX = 1024 }; /* with its NUL */

struct conlog_settings {
    char directory[CONLOG_DIRECTORY_MAX];
    char pattern[CONLOG_PATTERN_MAX + 1];
    struct conlog_rotation_rules rotation;
    uint64_t keep_free; /* bytes of the file system that stay free; 0: any */
    uint64_t total;     /* bytes that all files may take; 0: any number */
    mode_t mode;
    uid_t uid;         /* (uid_t)-1: not changed */
    gid_t gid;         /* (gid_t)-1: not changed */
    uint32_t open_max; /* files kept open; at least 1 */
    bool is_stamped;   /* a time before each line */
};

#endif

/*
 * schema.h - the versions of the program's files: the state (database.h) and
 * the tokens (token_file.h), which has the keys of ssh and the sessions of
 * pages, too.
 *
 * PRAGMA user_version is the number of steps that were taken, which
 * sqlite_file_open takes. A released step never changes; a new version adds a
 * step.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

struct schema {
    const char *const *steps;
    int count;
    int application_id; /* of the file's kind: PRAGMA application_id */
};

extern const struct schema schema_state;
extern const struct schema schema_tokens;

#endif

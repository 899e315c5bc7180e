/*
 * conlog_files.h - a directory of log files for tests: what is in each, said
 * in one line.
 *
 * "web=d web.1=c web.2.gz=b": the files by name, each with its content; that of
 * a name that ends in .gz is unpacked. The directory is removed by files_done.
 */
#ifndef TESTS_CONLOG_FILES_H
#define TESTS_CONLOG_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct files {
    int directory;
    char path[128];
};

void files_init(struct files *f);
void files_done(struct files *f);

/* Makes files as the line says, and removes all others. mtimes are apart. */
void files_make(struct files *f, const char *line);

/* Fails unless exactly these files are there. */
void files_expect(struct files *f, const char *line);

void files_write(struct files *f, const char *name, const void *bytes,
                 size_t len, mode_t mode);
void files_set_mtime(struct files *f, const char *name, int64_t s, long ns);

/* By zlib's own reader, of gzip's format; returns the length. */
size_t files_unpack(struct files *f, const char *name, void *to, size_t size);

#endif

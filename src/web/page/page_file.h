/*
 * page_file.h - the files of the page, compressed, as parts of the program: so
 * there is no folder to look for them in, and none to break out of.
 *
 * The table is made at build time by scripts/pack-page of all that is in page/
 * and in the order of the paths (strcmp).
 */
#ifndef WEB_PAGE_PAGE_FILE_H
#define WEB_PAGE_PAGE_FILE_H

#include <stddef.h>
#include <stdint.h>

struct http_target;

struct page_file {
    const char *path;    /* below page/: "vendor/xterm.css" */
    const char *type;    /* content type */
    const char *etag;    /* with its quotation marks */
    const uint8_t *data; /* gzip */
    size_t len;
};

extern const struct page_file page_files[];
extern const size_t page_file_count;

/* The file of a target, whose query does not count; "/" is index.html. NULL:
 * there is none. */
const struct page_file *page_file_find(const struct http_target *target);

/* What its Content-Security-Policy says (W3C CSP 3). */
const char *page_file_policy(const struct page_file *file);

#endif

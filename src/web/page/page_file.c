#include "web/page/page_file.h"

#include "proto/http/http_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_MAX_LEN = 100 };

static int compare(const void *path, const void *file)
{
    return strcmp(path, ((const struct page_file *)file)->path);
}

static const struct page_file *find(const char *path)
{
    return bsearch(path, page_files, page_file_count, sizeof *page_files,
                   compare);
}

const struct page_file *page_file_find(const struct http_target *target)
{
    char path[PATH_MAX_LEN];
    size_t len = 0;

    if (target->segment_count == 0 ||
        (target->segment_count == 1 && *target->segment[0] == '\0'))
        return find("index.html");
    for (size_t i = 0; i < target->segment_count; i++) {
        int n = snprintf(path + len, sizeof path - len, "%s%s",
                         i > 0 ? "/" : "", target->segment[i]);

        if (n < 0 || (size_t)n >= sizeof path - len)
            return NULL;
        len += (size_t)n;
    }
    return find(path);
}

/* Nothing from anywhere else, no script or style within a document, no frame
 * around it, and no markup or script made from a text. */
#define POLICY(scripts, markup)                                                \
    "default-src 'none'; script-src 'self'" scripts                            \
    "; style-src 'self'; img-src 'self'; font-src 'self'; connect-src "        \
    "'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "       \
    "frame-ancestors 'none'; require-trusted-types-for 'script'; "             \
    "trusted-types " markup

const char *page_file_policy(const struct page_file *file)
{
    /* The player's terminal is WebAssembly, and its markup is made from texts
     * of its own, which replay.js lets pass: it is a document of its own, so
     * that no other needs to allow that. */
    if (strcmp(file->path, "replay.html") == 0)
        return POLICY(" 'wasm-unsafe-eval'", "default");
    return POLICY("", "'none'");
}

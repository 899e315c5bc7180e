/*
 * api_private.h - what the files of api/ share beside api.h:
 *
 *   api.c         calls: begin, the right, answers, the audit
 *   api_find.c    which row a request is for; which console a text names
 *   api_values.c  arguments from texts and JSON
 *   api_table.c   all rows
 *   api_turns.c   how many do at once what costs memory
 */
#ifndef API_API_PRIVATE_H
#define API_API_PRIVATE_H

#include "api/api.h"
#include "api/api_means.h"
#include "api/api_turns.h"

/* Work that outlives the call that has begun it: a login that waits for what a
 * person says. api_free ends what is left. */
struct api_lasting {
    struct list node; /* in struct api.lasting */
    void (*end)(struct api_lasting *work);
};

struct api {
    struct session_context *sessions;
    const struct api_means *means;
    int64_t offset_us;   /* api_offset_us, when it was told last */
    char *openapi;       /* the document; NULL: nobody has asked for it yet */
    unsigned series;     /* scrapes of single consoles under way: metrics/ */
    struct list lasting; /* struct api_lasting.node */
    /* Lists that are being found and sorted, which is our pace alone; and those
     * whose callers' pace it is, too, because they are shown as they are found.
     */
    struct api_turns sorted_lists;
    struct api_turns plain_lists;
    struct api_turns recording_lists;
    unsigned recording_reads; /* one recording each: recordings/ */
    unsigned diagnoses;       /* calls that wait for one: diagnosis/ */
};

/* ---- api_find.c */

/* The console with this id, UUID (if its VM has no other), or name as shown.
 * NULL: there is none, or *ret_many of them. */
struct console *api_find_console(const struct directory *d, const char *text,
                                 unsigned *ret_many);

/* ---- api_values.c */

const struct api_argument *api_argument_of(const struct api_command *command,
                                           const char *name);

/* An argument's value from a text. False: ret says what is wrong with it. */
bool api_set_value(struct api_call *call, const char *name, struct slice text,
                   struct err *ret);

/* The first required argument that is missing; NULL: none is. */
const struct api_argument *api_missing(const struct api_call *call);

void api_free_values(struct api_call *call);

#endif

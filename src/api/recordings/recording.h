/*
 * recording.h - a recording: whose it is, who may have it, how it is shown.
 *
 * Whoever may read a console may read its recordings. A console that is known
 * is judged as it is now; one that is not, by the UUID, label and name that the
 * recording has, and by no host: a section with hosts is not for it.
 */
#ifndef API_RECORDINGS_RECORDING_H
#define API_RECORDINGS_RECORDING_H

#include "api/api.h"
#include "record/reading/record_facts.h"
#include "record/reading/record_scan.h"
#include "record/reading/record_summary.h"

struct recording {
    struct record_id id;
    struct record_facts facts;
    uint32_t first_part; /* of the files that are there */
    uint32_t parts;      /* how many there are */
    bool is_live;        /* it goes on */
    uint64_t length_us;
    uint64_t bytes;
    uint64_t gaps;
    uint64_t missing; /* bytes of output */
    bool is_complete;
};

/* Where they are. NULL: there are none, and the call was answered. */
const char *recording_directory(struct api_call *call);

/* The console, if it is known; NULL. */
struct console *recording_console(const struct api_call *call,
                                  const struct record_facts *facts);

enum right recording_right(const struct api_call *call,
                           const struct record_facts *facts);

/* False: none, so no thread has to look for one. */
bool recording_may_read_any(const struct api_call *call);

/* Whether the patterns of consoles match its console, as that is called now or,
 * if it is not known, was called. */
bool recording_matches(const struct api_call *call,
                       const struct record_facts *facts, const char *match);

/* Whose it is, of one that goes on. */
void recording_set_console(struct recording *r, const struct console *c,
                           const char *by);

/* Whether this is what its console's id, UUID or name is, or was. */
bool recording_is_of(const struct api_call *call,
                     const struct record_facts *facts, const char *console);

/* Fills in how one has ended. */
void recording_set_summary(struct recording *r, const struct record_summary *s);

/* Fills in what is known of one that goes on; is_live says whether it does. */
void recording_look(const struct api_call *call, struct recording *r);

json_t *recording_show(const struct api_call *call, const struct recording *r);

/* Who is said to have wanted a recording. "": nobody who has a name. */
struct recording_by {
    char text[sizeof(struct principal_text)];
};
struct recording_by recording_by(const struct principal *who);

/* "web-01/s0": a console's, for messages and the audit log. */
struct console_name recording_name(const struct api_call *call,
                                   const struct record_facts *facts);

#endif

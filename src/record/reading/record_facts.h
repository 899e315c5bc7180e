/*
 * record_facts.h - what a part's header says: whose recording it is, and what
 * came before the part. Pure. The header is foreign: whoever can write into the
 * folders can write anything there. Texts are cleaned and cut.
 */
#ifndef RECORD_READING_RECORD_FACTS_H
#define RECORD_READING_RECORD_FACTS_H

#include "base/slice.h"
#include "base/text.h"
#include "record/record_reason.h"

struct record_facts {
    char uuid[TEXT_ID_MAX + 1];
    char label[TEXT_ID_MAX + 1];
    char name[TEXT_ID_MAX + 1]; /* the VM's */
    char by[TEXT_ID_MAX + 1];   /* "": a rule */
    enum record_reason reason;
    unsigned version; /* of asciicast: 2 or 3 */
    bool has_input;
    uint32_t columns, rows;
    int64_t timestamp_s; /* when the part began, UTC */
    /* Of the parts before this one: */
    uint64_t offset_us;
    uint64_t gaps;
    uint64_t missing; /* bytes of output */
};

/* False: it is no header of a recording of ours. */
bool record_facts_read(struct record_facts *ret, struct slice header);

#endif

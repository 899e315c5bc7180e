/*
 * report.h - what a rehearsal prints: a table of the steps, a line each, as
 * they are played, and those that were skipped at the end, by their reasons; or
 * one JSON object at the end.
 */
#ifndef VM_REHEARSE_REPORT_H
#define VM_REHEARSE_REPORT_H

#include "vm/rehearse/steps/steps.h"

struct report {
    bool is_json;
    bool has_progress; /* the step that is played, on a terminal */
    json_t *steps;
    unsigned count[OUTCOME_KIND_COUNT];
    uint64_t began_us;
};

void report_open(struct report *r, bool is_json, bool has_progress);
void report_close(struct report *r);

/* proxy: "HOST:PORT"; server: as a person writes it, NULL: none. */
void report_begin(struct report *r, const char *proxy, const char *server,
                  unsigned vms);
void report_step_begins(struct report *r, const struct step *step);
void report_step(struct report *r, const struct step *step,
                 const struct outcome *o);
void report_end(struct report *r, const char *proxy, const char *server,
                unsigned vms, bool is_interrupted);

#endif

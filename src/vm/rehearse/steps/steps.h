/*
 * steps.h - the steps of a rehearsal, as a table: what each proves, what it
 * needs, and the function that plays it. docs/rehearsal.md has a section for
 * each, with what to do if it fails.
 */
#ifndef VM_REHEARSE_STEPS_STEPS_H
#define VM_REHEARSE_STEPS_STEPS_H

#include "vm/rehearse/stage/outcome.h"
#include "vm/rehearse/stage/stage.h"

enum step_need {
    STEP_SERVER = 1,
    STEP_VM = 2,     /* the first VM has its port */
    STEP_READER = 4, /* somebody is at its console; so the server is known */
    STEP_MOVES = 8,  /* the concentrator knows vMotion */
    STEP_LAST = 16,  /* also when the rehearsal was interrupted */
};

struct step {
    const char *name;
    const char *help; /* what it proves: a clause for a person */
    unsigned needs;   /* enum step_need bits */
    void (*run)(struct stage *s, const struct step *step, struct outcome *o);
    const char *way; /* for step_move: of rehearsal.h */
};

/* In the order in which they are played. */
extern const struct step steps[];
extern const size_t step_count;

/* NULL: none has this name. */
const struct step *steps_find(const char *name);

/* Sees to what the step needs, and plays it. */
void steps_run(struct stage *s, const struct step *step, struct outcome *o);

/* The functions of the table; each sets its outcome. */
void step_connect(struct stage *s, const struct step *step, struct outcome *o);
void step_console(struct stage *s, const struct step *step, struct outcome *o);
void step_print(struct stage *s, const struct step *step, struct outcome *o);
void step_input(struct stage *s, const struct step *step, struct outcome *o);
void step_latency(struct stage *s, const struct step *step, struct outcome *o);
void step_come_back(struct stage *s, const struct step *step,
                    struct outcome *o);
void step_line(struct stage *s, const struct step *step, struct outcome *o);
void step_break_out(struct stage *s, const struct step *step,
                    struct outcome *o);
void step_break_in(struct stage *s, const struct step *step, struct outcome *o);
void step_move(struct stage *s, const struct step *step, struct outcome *o);
void step_refuse(struct stage *s, const struct step *step, struct outcome *o);
void step_telnets(struct stage *s, const struct step *step, struct outcome *o);
void step_start_tls(struct stage *s, const struct step *step,
                    struct outcome *o);
void step_thumbprint(struct stage *s, const struct step *step,
                     struct outcome *o);
void step_wrong_thumbprint(struct stage *s, const struct step *step,
                           struct outcome *o);
void step_verify(struct stage *s, const struct step *step, struct outcome *o);
void step_many(struct stage *s, const struct step *step, struct outcome *o);
void step_many_back(struct stage *s, const struct step *step,
                    struct outcome *o);
void step_clean(struct stage *s, const struct step *step, struct outcome *o);

#endif

/* vMotion, in each way in which a move may go. */
#include "vm/rehearse/steps/steps.h"

#include <string.h>

enum { MOVE_BYTES = 8 * 1024 };

static bool is_move_over(void *owner)
{
    const struct played_vm *vm = owner;

    /* A move that cannot begin is reported, too. */
    return vm->move.is_over || vm->is_lost;
}

static bool has_no_move(void *owner)
{
    const struct played_vm *vm = owner;

    return vm->hosts.state == REHEARSAL_NONE || vm->is_lost;
}

/* Whether the move ended as its way wants it. A concentrator may answer a wrong
 * secret by closing the destination's connection. */
static bool is_as_wanted(const struct rehearsal_way *way,
                         const struct played_move *move)
{
    return move->is_over &&
           (move->end == way->end ||
            (way->has_wrong_secret && move->end == REHEARSAL_DESTINATION_LOST));
}

/* What is printed and typed while the VM moves has to arrive, unless both hosts
 * die with it. */
static bool prove_bytes(struct stage *s, const struct rehearsal_way *way,
                        struct err *err)
{
    if (way->end == REHEARSAL_PEER_OK_LOST)
        return stage_have_vm(s, err) &&
               stage_prove_back(s, MOVE_BYTES, MOVE_BYTES, err);
    return stage_prove(s, MOVE_BYTES, MOVE_BYTES, err);
}

void step_move(struct stage *s, const struct step *step, struct outcome *o)
{
    const struct rehearsal_way *way = rehearsal_find_way(step->way);
    bool loses_bytes = way->end == REHEARSAL_PEER_OK_LOST;
    struct played_vm *vm = s->first;
    struct err err;

    if (!stage_prove(s, MOVE_BYTES, MOVE_BYTES, &err)) {
        outcome_set(o, OUTCOME_FAILED, "before the move: %.450s", err.text);
        return;
    }
    /* The source of the move before may still be leaving. */
    (void)stage_wait(s, has_no_move, vm);
    played_vm_move(vm, way);
    if (!loses_bytes) {
        played_vm_print(vm, MOVE_BYTES);
        if (s->reader != NULL && s->reader->may_write)
            s->reader->goal += MOVE_BYTES;
    }
    if (!stage_wait(s, is_move_over, vm) || !is_as_wanted(way, &vm->move)) {
        outcome_set(o, OUTCOME_FAILED, "%.450s",
                    vm->move.is_over ? vm->move.text.text
                    : vm->is_lost    ? vm->why.text
                                     : stage_why(s));
        return;
    }
    if (vm->move.stopped_us > 0)
        outcome_put_ms(o, "stopped_ms", vm->move.stopped_us);
    if (!prove_bytes(s, way, &err))
        outcome_set(o, OUTCOME_FAILED, "after the move: %.450s", err.text);
    else if (loses_bytes)
        outcome_set(o, OUTCOME_OK, "the VM is back after both hosts were lost");
    else
        outcome_set(o, OUTCOME_OK, "guest stopped for %.1f ms%s",
                    (double)vm->move.stopped_us / 1000,
                    s->reader == NULL ? "; bytes not read back: no --server"
                                      : "");
}

#include "vm/rehearse/steps/steps.h"

#include "base/clock.h"

#include <string.h>

/* Whatever hosts a VM has is there before its bytes; what is played later needs
 * what was proven earlier. */
const struct step steps[] = {
    { "connect", "a VM connects and gets its serial port", 0, step_connect,
      NULL },
    { "console", "the server shows the VM's console", STEP_SERVER | STEP_VM,
      step_console, NULL },
    { "print", "output arrives, whole and in order", STEP_VM, step_print,
      NULL },
    { "input", "input arrives, whole and in order", STEP_VM | STEP_READER,
      step_input, NULL },
    { "latency", "how long a key takes, and its echo", STEP_VM | STEP_READER,
      step_latency, NULL },
    { "line", "settings and modem lines of the port (RFC 2217)", STEP_VM,
      step_line, NULL },
    { "break-out", "a break of the VM reaches its clients",
      STEP_VM | STEP_READER, step_break_out, NULL },
    { "break-in", "a break of a client reaches the VM", STEP_VM | STEP_READER,
      step_break_in, NULL },
    { "move", "vMotion: nothing is lost while the VM moves",
      STEP_VM | STEP_MOVES, step_move, "complete" },
    { "move-abort", "a VM whose move is called off goes on",
      STEP_VM | STEP_MOVES, step_move, "abort" },
    { "move-wrong-secret", "nobody gets a VM without the move's secret",
      STEP_VM | STEP_MOVES, step_move, "wrong-secret" },
    { "move-dead-source", "a move whose source host dies completes",
      STEP_VM | STEP_MOVES, step_move, "dead-source" },
    { "move-lost-destination", "a second destination completes a move",
      STEP_VM | STEP_MOVES, step_move, "lost-destination" },
    { "move-no-complete", "a VM comes back when its move has lost both hosts",
      STEP_VM | STEP_MOVES, step_move, "no-complete" },
    { "come-back", "a VM that comes back has its console again", STEP_VM,
      step_come_back, NULL },
    { "refuse", "a service URI that cannot be served is refused", 0,
      step_refuse, NULL },
    { "telnets", "TLS from the first byte (telnets://)", 0, step_telnets,
      NULL },
    { "start-tls", "TLS within telnet (telnet:// with parameters)", 0,
      step_start_tls, NULL },
    { "thumbprint", "hosts trust the thumbprint that the server tells",
      STEP_SERVER, step_thumbprint, NULL },
    { "wrong-thumbprint", "hosts keep away from another thumbprint", 0,
      step_wrong_thumbprint, NULL },
    { "verify", "hosts that verify trust the certificate", 0, step_verify,
      NULL },
    { "many", "all VMs connect, and print", 0, step_many, NULL },
    { "many-back", "all VMs lose their connections and come back", 0,
      step_many_back, NULL },
    { "clean", "the rehearsal's VMs and consoles are gone", STEP_LAST,
      step_clean, NULL },
};
const size_t step_count = sizeof steps / sizeof steps[0];

const struct step *steps_find(const char *name)
{
    for (size_t i = 0; i < step_count; i++)
        if (strcmp(steps[i].name, name) == 0)
            return &steps[i];
    return NULL;
}

/* A VM that was there, and cannot come back, is a fault of what happened
 * since: it is told once. */
static bool provide_vm(struct stage *s, struct outcome *o)
{
    struct err err;

    if (s->is_unreachable) {
        outcome_set(o, OUTCOME_SKIPPED, "no VM is connected");
        return false;
    }
    if (stage_have_vm(s, &err))
        return true;
    s->is_unreachable = true;
    outcome_set(o, OUTCOME_FAILED, "the VM does not come back: %.400s",
                err.text);
    return false;
}

static bool provide(struct stage *s, unsigned needs, struct outcome *o)
{
    struct err err;

    if (needs & (STEP_SERVER | STEP_READER) && s->server == NULL) {
        outcome_set(o, OUTCOME_SKIPPED, "no --server");
        return false;
    }
    if (needs & STEP_VM && !provide_vm(s, o))
        return false;
    if (needs & STEP_MOVES && !proxy_knows_moves(s->first->hosts.vm)) {
        outcome_set(o, OUTCOME_SKIPPED,
                    "the concentrator does not list the codes of vMotion");
        return false;
    }
    /* With a server there is a reader wherever there is a VM: all that the VM
     * prints is read. */
    if (needs & STEP_VM && s->server != NULL && !stage_have_reader(s, &err)) {
        outcome_set(o, OUTCOME_FAILED, "%.500s", err.text);
        return false;
    }
    return true;
}

void steps_run(struct stage *s, const struct step *step, struct outcome *o)
{
    uint64_t began_us = clock_now_us();

    if (s->is_interrupted && !(step->needs & STEP_LAST))
        outcome_set(o, OUTCOME_SKIPPED, "interrupted");
    else if (provide(s, step->needs, o))
        step->run(s, step, o);
    if (o->kind == OUTCOME_FAILED && s->is_interrupted)
        o->kind = OUTCOME_SKIPPED;
    o->took_us = clock_now_us() - began_us;
}

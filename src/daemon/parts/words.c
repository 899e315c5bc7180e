#include "daemon/parts/words.h"

#include "core/console.h"
#include "log/log.h"
#include "log/log_words.h"
#include "session/client/console_port.h"

#include <errno.h>
#include <string.h>

static const char *const move_failures[] = {
    [MOVE_TAKEN_OVER] = "the source was lost and no VMOTION-COMPLETE came in "
                        "time: the destination is assumed to run the VM",
    [MOVE_ABORTED] =
        "aborted by the source host (VMOTION-ABORT): the VM continues there",
    [MOVE_TIMED_OUT] = "no VMOTION-COMPLETE came in time (--move-timeout): the "
                       "source is assumed to run the VM",
    [MOVE_RETURNED] = "the VM reconnected by itself (DO-PROXY)",
    [MOVE_LOST] = "the source was lost and no destination came in time "
                  "(--move-timeout): the VM is disconnected",
    [MOVE_INTERRUPTED] = "vspcd is shutting down",
};

const char *words_move_failure(enum move_verdict verdict)
{
    return move_failures[verdict];
}

void words_log_connected(const struct console *c,
                         const struct fact_vm_attached *attached)
{
    struct console_name name = console_name(c);
    struct console_name id = console_id(c);
    const char *tls = attached->is_encrypted ? "yes" : "no";

    if (c->port != NULL)
        log_audit(LOG_INFO, attached->peer, id.text,
                  LOG_VM_CONNECTED " console=%s id=%s port=%u peer=%s tls=%s",
                  LOG_TEXT(name.text), LOG_TEXT(id.text),
                  console_port_number(c->port), attached->peer, tls);
    else
        log_audit(LOG_INFO, attached->peer, id.text,
                  LOG_VM_CONNECTED " console=%s id=%s peer=%s tls=%s",
                  LOG_TEXT(name.text), LOG_TEXT(id.text), attached->peer, tls);
}

/* The peer of a line about the console; "": no VM is connected. */
static const char *peer_of(const struct console *c)
{
    return c->link != NULL ? c->link->peer : "";
}

void words_log_no_port(const struct console *c, int error)
{
    struct console_name name = console_name(c);

    log_limited(LOG_WARNING, peer_of(c), console_id(c).text,
                LOG_CONSOLE_NO_PORT " console=%s reason=%s",
                LOG_TEXT(name.text),
                LOG_TEXT(error == -EADDRNOTAVAIL
                             ? "all ports of the range are in use: see "
                               "--port-range-start and --port-range-end"
                             : strerror(-error)));
}

void words_log_expired(const struct console *c)
{
    struct console_name id = console_id(c);

    log_limited(LOG_INFO, NULL, id.text,
                LOG_CONSOLE_EXPIRED " console=%s id=%s",
                LOG_TEXT(console_name(c).text), LOG_TEXT(id.text));
}

void words_log_forgotten(const struct console *c)
{
    struct console_name id = console_id(c);

    log_limited(LOG_INFO, NULL, id.text,
                LOG_CONSOLE_FORGOTTEN " console=%s id=%s",
                LOG_TEXT(console_name(c).text), LOG_TEXT(id.text));
}

void words_log_evicted(const struct console *c)
{
    struct console_name name = console_name(c);

    log_limited(LOG_WARNING, NULL, NULL,
                LOG_CONSOLE_EVICTED " console=%s id=%s reason=%s",
                LOG_TEXT(name.text), LOG_TEXT(console_id(c).text),
                LOG_TEXT("--console-limit, the range of ports or the serial "
                         "ports of a VM are used up; kill -USR1 lists the "
                         "addresses that have most consoles"));
}

static void log_move(const struct fact_move_ended *ended, const char *name,
                     const char *id)
{
    const char *to = ended->to[0] != '\0' ? ended->to : "none";
    unsigned long long ms = ended->took_us / 1000;
    unsigned tenths = (unsigned)(ended->took_us % 1000 / 100);

    if (ended->verdict == MOVE_COMPLETED)
        log_audit(LOG_INFO, ended->from, id,
                  LOG_VM_MOVED
                  " console=%s id=%s from=%s to=%s ms=%llu.%u held=%u",
                  LOG_TEXT(name), LOG_TEXT(id), ended->from, to, ms, tenths,
                  ended->held);
    else
        log_audit(LOG_WARNING, ended->from, id,
                  LOG_VM_MOVE_FAILED " console=%s id=%s from=%s to=%s "
                                     "ms=%llu.%u held=%u others=%u reason=%s",
                  LOG_TEXT(name), LOG_TEXT(id), ended->from, to, ms, tenths,
                  ended->held, ended->others,
                  LOG_TEXT(words_move_failure(ended->verdict)));
}

/* By the newer address: who claims many consoles has its own limit. */
static void log_taken_over(const struct fact_takeover *t, const char *name,
                           const char *id)
{
    log_audit(LOG_WARNING, t->newer, id,
              LOG_VM_TAKEN_OVER
              " console=%s id=%s door=vms peer=%s former-peer=%s reason=%s",
              LOG_TEXT(name), LOG_TEXT(id), t->newer, t->older,
              LOG_TEXT(t->reason));
}

static void log_takeover_refused(const struct fact_takeover *t,
                                 const char *name, const char *id)
{
    log_audit(LOG_WARNING, t->newer, id,
              LOG_VM_TAKEOVER_REFUSED
              " console=%s id=%s door=vms peer=%s present-peer=%s reason=%s",
              LOG_TEXT(name), LOG_TEXT(id), t->newer, t->older,
              LOG_TEXT(t->reason));
}

void words_log_fact(const struct fact *fact)
{
    struct console_name name = console_name(fact->console);
    struct console_name id = console_id(fact->console);

    switch (fact->kind) {
    case FACT_VM_ATTACHED:
    case FACT_LABELLED:
    case FACT_PROVEN:
    case FACT_DESERTED:
    case FACT_VISITED:
    case FACT_CLIENT_ATTACHED: /* sessions have logged these */
    case FACT_CLIENT_DETACHED:
    case FACT_CLIENT_REFUSED:
    case FACT_KEYBOARD_TAKEN:
    case FACT_KEYBOARD_LOCKED:
    case FACT_KEYBOARD_UNLOCKED:
        break;
    case FACT_VM_DETACHED:
        log_audit(LOG_INFO, fact->vm_detached.peer, id.text,
                  LOG_VM_DISCONNECTED " console=%s id=%s peer=%s reason=%s",
                  LOG_TEXT(name.text), LOG_TEXT(id.text),
                  fact->vm_detached.peer, LOG_TEXT(fact->vm_detached.reason));
        break;
    case FACT_VM_RENAMED:
        log_audit(LOG_INFO, peer_of(fact->console), id.text,
                  LOG_VM_RENAMED " console=%s id=%s others=%u",
                  LOG_TEXT(name.text), LOG_TEXT(id.text),
                  fact->vm_renamed.others);
        break;
    case FACT_MOVE_ENDED:
        log_move(&fact->move_ended, name.text, id.text);
        break;
    case FACT_DESTINATION_REPLACED:
        log_audit(LOG_INFO, fact->destination_replaced.newer, id.text,
                  LOG_VM_MOVE_DESTINATION " console=%s id=%s from=%s to=%s",
                  LOG_TEXT(name.text), LOG_TEXT(id.text),
                  fact->destination_replaced.older,
                  fact->destination_replaced.newer);
        break;
    case FACT_VM_TAKEN_OVER:
        log_taken_over(&fact->takeover, name.text, id.text);
        break;
    case FACT_VM_TAKEOVER_REFUSED:
        log_takeover_refused(&fact->takeover, name.text, id.text);
        break;
    case FACT_OUTPUT_LOST:
        log_limited(LOG_WARNING, fact->output_lost.peer, id.text,
                    LOG_VM_OUTPUT_LOST
                    " console=%s peer=%s at-least-bytes=%llu reason=%s",
                    LOG_TEXT(name.text), fact->output_lost.peer,
                    (unsigned long long)fact->output_lost.bytes,
                    LOG_TEXT("the VM's former connection kept printing and had "
                             "to be closed"));
        break;
    case FACT_CLIENT_LAGS:
        log_limited(LOG_INFO, fact->client.peer, id.text,
                    LOG_CLIENT_LAGS " console=%s peer=%s reason=%s",
                    LOG_TEXT(name.text), LOG_ANY(fact->client.peer),
                    LOG_TEXT("it was too far behind (--hold-time, "
                             "--history-size)"));
        break;
    }
}

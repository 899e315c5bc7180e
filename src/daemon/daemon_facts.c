#include "daemon/daemon_facts.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon_private.h"
#include "daemon/parts/daemon_ports.h"
#include "session/client/console_port.h"
#include "session/service/service.h"

#include <errno.h>
#include <string.h>

void daemon_log_connected(const struct fact *fact)
{
    const struct console *c = fact->console;
    struct console_name name = console_name(c);
    struct console_name id = console_id(c);
    const char *tls = fact->is_encrypted ? "yes" : "no";

    if (c->service != NULL)
        log_info("VM connected console=%s id=%s port=%u peer=%s tls=%s",
                 LOG_TEXT(name.text), LOG_TEXT(id.text),
                 console_port_number(c->service), fact->peer, tls);
    else
        log_info("VM connected console=%s id=%s peer=%s tls=%s",
                 LOG_TEXT(name.text), LOG_TEXT(id.text), fact->peer, tls);
}

static void vm_attached(struct daemon *d, const struct fact *fact)
{
    struct console *c = fact->console;
    int r = 0;

    daemon_logs_add(d, c, false);
    if (c->service == NULL && !d->settings->no_vm_ports && !d->is_ending)
        r = daemon_ports_open(d, c);
    daemon_state_vm_came(d, fact);
    if (r < 0)
        log_warning("console has no telnet port console=%s reason=%s",
                    LOG_TEXT(console_name(c).text),
                    LOG_TEXT(r == -EADDRNOTAVAIL
                                 ? "all ports of the range are taken: see "
                                   "--port-range-start and --port-range-end"
                                 : strerror(-r)));
}

/* What an administrator searches for, by enum move_verdict. */
static const char *const move_failures[] = {
    [MOVE_TAKEN_OVER] = "the source was lost and no VMOTION-COMPLETE came in "
                        "time: the destination is taken for the VM",
    [MOVE_ABORTED] = "aborted by the source host (VMOTION-ABORT): the VM runs "
                     "on there",
    [MOVE_TIMED_OUT] = "no VMOTION-COMPLETE came in time (--move-timeout): the "
                       "VM is taken to run on at the source",
    [MOVE_RETURNED] = "the VM has connected anew by itself (DO-PROXY)",
    [MOVE_LOST] = "the source was lost and no destination came in time "
                  "(--move-timeout): the VM is disconnected",
    [MOVE_INTERRUPTED] = "vspcd is shutting down",
};

const char *daemon_move_failure(const struct fact *fact)
{
    return move_failures[fact->verdict];
}

static void move_ended(const struct fact *fact, const char *name)
{
    const char *to = fact->to[0] != '\0' ? fact->to : "none";
    unsigned long long ms = fact->took_us / 1000;
    unsigned tenths = (unsigned)(fact->took_us % 1000 / 100);

    if (fact->verdict == MOVE_COMPLETED)
        log_info("VM moved console=%s from=%s to=%s ms=%llu.%u held=%u",
                 LOG_TEXT(name), fact->peer, to, ms, tenths, fact->held);
    else
        log_warning("VM move failed console=%s from=%s to=%s ms=%llu.%u "
                    "held=%u others=%u reason=%s",
                    LOG_TEXT(name), fact->peer, to, ms, tenths, fact->held,
                    fact->others, LOG_TEXT(daemon_move_failure(fact)));
}

/* A VM may say a new name as often as it likes. */
static void vm_renamed(const struct fact *fact, const char *name)
{
    uint32_t others = 0;

    if (throttle_passes(&fact->console->renames, clock_now_us(), &others))
        log_info("VM renamed console=%s id=%s others=%u", LOG_TEXT(name),
                 LOG_TEXT(console_id(fact->console).text), others);
}

/* Whether it changes what is known after a restart. */
static bool is_kept(enum fact_kind kind)
{
    return kind == FACT_VM_DETACHED || kind == FACT_VM_RENAMED ||
           kind == FACT_DESERTED || kind == FACT_VISITED ||
           kind == FACT_MOVE_ENDED;
}

static void handle(struct daemon *d, const struct fact *fact)
{
    struct console_name name = console_name(fact->console);

    if (is_kept(fact->kind))
        daemon_state_changed(d, fact->console, fact->kind == FACT_VM_DETACHED);
    switch (fact->kind) {
    case FACT_VM_ATTACHED:
        vm_attached(d, fact);
        break;
    case FACT_VM_DETACHED:
        /* It may be back already. */
        if (!console_has_vm(fact->console))
            service_pause(fact->console);
        log_info("VM disconnected console=%s peer=%s reason=%s",
                 LOG_TEXT(name.text), fact->peer, LOG_TEXT(fact->reason));
        break;
    case FACT_VM_RENAMED:
        daemon_logs_renamed(fact->console);
        vm_renamed(fact, name.text);
        break;
    case FACT_LABELLED:
        daemon_logs_renamed(fact->console);
        daemon_state_labelled(d, fact->console);
        break;
    case FACT_MOVE_ENDED:
        move_ended(fact, name.text);
        break;
    case FACT_DESERTED:
    case FACT_VISITED:
    case FACT_CLIENT_ATTACHED: /* its session has logged it */
    case FACT_CLIENT_DETACHED:
        break;
    case FACT_DESTINATION_REPLACED:
        log_info("VM move goes on with a newer connection console=%s from=%s "
                 "to=%s",
                 LOG_TEXT(name.text), fact->peer, fact->to);
        break;
    case FACT_OUTPUT_LOST:
        log_warning("VM output lost console=%s peer=%s at-least-bytes=%llu "
                    "reason=%s",
                    LOG_TEXT(name.text), fact->peer,
                    (unsigned long long)fact->bytes,
                    LOG_TEXT("the VM's former connection goes on printing and "
                             "has to be closed"));
        break;
    case FACT_CLIENT_LAGS:
        log_info("client is too slow and will miss output console=%s peer=%s "
                 "reason=%s",
                 LOG_TEXT(name.text),
                 fact->peer[0] != '\0' ? fact->peer : "none",
                 LOG_TEXT("it has held up the VM for --hold-time"));
        break;
    }
    daemon_hooks_tell_fact(d, fact);
}

void daemon_facts_take(struct daemon *d)
{
    struct fact fact;

    while (fact_take(&d->directory.facts, &fact)) {
        handle(d, &fact);
        fact_done(&fact);
    }
}

void daemon_facts_expire(struct daemon *d, struct console *c)
{
    /* Facts of this turn may still name it. */
    daemon_facts_take(d);
    log_info("console expired console=%s id=%s", LOG_TEXT(console_name(c).text),
             LOG_TEXT(console_id(c).text));
    listing_forget(&d->listing, c);
    daemon_hooks_tell_expired(d, c);
    daemon_state_forget(d, c);
    daemon_ports_close(d, c);
    service_end(c);
    daemon_logs_remove(c);
    directory_remove(c);
}

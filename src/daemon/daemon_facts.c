#include "daemon/daemon_facts.h"

#include "api/events/event_tell.h"
#include "base/clock.h"
#include "daemon/assembly.h"
#include "daemon/parts/daemon_ports.h"
#include "daemon/parts/words.h"
#include "session/service/service.h"

#include <errno.h>
#include <stddef.h>

/* A fact on its way through the consumers. */
struct telling {
    const struct fact *fact;
    int port_error; /* 0 or -errno of daemon_ports_give */
};

static void daemon_facts_for_logs(struct daemon *d, struct telling *t)
{
    /* Without state, nothing tells whose an existing file is: it is taken for
     * the console's. */
    if (t->fact->kind == FACT_VM_ATTACHED)
        daemon_logs_add(&d->logs, t->fact->console,
                        !daemon_state_is_kept(&d->state));
    else
        daemon_logs_renamed(t->fact->console);
}

/* For one port. A spare console without a port makes no room for one, and is
 * passed over by expiring; there are few, because a console without a port has
 * come when no console was spare. */
enum { EVICTIONS_MAX = 16 };

static void daemon_facts_for_ports(struct daemon *d, struct telling *t)
{
    struct console *c = t->fact->console;
    struct console *spare;

    /* The program's end begins with closing all ports: none may be opened
     * later. */
    if (c->port != NULL || d->settings->no_vm_ports || d->is_ending)
        return;
    t->port_error = daemon_ports_give(&d->ports, c);
    for (int i = 0; i < EVICTIONS_MAX && t->port_error == -EADDRNOTAVAIL &&
                    console_has_vm(c);
         i++) {
        spare = directory_evict(&d->directory, c->site->ip);
        if (spare == NULL)
            return;
        /* The console itself goes when no fact of this turn can name it. */
        daemon_ports_take_back(&d->ports, spare);
        t->port_error = daemon_ports_give(&d->ports, c);
    }
}

static void daemon_facts_for_state(struct daemon *d, struct telling *t)
{
    const struct fact *fact = t->fact;

    if (fact->kind == FACT_VM_ATTACHED)
        daemon_state_vm_came(&d->state, fact->console, &fact->vm_attached);
    else if (fact->kind == FACT_LABELLED)
        daemon_state_labelled(&d->state, fact->console);
    else
        daemon_state_changed(&d->state, fact->console,
                             fact->kind == FACT_VM_DETACHED);
}

static void daemon_facts_for_services(struct daemon *d, struct telling *t)
{
    (void)d;
    /* A newer connection of the VM may have come in this turn. */
    if (!console_has_vm(t->fact->console))
        service_pause(t->fact->console);
}

static void daemon_facts_for_words(struct daemon *d, struct telling *t)
{
    (void)d;
    words_log_fact(t->fact);
    if (t->port_error < 0)
        words_log_no_port(t->fact->console, t->port_error);
}

static void daemon_facts_for_moves(struct daemon *d, struct telling *t)
{
    const struct console *c = t->fact->console;

    past_moves_add(&d->moves, console_name(c).text, console_id(c).text,
                   &t->fact->move_ended, clock_utc_ms());
}

static void daemon_facts_for_records(struct daemon *d, struct telling *t)
{
    daemon_records_tell_fact(&d->records, t->fact);
}

static void daemon_facts_for_hooks(struct daemon *d, struct telling *t)
{
    daemon_hooks_tell_fact(&d->hooks, t->fact);
}

static void daemon_facts_for_matcher(struct daemon *d, struct telling *t)
{
    daemon_matcher_tell(&d->matcher, t->fact);
}

/* As hooks: the program's end is no event of its VMs and clients. */
static void daemon_facts_for_events(struct daemon *d, struct telling *t)
{
    if (!d->is_ending)
        event_tell_fact(d->events, t->fact);
}

enum {
    ALL_KINDS = -1,
    OF_NAMES =
        1 << FACT_VM_ATTACHED | 1 << FACT_VM_RENAMED | 1 << FACT_LABELLED,
    /* Facts that change what is known after a restart. */
    OF_STATE = 1 << FACT_VM_ATTACHED | 1 << FACT_VM_DETACHED |
               1 << FACT_VM_RENAMED | 1 << FACT_LABELLED | 1 << FACT_DESERTED |
               1 << FACT_VISITED | 1 << FACT_MOVE_ENDED | 1 << FACT_PROVEN,
};

/*
 * The consumers of facts, in the order in which they are notified. Each fact
 * passes all of its consumers before the next fact is handled, so that none
 * gets an end before its beginning. A consumer that needs another's result
 * comes after it:
 */
static const struct consumer {
    const char *name;
    int kinds; /* bits 1 << enum fact_kind */
    void (*handle)(struct daemon *d, struct telling *t);
} consumers[] = {
    /* First: a log misses what the ring loses before the log begins, and a new
     * name applies to output after it. */
    { "logs", OF_NAMES, daemon_facts_for_logs },
    /* Before the state, which writes the port, and before all consumers that
     * name it. */
    { "ports", 1 << FACT_VM_ATTACHED, daemon_facts_for_ports },
    /* Announces a port when it is on the disk. If the VM leaves before that,
     * the announcement must come before the line of the VM's end, so before the
     * words. */
    { "state", OF_STATE, daemon_facts_for_state },
    /* Marks the end of connections that a service URI asked for. They end, and
     * log that (debug), after all facts of this round. */
    { "services", 1 << FACT_VM_DETACHED, daemon_facts_for_services },
    { "words", ALL_KINDS, daemon_facts_for_words },
    /* Behind the words, so that the log has the client before what it is
     * recorded by. */
    { "records", ALL_KINDS, daemon_facts_for_records },
    { "moves", 1 << FACT_MOVE_ENDED, daemon_facts_for_moves },
    { "matcher", OF_NAMES | 1 << FACT_VM_DETACHED, daemon_facts_for_matcher },
    { "events", ALL_KINDS, daemon_facts_for_events },
    /* Last: a program may read the log and connect to the port as soon as it is
     * started. */
    { "hooks", ALL_KINDS, daemon_facts_for_hooks },
};

static void tell_all(struct daemon *d, const struct fact *fact)
{
    struct telling t = { .fact = fact };

    for (size_t i = 0; i < sizeof consumers / sizeof consumers[0]; i++) {
        if ((consumers[i].kinds & 1 << fact->kind) != 0)
            consumers[i].handle(d, &t);
    }
}

void daemon_facts_take(struct daemon *d)
{
    struct fact fact;

    while (fact_take(&d->directory.facts, &fact)) {
        tell_all(d, &fact);
        fact_done(&fact);
    }
}

static void remove_console(struct daemon *d, struct console *c)
{
    census_walks_forget(&d->walks, c);
    /* While the console still has the port that hooks receive, and before the
     * state forgets the console. */
    daemon_hooks_tell_expired(&d->hooks, c);
    event_tell_expired(d->events, c);
    daemon_state_forget(&d->state, c);
    daemon_ports_take_back(&d->ports, c);
    service_end(c);
    /* After everything that could still print to the console's readers, and
     * before the directory, which accepts no console with a reader. */
    daemon_records_remove(&d->records, c);
    daemon_logs_remove(c);
    directory_remove(c);
}

void daemon_facts_expire(struct daemon *d, struct console *c)
{
    /* Facts of this turn may still name the console. */
    daemon_facts_take(d);
    words_log_expired(c);
    remove_console(d, c);
}

void daemon_facts_forget(struct daemon *d, struct console *c)
{
    daemon_facts_take(d);
    words_log_forgotten(c);
    remove_console(d, c);
}

void daemon_facts_evict(struct daemon *d)
{
    struct console *c;

    while ((c = directory_take_evicted(&d->directory)) != NULL) {
        words_log_evicted(c);
        remove_console(d, c);
    }
}

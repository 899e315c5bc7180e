#include "daemon/parts/listing.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/daemon_private.h"
#include "net/descriptors.h"
#include "session/client/console_port.h"
#include "session/service/service.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    /* What happens meanwhile has this much of the log's room. */
    ROOM_FOR_OTHERS = LOG_PENDING_MAX / 2,
    /* A turn of the loop is not to become a long one. */
    TURN_MAX = 256,
};

static void listing_turn_due(struct deadline *deadline, void *owner)
{
    /* The turn that this is part of goes on at its end. */
    (void)deadline;
    (void)owner;
}

void listing_open(struct listing *l, struct loop *loop)
{
    deadline_queue_init(&l->soon, 0);
    deadline_init(&l->turn);
    loop_watch_deadlines(loop, &l->watch, &l->soon, listing_turn_due, l);
}

void listing_close(struct listing *l)
{
    free(l->consoles);
    l->consoles = NULL;
    l->count = l->at = 0;
}

static bool is_under_way(const struct listing *l)
{
    return l->at < l->count;
}

static void log_console(const struct console *c)
{
    struct service_text service = service_describe(c);
    char port[8] = "none";

    if (c->service != NULL && !c->is_port_new)
        snprintf(port, sizeof port, "%u", console_port_number(c->service));
    log_info("listed console=%s id=%s port=%s vm=%s clients=%u output=%llu "
             "input=%llu line=%s vm-lines=%s client-lines=%s%s%s%s%s%s",
             LOG_TEXT(console_name(c).text), LOG_TEXT(console_id(c).text), port,
             c->link != NULL   ? c->link->peer
             : c->move != NULL ? "moving"
                               : "none",
             c->client_count, (unsigned long long)c->output.head,
             (unsigned long long)c->input_bytes,
             line_format(&c->line, LINE_VM).text,
             line_format_lines(c->link != NULL ? c->line.vm_lines : 0).text,
             line_format_lines(console_client_lines(c)).text,
             service.text[0] != '\0' ? " service=" : "",
             service.text[0] != '\0' ? LOG_TEXT(service.text) : "",
             service.text[0] != '\0' ? " service-state=" : "",
             service.text[0] != '\0' ? service_state(c) : "",
             daemon_logs_describe(c).text);
}

/* "USED/LIMIT" */
struct share {
    char text[44];
};

static struct share share(uint64_t used, uint64_t limit)
{
    struct share t;

    if (limit == 0)
        snprintf(t.text, sizeof t.text, "%llu/none", (unsigned long long)used);
    else
        snprintf(t.text, sizeof t.text, "%llu/%llu", (unsigned long long)used,
                 (unsigned long long)limit);
    return t;
}

static unsigned long long count(const struct daemon *d,
                                enum admission_side side,
                                enum admission_verdict verdict)
{
    return d->sessions.gate.admission.counts[side][verdict];
}

static void log_limits(const struct daemon *d)
{
    const struct directory *directory = &d->directory;
    const struct gate *g = &d->sessions.gate;

    log_info("limits open-files=%llu consoles=%s all-clients=%s "
             "unidentified=%s history=%s refused-vm-address=%llu "
             "refused-vm-rate=%llu closed-unidentified=%llu "
             "refused-console=%llu refused-client-address=%llu "
             "refused-client-rate=%llu refused-client-total=%llu "
             "refused-client-of-console=%llu out-of-files=%llu",
             (unsigned long long)d->open_files,
             share(directory->console_count, d->settings->console_limit).text,
             share(directory->client_count,
                   g->admission.settings.rules[ADMISSION_CLIENT].limit)
                 .text,
             share(g->newcomers.count, g->newcomers.limit).text,
             share(directory->history_used, d->settings->history_total).text,
             count(d, ADMISSION_VM, ADMISSION_NOT_ALLOWED),
             count(d, ADMISSION_VM, ADMISSION_TOO_OFTEN),
             (unsigned long long)g->newcomers.closed,
             (unsigned long long)directory->refused_consoles,
             count(d, ADMISSION_CLIENT, ADMISSION_NOT_ALLOWED),
             count(d, ADMISSION_CLIENT, ADMISSION_TOO_OFTEN),
             count(d, ADMISSION_CLIENT, ADMISSION_TOO_MANY),
             (unsigned long long)directory->refused_clients,
             (unsigned long long)descriptors_starved_count(d->loop));
}

void listing_begin(struct daemon *d)
{
    const struct move_counts *counts = &d->directory.move_counts;
    struct directory_cursor cursor = { 0 };
    struct listing *l = &d->listing;
    struct console *c;

    if (is_under_way(l)) {
        log_info("consoles are being listed already left=%u", l->count - l->at);
        return;
    }
    listing_close(l);
    log_info("consoles count=%u moves=%llu completed=%llu failed=%llu "
             "refused=%llu",
             d->directory.console_count, (unsigned long long)counts->begun,
             (unsigned long long)counts->completed,
             (unsigned long long)counts->failed,
             (unsigned long long)counts->refused);
    log_limits(d);
    l->consoles = xcalloc((size_t)d->directory.console_count + 1,
                          sizeof(struct console *));
    while ((c = directory_next(&d->directory, &cursor)) != NULL)
        l->consoles[l->count++] = c;
}

void listing_go_on(struct listing *l)
{
    if (!is_under_way(l))
        return;
    for (int n = 0;
         n < TURN_MAX && is_under_way(l) && log_room() > ROOM_FOR_OTHERS; n++) {
        const struct console *c = l->consoles[l->at++];

        if (c != NULL)
            log_console(c);
    }
    if (!is_under_way(l))
        listing_close(l);
}

void listing_next_turn(struct listing *l)
{
    if (is_under_way(l))
        deadline_start(&l->soon, &l->turn, clock_now_us());
}

void listing_forget(struct listing *l, const struct console *c)
{
    for (uint32_t i = l->at; i < l->count; i++) {
        if (l->consoles[i] == c)
            l->consoles[i] = NULL;
    }
}

#include "daemon/parts/listing.h"

#include "base/clock.h"
#include "log/log.h"
#include "log/log_words.h"

#include <stdio.h>

enum {
    /* Part of the log's room that is left for other lines. */
    ROOM_FOR_OTHERS = LOG_PENDING_MAX / 2,
    /* Bounds the work of one turn. */
    TURN_MAX = 256,
};

static void listing_turn_due(struct deadline *deadline, void *owner)
{
    /* The end of this turn continues the listing. */
    (void)deadline;
    (void)owner;
}

void listing_open(struct listing *l, struct loop *loop,
                  const struct census_source *source,
                  const struct directory *directory, struct census_walks *walks)
{
    l->source = *source;
    l->directory = directory;
    l->walks = walks;
    census_walk_init(&l->walk);
    deadline_init(&l->turn);
    deadline_queue_open(&l->soon, 0, listing_turn_due, l);
    loop_watch(loop, &l->soon);
}

void listing_close(struct listing *l)
{
    deadline_queue_close(&l->soon);
    census_walk_end(&l->walk);
}

/* ---- the lines -------------------------------------------------------- */

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

static void log_totals(const struct census *c)
{
    log_info(LOG_TOTALS " count=%llu moves=%llu completed=%llu failed=%llu "
                        "refused=%llu",
             (unsigned long long)c->consoles,
             (unsigned long long)c->moves_begun,
             (unsigned long long)c->moves_completed,
             (unsigned long long)c->moves_failed,
             (unsigned long long)c->moves_refused);
    log_info(LOG_LIMITS " open-files=%llu consoles=%s all-clients=%s "
                        "unserved=%s unidentified=%s history=%s "
                        "vm-allow=%s refused-vm-address=%llu "
                        "refused-vm-rate=%llu closed-unidentified=%llu "
                        "refused-new-console=%llu evicted-console=%llu "
                        "refused-console=%llu refused-client-address=%llu "
                        "refused-client-rate=%llu refused-client-total=%llu "
                        "refused-client-of-address=%llu "
                        "refused-client-of-console=%llu "
                        "refused-client-right=%llu refused-client-audit=%llu "
                        "logins-accepted=%llu logins-failed=%llu "
                        "out-of-files=%llu",
             (unsigned long long)c->open_files_limit,
             share(c->consoles, c->consoles_limit).text,
             share(c->clients, c->clients_limit).text,
             share(c->unserved, c->unserved_limit).text,
             share(c->unidentified, c->unidentified_limit).text,
             share(c->history_bytes, c->history_limit_bytes).text,
             c->vms_unrestricted != 0 ? "not-set" : "set",
             (unsigned long long)c->vms_refused_address,
             (unsigned long long)c->vms_refused_rate,
             (unsigned long long)c->unidentified_closed,
             (unsigned long long)c->vms_refused_new,
             (unsigned long long)c->consoles_evicted,
             (unsigned long long)c->consoles_refused,
             (unsigned long long)c->clients_refused_address,
             (unsigned long long)c->clients_refused_rate,
             (unsigned long long)c->clients_refused_total,
             (unsigned long long)c->clients_refused_site,
             (unsigned long long)c->clients_refused_console,
             (unsigned long long)c->clients_refused_right,
             (unsigned long long)c->clients_refused_closed,
             (unsigned long long)c->logins_accepted,
             (unsigned long long)c->logins_failed,
             (unsigned long long)c->accepts_starved);
}

static void log_addresses(const struct listing *l)
{
    struct census_address rows[CENSUS_ADDRESSES_MAX];
    size_t count = l->source.read_addresses(l->source.owner, rows);

    for (size_t i = 0; i < count; i++)
        log_info(LOG_ADDRESS_LISTED
                 " address=%s consoles=%u new=%u vms=%u unidentified=%u",
                 rows[i].text.text, rows[i].consoles, rows[i].consoles_new,
                 rows[i].vms, rows[i].unidentified);
}

static const char *vm_text(const struct census_console *row)
{
    return row->vm == CENSUS_VM_CONNECTED ? row->vm_peer
                                          : census_vm_name(row->vm);
}

/* " log=FILE ..."; "" without one. */
struct log_part {
    char text[800];
};

static struct log_part log_part(const struct census_console *row)
{
    struct log_part t = { "" };

    if (row->log_path[0] != '\0')
        snprintf(t.text, sizeof t.text,
                 " log=%s log-state=%s log-bytes=%llu log-missing=%llu",
                 LOG_TEXT(row->log_path), LOG_TEXT(row->log_state),
                 (unsigned long long)row->log_written_bytes,
                 (unsigned long long)row->log_missing_bytes);
    return t;
}

/* " window=COLUMNSxROWS"; "" if it is not known. */
struct window_part {
    char text[24];
};

static struct window_part window_part(const struct census_console *row)
{
    struct window_part t = { "" };

    if (window_is_known(row->window))
        snprintf(t.text, sizeof t.text, " window=%ux%u", row->window.columns,
                 row->window.rows);
    return t;
}

static void log_console(const struct census_console *row)
{
    bool has_service = row->service[0] != '\0';
    char port[8] = "none";

    if (row->port != 0)
        snprintf(port, sizeof port, "%u", row->port);
    log_info(LOG_CONSOLE_LISTED
             " console=%s id=%s port=%s vm=%s clients=%u output=%llu "
             "input=%llu line=%s vm-lines=%s client-lines=%s%s%s%s%s%s%s",
             LOG_TEXT(row->name.text), LOG_TEXT(row->id.text), port,
             vm_text(row), row->clients, (unsigned long long)row->output_bytes,
             (unsigned long long)row->input_bytes,
             line_format(&row->line, LINE_VM).text,
             line_format_lines(row->vm_lines).text,
             line_format_lines(row->client_lines).text, window_part(row).text,
             has_service ? " service=" : "",
             has_service ? LOG_TEXT(row->service) : "",
             has_service ? " service-state=" : "",
             has_service ? row->service_state : "", log_part(row).text);
}

/* ---- the walk --------------------------------------------------------- */

static void end_if_done(struct listing *l)
{
    if (census_walk_left(&l->walk) == 0)
        census_walk_end(&l->walk);
}

void listing_begin(struct listing *l)
{
    uint32_t left = census_walk_left(&l->walk);
    struct census census;

    if (left > 0) {
        log_info(LOG_LISTING_UNDER_WAY " left=%u", left);
        return;
    }
    l->source.read(l->source.owner, &census);
    log_totals(&census);
    log_addresses(l);
    if (!census_walk_begin(&l->walk, l->walks, l->directory))
        log_warning(LOG_LISTING_CUT " reason=%s",
                    LOG_TEXT("no memory to list the consoles"));
    end_if_done(l);
}

void listing_go_on(struct listing *l)
{
    if (census_walk_left(&l->walk) == 0)
        return;
    for (int n = 0; n < TURN_MAX && log_room() > ROOM_FOR_OTHERS; n++) {
        const struct console *c = census_walk_next(&l->walk);
        struct census_console row;

        if (c == NULL)
            break;
        l->source.read_console(l->source.owner, c, &row);
        log_console(&row);
    }
    end_if_done(l);
}

void listing_next_turn(struct listing *l)
{
    if (census_walk_left(&l->walk) > 0)
        deadline_start(&l->soon, &l->turn, clock_now_us());
}

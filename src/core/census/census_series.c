#include "core/census/census_series.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { PARTS_MAX = 10, US_PER_S = 1000000 };

enum form { LEVEL, COUNT };

/* A number is the sum of members of the census; 0 ends them, which is no member
 * that is shown. */
#define AT(member) offsetof(struct census, member)

static const struct row {
    const char *name, *help;
    enum form form;
    size_t parts[PARTS_MAX];
} rows[] = {
    { "vms", "Consoles whose VM is connected.", LEVEL, { AT(vms) } },
    { "consoles", "Consoles that are known.", LEVEL, { AT(consoles) } },
    { "clients", "Clients of all consoles.", LEVEL, { AT(clients) } },
    { "moves",
      "vMotions that have completed.",
      COUNT,
      { AT(moves_completed) } },
    { "moves_failed",
      "vMotions that ended otherwise.",
      COUNT,
      { AT(moves_failed) } },
    { "alerts", "Alerts that were told.", COUNT, { AT(alerts) } },
    { "refused_logins", "Logins that failed.", COUNT, { AT(logins_failed) } },
    { "refused_vms",
      "Connections on the VMs' ports that were refused.",
      COUNT,
      { AT(vms_refused_address), AT(vms_refused_rate), AT(vms_refused_new),
        AT(consoles_refused), AT(unidentified_closed) } },
    { "refused_clients",
      "Clients that were refused.",
      COUNT,
      { AT(clients_refused_address), AT(clients_refused_rate),
        AT(clients_refused_total), AT(clients_refused_site),
        AT(clients_refused_closed), AT(clients_refused_right),
        AT(clients_refused_console), AT(unserved_closed) } },
    { "log_gaps", "Gaps in console logs.", COUNT, { AT(log_gaps) } },
    { "output_bytes",
      "Bytes that VMs have printed.",
      COUNT,
      { AT(output_bytes) } },
    { "input_bytes", "Bytes that went to VMs.", COUNT, { AT(input_bytes) } },
    { "open_files", "Files and connections.", LEVEL, { AT(open_files) } },
};

enum { ROWS = sizeof rows / sizeof *rows };
_Static_assert(sizeof rows / sizeof *rows <= (size_t)SERIES_MAX,
               "more series than there is room for");

unsigned census_series_count(void)
{
    return ROWS;
}

const char *census_series_name(unsigned which)
{
    return rows[which].name;
}

const char *census_series_help(unsigned which)
{
    return rows[which].help;
}

static uint64_t number_of(const struct row *row, const struct census *census)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < PARTS_MAX && row->parts[i] != 0; i++) {
        uint64_t part;

        memcpy(&part, (const char *)census + row->parts[i], sizeof part);
        sum += part;
    }
    return sum;
}

static void series_ring_init(struct census_series_ring *ring, uint32_t step_s,
                             uint32_t room, float *values,
                             const struct census *census, uint64_t now_us)
{
    *ring = (struct census_series_ring){
        .step_s = step_s,
        .room = room,
        .values = values,
        .last_us = now_us,
    };
    for (unsigned i = 0; i < ROWS; i++)
        ring->before[i] = number_of(&rows[i], census);
}

void census_series_init(struct census_series *s, const struct census *census,
                        uint64_t now_us)
{
    series_ring_init(&s->quarter, SERIES_SHORT_S, SERIES_SHORT_ROOM,
                     s->quarter_values, census, now_us);
    series_ring_init(&s->day, SERIES_LONG_S, SERIES_LONG_ROOM, s->day_values,
                     census, now_us);
}

static float *slot_of(const struct census_series_ring *ring, uint64_t number)
{
    assert(ring->room > 0);
    return ring->values + number % ring->room * SERIES_MAX;
}

static void add_nothing(struct census_series_ring *ring)
{
    float *slot = slot_of(ring, ring->count++);

    for (unsigned i = 0; i < SERIES_MAX; i++)
        slot[i] = NAN;
}

static void add(struct census_series_ring *ring, const struct census *census)
{
    float *slot = slot_of(ring, ring->count++);

    for (unsigned i = 0; i < ROWS; i++) {
        uint64_t number = number_of(&rows[i], census);

        slot[i] =
            (float)(rows[i].form == COUNT ? number - ring->before[i] : number);
        ring->before[i] = number;
    }
}

/* The clock of whoever calls is a little late each time: half a step is none.
 * What was not taken for longer has no value. */
static void series_ring_take(struct census_series_ring *ring,
                             const struct census *census, uint64_t now_us)
{
    uint64_t step_us = (uint64_t)ring->step_s * US_PER_S;
    uint64_t steps = (now_us - ring->last_us + step_us / 2) / step_us;

    if (steps == 0)
        return;
    for (uint64_t i = 1; i < steps && i <= ring->room; i++)
        add_nothing(ring);
    add(ring, census);
    ring->last_us = now_us;
}

void census_series_take(struct census_series *s, const struct census *census,
                        uint64_t now_us)
{
    series_ring_take(&s->quarter, census, now_us);
    /* Not before the minute is over. */
    if (now_us - s->day.last_us >
        (uint64_t)SERIES_LONG_S * US_PER_S - SERIES_SHORT_S * US_PER_S / 2)
        series_ring_take(&s->day, census, now_us);
}

const struct census_series_ring *census_series_ring(
    const struct census_series *s, uint64_t step_s)
{
    return step_s <= SERIES_SHORT_S ? &s->quarter : &s->day;
}

uint64_t census_series_first(const struct census_series_ring *ring)
{
    return ring->count > ring->room ? ring->count - ring->room : 0;
}

double census_series_value(const struct census_series_ring *ring,
                           unsigned which, uint64_t number)
{
    if (number >= ring->count || number < census_series_first(ring))
        return (double)NAN;
    return (double)slot_of(ring, number)[which];
}

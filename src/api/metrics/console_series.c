#include "api/metrics/console_series.h"

#include "api/metrics/render_metrics.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROWS_AT_ONCE = 32 };

/* The values of a row, in this order. */
enum family {
    VM_CONNECTED,
    CLIENTS,
    OUTPUT,
    INPUT,
    HELD,
    LOGGED,
    LOG_MISSING,
    LAST_OUTPUT,
};

static const struct {
    const char *name;
    const char *help;
    enum metric_kind kind;
    bool is_left_out_if_0;
} families[CONSOLE_SERIES_FAMILIES] = {
    [VM_CONNECTED] = { "vspcd_by_console_vm_connected",
                       "1 while the VM is connected, else 0.", METRIC_GAUGE,
                       false },
    [CLIENTS] = { "vspcd_by_console_clients", "Clients at the console.",
                  METRIC_GAUGE, false },
    [OUTPUT] = { "vspcd_by_console_output_bytes_total",
                 "Bytes that the VM has sent.", METRIC_COUNTER, false },
    [INPUT] = { "vspcd_by_console_input_bytes_total", "Bytes for the VM.",
                METRIC_COUNTER, false },
    [HELD] = { "vspcd_by_console_held_input_bytes",
               "Input that waits for the VM.", METRIC_GAUGE, false },
    [LOGGED] = { "vspcd_by_console_log_bytes_total",
                 "Bytes written to the console log.", METRIC_COUNTER, false },
    [LOG_MISSING] = { "vspcd_by_console_log_missing_bytes_total",
                      "Bytes that are missing in the console log.",
                      METRIC_COUNTER, false },
    [LAST_OUTPUT] = { "vspcd_by_console_last_output_timestamp_seconds",
                      "Time of the last output of the VM, since 1970.",
                      METRIC_GAUGE, true },
};

void console_series_init(struct console_series *s)
{
    *s = (struct console_series){ .row = NULL };
}

void console_series_done(struct console_series *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->row[i].labels);
    free(s->row);
    console_series_init(s);
}

/* Every character may be two bytes. */
static char *make_labels(const struct census_console *console)
{
    char name[2 * sizeof console->name.text];
    char id[2 * sizeof console->id.text];
    char labels[sizeof name + sizeof id + 32];

    render_label_value(name, sizeof name, console->name.text);
    render_label_value(id, sizeof id, console->id.text);
    snprintf(labels, sizeof labels, "console=\"%s\",id=\"%s\"", name, id);
    return xstrdup(labels);
}

void console_series_add(struct console_series *s,
                        const struct census_console *console,
                        int64_t last_output_s)
{
    if (s->count == CONSOLE_SERIES_MAX) {
        s->left_out++;
        return;
    }
    if (s->row == NULL)
        s->row = xcalloc(CONSOLE_SERIES_MAX, sizeof *s->row);
    s->row[s->count++] = (struct console_series_row){
        .labels = make_labels(console),
        .value = {
            [VM_CONNECTED] = console->vm == CENSUS_VM_CONNECTED,
            [CLIENTS] = console->clients,
            [OUTPUT] = console->output_bytes,
            [INPUT] = console->input_bytes,
            [HELD] = console->held_bytes,
            [LOGGED] = console->log_written_bytes,
            [LOG_MISSING] = console->log_missing_bytes,
            [LAST_OUTPUT] = (uint64_t)last_output_s,
        },
    };
}

static void render_row(const struct console_series *s, struct buf *to)
{
    const struct console_series_row *row = &s->row[s->at];
    uint64_t value = row->value[s->family];

    if (value != 0 || !families[s->family].is_left_out_if_0)
        render_sample(to, families[s->family].name, row->labels, value);
}

bool console_series_render(struct console_series *s, struct buf *to)
{
    if (s->family == CONSOLE_SERIES_FAMILIES) {
        render_family(to, "vspcd_by_console_left_out",
                      "Consoles that match and have no series, because too "
                      "many match.",
                      METRIC_GAUGE);
        render_sample(to, "vspcd_by_console_left_out", NULL, s->left_out);
        return false;
    }
    if (s->at == 0 && s->count > 0)
        render_family(to, families[s->family].name, families[s->family].help,
                      families[s->family].kind);
    for (int i = 0; i < ROWS_AT_ONCE && s->at < s->count; i++, s->at++)
        render_row(s, to);
    if (s->at == s->count) {
        s->at = 0;
        s->family++;
    }
    return true;
}

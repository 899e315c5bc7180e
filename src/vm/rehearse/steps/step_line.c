/* COM-PORT (RFC 2217): settings, modem lines, breaks. */
#include "vm/rehearse/steps/steps.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum { SOME_BYTES = 64 };

static bool is_line_known(void *owner)
{
    const struct played_vm *vm = owner;
    uint8_t seen;

    return vm->is_lost || proxy_find_lines(vm->hosts.vm, &seen);
}

/* The option is agreed on behind WILL-PROXY; modem lines show that it was. */
static bool has_line(struct stage *s, struct outcome *o)
{
    if (stage_wait(s, is_line_known, s->first) && !s->first->is_lost)
        return true;
    outcome_set(o, OUTCOME_SKIPPED,
                "the concentrator does not take COM-PORT (RFC 2217)");
    return false;
}

/* The settings of the VM's serial port, as the console shows them; "": not
 * known. */
struct shown_line {
    char text[40];
};

static struct shown_line find_line(struct stage *s)
{
    struct shown_line shown = { "" };
    struct err err;
    char path[80];
    unsigned status;
    json_t *console;
    const char *text;

    snprintf(path, sizeof path, "/api/v1/consoles/%s", s->first->uuid);
    console = server_get(s->server, path, &status, &err);
    text = json_string_value(
        json_object_get(json_object_get(console, "line"), "vm"));
    if (text != NULL)
        snprintf(shown.text, sizeof shown.text, "%s", text);
    json_decref(console);
    return shown;
}

void step_line(struct stage *s, const struct step *step, struct outcome *o)
{
    static const char expected[] = "57600,7E1";
    struct uart uart = s->first->hosts.uart;
    struct shown_line shown;
    struct err err;

    (void)step;
    if (!has_line(s, o))
        return;
    uart.baud = 57600;
    uart.data_bits = 7;
    uart.parity = 3; /* even */
    played_vm_set_uart(s->first, &uart);
    /* A byte behind the settings: what has arrived came after them. */
    if (!stage_prove(s, SOME_BYTES, 0, &err)) {
        outcome_set(o, OUTCOME_FAILED, "%.500s", err.text);
        return;
    }
    if (s->server == NULL) {
        outcome_set(o, OUTCOME_OK, "taken; not looked at: no --server");
        return;
    }
    shown = find_line(s);
    if (strncmp(shown.text, expected, strlen(expected)) == 0)
        outcome_set(o, OUTCOME_OK, "%s; modem lines:%s%s%s", expected,
                    s->first->seen & COMPORT_MODEM_DSR ? " DSR" : "",
                    s->first->seen & COMPORT_MODEM_CTS ? " CTS" : "",
                    s->first->seen & COMPORT_MODEM_DCD ? " DCD" : "");
    else
        outcome_set(o, OUTCOME_FAILED,
                    "the VM has set %s, the console shows \"%s\"", expected,
                    shown.text);
}

static bool has_break_come_out(void *owner)
{
    const struct stage *s = owner;

    return s->reader->breaks > 0 || s->reader->is_over || s->first->is_lost;
}

void step_break_out(struct stage *s, const struct step *step, struct outcome *o)
{
    (void)step;
    if (!has_line(s, o))
        return;
    s->reader->breaks = 0;
    played_vm_send_break(s->first);
    if (stage_wait(s, has_break_come_out, s) && s->reader->breaks > 0)
        outcome_set(o, OUTCOME_OK, "it came");
    else
        outcome_set(o, OUTCOME_FAILED, "no break came, %s", stage_why(s));
}

static bool has_break_come_in(void *owner)
{
    const struct stage *s = owner;

    return s->first->breaks > 0 || s->reader->is_over || s->first->is_lost;
}

void step_break_in(struct stage *s, const struct step *step, struct outcome *o)
{
    (void)step;
    if (!s->reader->may_break) {
        outcome_set(o, OUTCOME_SKIPPED,
                    "the server gives no right to send breaks");
        return;
    }
    if (!has_line(s, o))
        return;
    s->first->breaks = 0;
    reader_send_break(s->reader);
    if (stage_wait(s, has_break_come_in, s) && s->first->breaks > 0)
        outcome_set(o, OUTCOME_OK, "it came");
    else
        outcome_set(o, OUTCOME_FAILED, "no break came, %s", stage_why(s));
}

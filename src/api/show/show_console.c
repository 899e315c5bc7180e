#include "api/show/show_console.h"

#include "api/api_means.h"
#include "api/show/show_last_line.h"
#include "core/directory.h"
#include "core/keyboard.h"
#include "inventory/inventory.h"
#include "session/session_context.h"

#include <string.h>

/* What a member is read from. */
struct seen {
    const struct api *api;
    const struct console *c;
    struct census_console row;
    enum right right;
    const struct show_moment *now;
};

static struct census_console read_row(const struct api *api,
                                      const struct console *c)
{
    const struct census_source *source = &api_means_of(api)->census;
    struct census_console row;

    if (source->read_console != NULL)
        source->read_console(source->owner, c, &row);
    else
        census_read_console(&row, c);
    return row;
}

const char *show_console_state(const struct console *c)
{
    return census_vm_name(c->move != NULL   ? CENSUS_VM_BETWEEN
                          : c->link != NULL ? CENSUS_VM_CONNECTED
                                            : CENSUS_VM_NONE);
}

/* ---- members ------------------------------------------------------------ */

static json_t *get_id(const struct seen *s)
{
    return show_text(s->row.id.text);
}

static json_t *get_uuid(const struct seen *s)
{
    return show_text(s->row.uuid);
}

static json_t *get_label(const struct seen *s)
{
    return json_string(s->row.label);
}

static json_t *get_name(const struct seen *s)
{
    return json_string(s->row.name.text);
}

static json_t *get_vm(const struct seen *s)
{
    return json_string(s->row.vm_name);
}

static json_t *get_state(const struct seen *s)
{
    return json_string_nocheck(show_console_state(s->c));
}

static json_t *get_port(const struct seen *s)
{
    return s->row.port != 0 ? json_integer(s->row.port) : json_null();
}

static json_t *get_clients(const struct seen *s)
{
    return json_integer(s->row.clients);
}

static json_t *get_right(const struct seen *s)
{
    return s->right != RIGHT_NONE ? json_string_nocheck(right_name(s->right))
                                  : NULL;
}

static json_t *get_host(const struct seen *s)
{
    struct ip ip = console_host(s->c);

    return ip_is_none(ip) ? json_null() : show_text(ip_format(ip).text);
}

static json_t *get_tls(const struct seen *s)
{
    return s->row.vm == CENSUS_VM_CONNECTED
               ? json_boolean(s->row.is_vm_encrypted)
               : json_null();
}

static json_t *get_last_output(const struct seen *s)
{
    return show_time_s(s->now, s->row.last_output_s);
}

static json_t *get_last_input(const struct seen *s)
{
    return show_time_s(s->now, s->row.last_input_s);
}

static json_t *get_locked_by(const struct seen *s)
{
    if (s->row.lock != NULL)
        return show_text(s->row.lock->who.name);
    return s->row.holder != NULL ? show_text(client_shown_name(s->row.holder))
                                 : json_null();
}

static json_t *get_lock(const struct seen *s)
{
    const struct keyboard_lock *lock = s->row.lock;

    if (lock == NULL)
        return json_null();
    return json_pack(
        "{s:o, s:s, s:o, s:o, s:o}", "by", show_text(lock->who.name), "proof",
        principal_proof_name((enum principal_proof)lock->who.proof), "reason",
        show_text(lock->reason), "since", show_time_us(s->now, lock->since_us),
        "until", show_time_us(s->now, lock->until_us));
}

static json_t *get_keyboard(const struct seen *s)
{
    const struct client *holder = s->row.holder;

    if (holder == NULL)
        return json_null();
    return json_pack("{s:I, s:o, s:s}", "client", (json_int_t)holder->number,
                     "name", show_text(client_shown_name(holder)), "mode",
                     lock_mode_name((enum lock_mode)holder->mode));
}

/* Who has typed is for those who could take the keyboard over. */
static json_t *get_typist(const struct seen *s)
{
    const struct client *client = NULL;

    if (s->right < RIGHT_CONTROL)
        return NULL;
    if (s->c->typist == 0)
        return json_null();
    do
        client = census_next_client(s->c, client);
    while (client != NULL && client->number != s->c->typist);
    return client != NULL ? show_text(client_shown_name(client)) : json_null();
}

/* What a VM prints is shown to nobody while the audit log has to be written
 * and cannot be. */
static json_t *get_last_line(const struct seen *s)
{
    return api_sessions(s->api)->gate.is_closed_to_clients
               ? json_null()
               : show_last_line(s->c);
}

static json_t *get_output_bytes(const struct seen *s)
{
    return show_number(s->row.output_bytes);
}

static json_t *get_input_bytes(const struct seen *s)
{
    return show_number(s->row.input_bytes);
}

static json_t *get_held_bytes(const struct seen *s)
{
    return show_number(s->row.held_bytes);
}

static json_t *get_history_bytes(const struct seen *s)
{
    return show_number(s->row.history_bytes);
}

static json_t *get_line(const struct seen *s)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "vm",
                     line_format(&s->row.line, LINE_VM).text, "clients",
                     line_format(&s->row.line, LINE_CLIENTS).text, "vm_drives",
                     line_format_lines(s->row.vm_lines).text, "clients_drive",
                     line_format_lines(s->row.client_lines).text);
}

static json_t *get_window(const struct seen *s)
{
    return show_window(s->row.window);
}

static json_t *get_service(const struct seen *s)
{
    if (s->row.service[0] == '\0')
        return json_null();
    return json_pack("{s:o, s:s}", "asks_for", show_text(s->row.service),
                     "state", s->row.service_state);
}

static json_t *get_log(const struct seen *s)
{
    if (s->row.log_path[0] == '\0')
        return json_null();
    return json_pack("{s:o, s:o, s:I, s:I}", "path", show_text(s->row.log_path),
                     "state", show_text(s->row.log_state), "written_bytes",
                     (json_int_t)s->row.log_written_bytes, "missing_bytes",
                     (json_int_t)s->row.log_missing_bytes);
}

static json_t *show_tags(const struct inventory_vm *vm)
{
    json_t *tags = json_array();
    const char *tag = NULL;

    while ((tag = inventory_next_tag(vm, tag)) != NULL)
        (void)json_array_append_new(tags, json_string(tag));
    return tags;
}

static json_t *get_inventory(const struct seen *s)
{
    const struct inventory_vm vm =
        inventory_find(s->c->directory->inventory, s->c->uuid);

    if (!inventory_vm_is_known(&vm))
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "folder",
                     show_text(vm.folder), "host", show_text(vm.host), "owner",
                     show_text(vm.owner), "tags", show_tags(&vm), "name",
                     show_text(vm.name));
}

static const struct member {
    const char *name, *type, *help;
    json_t *(*get)(const struct seen *s); /* NULL: it is left out */
} members[] = {
    { "id", "text", "UUID/LABEL: its identity, which stays.", get_id },
    { "uuid", "text", "Of its VM.", get_uuid },
    { "label", "text", "Of its serial port in the VM.", get_label },
    { "name", "text", "As shown to people.", get_name },
    { "vm", "text", "Name of its VM.", get_vm },
    { "state", "connected|moving|none", "Of its VM's connection.", get_state },
    { "port", "number?", "Its TCP port for telnet.", get_port },
    { "clients", "number", "How many clients it has.", get_clients },
    { "right", "read|write|break|control|admin",
      "What the caller may do with it.", get_right },
    { "host", "text?", "Address of the host that has its VM, or had it last.",
      get_host },
    { "tls", "flag?", "Whether its VM's connection is in TLS.", get_tls },
    { "last_output", "time?", "When its VM printed last.", get_last_output },
    { "last_input", "time?", "When somebody typed last.", get_last_input },
    { "locked_by", "text?",
      "Who has locked the keyboard, or has it for himself.", get_locked_by },
    { "lock", "Lock?", "Of the keyboard, by somebody who need not be there.",
      get_lock },
    { "keyboard", "Keyboard?", "The client that has it for itself, and how.",
      get_keyboard },
    { "typist", "text?",
      "Who has typed last, while the client is there; for those who may "
      "control it.",
      get_typist },
    { "output_bytes", "number",
      "From the VM since the console is there: its position now.",
      get_output_bytes },
    { "input_bytes", "number", "To the VM since the console is there.",
      get_input_bytes },
    { "held_bytes", "number", "Of input, kept for the VM.", get_held_bytes },
    { "history_bytes", "number", "Memory of its last output.",
      get_history_bytes },
    { "line", "Line", "The serial line.", get_line },
    { "window", "Window?", "Of the client that typed last.", get_window },
    { "service", "Service?", "What its VM's service URI asks for.",
      get_service },
    { "log", "Log?", "Its console log.", get_log },
    { "inventory", "Inventory?", "What the inventory has about its VM.",
      get_inventory },
    { "last_line", "text?",
      "The last line with anything in it that its VM has printed: readable, at "
      "most 120 characters, of the last KiB. Only where fields names it.",
      get_last_line },
};
enum { MEMBERS = sizeof members / sizeof *members };

const char *show_console_member(size_t i, const char **ret_type,
                                const char **ret_help)
{
    if (i >= MEMBERS)
        return NULL;
    *ret_type = members[i].type;
    *ret_help = members[i].help;
    return members[i].name;
}

/* ---- which of them ------------------------------------------------------ */

static bool add_field(const char *name, size_t len, uint64_t *fields)
{
    if (len == 3 && memcmp(name, "all", len) == 0) {
        *fields |= SHOW_CONSOLE_ALL;
        return true;
    }
    for (size_t i = 0; i < MEMBERS; i++) {
        if (strlen(members[i].name) == len &&
            memcmp(members[i].name, name, len) == 0) {
            *fields |= 1ull << i;
            return true;
        }
    }
    return false;
}

static void complain(struct err *ret)
{
    char known[400] = "";
    size_t len = 0;

    for (size_t i = 0; i < MEMBERS && len < sizeof known; i++)
        len += (size_t)snprintf(known + len, sizeof known - len, "%s%s",
                                i > 0 ? ", " : "", members[i].name);
    err_set(ret, "fields must be all, or some of %s", known);
}

bool show_console_fields(const char *names, uint64_t *ret_fields,
                         struct err *ret)
{
    uint64_t fields = 0;

    for (const char *at = names; *at != '\0';) {
        size_t len = strcspn(at, ",");

        if (!add_field(at, len, &fields)) {
            complain(ret);
            return false;
        }
        at += len;
        at += *at == ',';
    }
    *ret_fields = fields;
    return true;
}

/* last_line costs more than all others together, so it has to be named. */
static bool is_wanted(size_t member, uint64_t fields)
{
    return (fields >> member & 1) != 0 ||
           ((fields & SHOW_CONSOLE_ALL) != 0 &&
            members[member].get != get_last_line);
}

json_t *show_console(const struct api *api, const struct console *c,
                     enum right right, uint64_t fields,
                     const struct show_moment *now)
{
    struct seen seen = {
        .api = api,
        .c = c,
        .row = read_row(api, c),
        .right = right,
        .now = now,
    };
    json_t *json = json_object();

    for (size_t i = 0; i < MEMBERS; i++) {
        json_t *value = is_wanted(i, fields) ? members[i].get(&seen) : NULL;

        if (value != NULL)
            (void)json_object_set_new_nocheck(json, members[i].name, value);
    }
    return json;
}

json_t *show_console_of(const struct api_call *call)
{
    struct show_moment now = show_moment(call->api);

    return show_console(call->api, call->console,
                        api_right_on(call, call->console), SHOW_CONSOLE_ALL,
                        &now);
}

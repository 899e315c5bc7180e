#include "core/census/census.h"

#include "core/directory.h"
#include "core/keyboard.h"

#include <stdlib.h>
#include <string.h>

const char *census_vm_name(enum census_vm vm)
{
    static const char *const names[CENSUS_VM_COUNT] = {
        [CENSUS_VM_NONE] = "none",
        [CENSUS_VM_CONNECTED] = "connected",
        [CENSUS_VM_BETWEEN] = "moving",
    };

    return (unsigned)vm < CENSUS_VM_COUNT ? names[vm] : "?";
}

void census_read_directory(struct census *census, const struct directory *d)
{
    census->consoles = d->console_count;
    census->consoles_limit = d->settings.console_limit;
    census->consoles_new = d->new_count;
    census->consoles_evicted = d->evicted_consoles;
    census->addresses = d->sites.all.count;
    census->consoles_between = d->move_counts.between;
    census->consoles_vacant =
        d->console_count - d->vm_count - d->move_counts.between;
    census->vms = d->vm_count;
    census->clients = d->client_count;
    for (int i = 0; i < CLIENT_DOOR_COUNT; i++)
        census->clients_by_door[i] = d->clients_by_door[i];
    census->output_bytes = d->output_bytes;
    census->input_bytes = d->input_bytes;
    census->held_bytes = d->held_bytes;
    census->history_bytes = d->history_used;
    census->history_limit_bytes = d->settings.history_total;
    census->moves = d->moves.count;
    census->moves_begun = d->move_counts.begun;
    census->moves_completed = d->move_counts.ended[MOVE_COMPLETED];
    census->moves_failed = move_count_failed(&d->move_counts);
    memcpy(census->moves_ended, d->move_counts.ended + MOVE_COMPLETED,
           sizeof census->moves_ended);
    census->move_times = d->move_counts.times;
    census->moves_refused = d->move_counts.refused;
    census->consoles_refused = d->refused_consoles;
    census->clients_refused_console = d->refused_clients;
}

void census_read_console(struct census_console *row, const struct console *c)
{
    const struct vm_link *link = c->link;

    *row = (struct census_console){
        .name = console_name(c),
        .id = console_id(c),
        .uuid = c->uuid,
        .label = c->label,
        .vm_name = c->name,
        .vm = link != NULL      ? CENSUS_VM_CONNECTED
              : c->move != NULL ? CENSUS_VM_BETWEEN
                                : CENSUS_VM_NONE,
        .vm_peer = link != NULL ? link->peer : "",
        .is_vm_encrypted = link != NULL && link->is_encrypted,
        .is_moving = c->move != NULL,
        .clients = c->client_count,
        .output_bytes = c->output.head,
        .input_bytes = c->input_bytes,
        .held_bytes = c->held_input.len,
        .history_bytes = c->output.cap,
        .last_output_s = c->last_output_s,
        .last_input_s = c->last_input_s,
        .holder = keyboard_holder(c),
        .lock = keyboard_lock_of(c),
        .line = c->line,
        .window = c->window,
        /* What a VM that has gone drove last is no line of anybody. */
        .vm_lines = link != NULL ? c->line.vm_lines : 0,
        .client_lines = console_client_lines(c),
        .service_state = "none",
        .log_path = "",
        .log_state = "",
    };
}

void census_read_client(struct census_client *row, const struct client *client)
{
    const struct console *c = client->console;

    *row = (struct census_client){
        .console = console_name(c),
        .console_id = console_id(c),
        .number = client->number,
        .name = client_name(client),
        .proof = (enum principal_proof)client->who->proof,
        .peer = client->peer,
        .door = (enum client_door)client->door,
        .right = (enum right)client->right,
        .mode = (enum lock_mode)client->mode,
        .has_keyboard = keyboard_holder(c) == client,
        .has_typed_last = c->typist == client->number,
        .is_encrypted = client->is_encrypted,
        .is_lagging = client->reader.pace == READER_LAGS,
        .lines = client->lines,
        .window = client->window,
        .since_us = client->since_us,
        .input_bytes = client->input_bytes,
        .output_bytes = client->output_bytes,
        .behind_bytes = c->output.head - client->reader.at,
    };
}

/* Keeps the rows in order. The last one goes if there are too many. */
static size_t insert_site(const struct vm_site *site,
                          struct census_address *rows, size_t count)
{
    size_t at = count;

    while (at > 0 && rows[at - 1].consoles < site->consoles)
        at--;
    if (at == CENSUS_ADDRESSES_MAX)
        return count;
    if (count < CENSUS_ADDRESSES_MAX)
        count++;
    memmove(rows + at + 1, rows + at, (count - at - 1) * sizeof *rows);
    rows[at] = (struct census_address){
        .ip = site->ip,
        .consoles = site->consoles,
        .consoles_new = site->new_consoles,
        .vms = site->vms,
    };
    return count;
}

size_t census_read_addresses(
    const struct directory *d,
    struct census_address ret_rows[CENSUS_ADDRESSES_MAX])
{
    const struct vm_site *site;
    size_t count = 0;
    size_t slot = 0;

    while ((site = map_next(&d->sites.all, &slot)) != NULL)
        count = insert_site(site, ret_rows, count);
    for (size_t i = 0; i < count; i++) {
        struct ip ip = ret_rows[i].ip;

        if (ip_is_none(ip))
            ret_rows[i].text = (struct network_text){ "none" };
        else
            ret_rows[i].text = ip_site_format(ip);
    }
    return count;
}

const struct client *census_next_client(const struct console *c,
                                        const struct client *behind)
{
    struct list *node = behind != NULL ? behind->node.next : c->clients.next;

    return node != &c->clients ? client_at(node) : NULL;
}

/* ---- over several turns ----------------------------------------------- */

void census_walks_init(struct census_walks *walks)
{
    list_init(&walks->all);
}

/* A walk has pointers to consoles over several turns. A console that is removed
 * is struck out of all walks; the pointer is compared and never followed. */
void census_walks_forget(struct census_walks *walks, const struct console *c)
{
    LIST_EACH (node, after, &walks->all) {
        struct census_walk *walk = CONTAINER_OF(node, struct census_walk, node);

        for (uint32_t i = walk->at; i < walk->count; i++) {
            if (walk->consoles[i] == c)
                walk->consoles[i] = NULL;
        }
    }
}

void census_walk_init(struct census_walk *walk)
{
    *walk = (struct census_walk){ 0 };
    list_init(&walk->node);
}

bool census_walk_begin_empty(struct census_walk *walk,
                             struct census_walks *walks, uint32_t room)
{
    census_walk_end(walk);
    walk->consoles = calloc((size_t)room + 1, sizeof(struct console *));
    if (walk->consoles == NULL)
        return false;
    list_add_tail(&walks->all, &walk->node);
    return true;
}

void census_walk_add(struct census_walk *walk, struct console *c)
{
    walk->consoles[walk->count++] = c;
}

bool census_walk_begin(struct census_walk *walk, struct census_walks *walks,
                       const struct directory *d)
{
    struct directory_cursor cursor = { 0 };
    struct console *c;

    if (!census_walk_begin_empty(walk, walks, d->console_count))
        return false;
    while ((c = directory_next(d, &cursor)) != NULL)
        census_walk_add(walk, c);
    return true;
}

void census_walk_end(struct census_walk *walk)
{
    list_remove(&walk->node);
    free(walk->consoles);
    census_walk_init(walk);
}

struct console *census_walk_next(struct census_walk *walk)
{
    while (walk->at < walk->count) {
        struct console *c = walk->consoles[walk->at++];

        if (c != NULL)
            return c;
    }
    return NULL;
}

uint32_t census_walk_left(const struct census_walk *walk)
{
    return walk->count - walk->at;
}

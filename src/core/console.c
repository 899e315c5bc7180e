#include "core/console.h"

#include "core/console_private.h"
#include "core/directory.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

static struct client *client_at(struct list *node)
{
    return CONTAINER_OF(node, struct client, node);
}

struct console_name console_name(const struct console *c)
{
    const struct directory *d = c->directory;
    struct console_name n;
    char between = d->settings.is_multi_console ? '_' : '/';

    if (d->settings.is_multi_console || c->next_of_vm != NULL ||
        directory_find(d, c->uuid, NULL) != c)
        snprintf(n.text, sizeof n.text, "%s%c%s", c->name, between, c->label);
    else
        snprintf(n.text, sizeof n.text, "%s", c->name);
    return n;
}

struct console_name console_id(const struct console *c)
{
    struct console_name n;

    snprintf(n.text, sizeof n.text, "%s%c%s", c->uuid,
             c->directory->settings.is_multi_console ? '_' : '/', c->label);
    return n;
}

/* The console stays while anybody is there, and for a while after. */
static void update_expiry(struct console *c, uint64_t now_us)
{
    if (c->link != NULL || c->client_count > 0)
        deadline_stop(&c->expiry);
    else
        deadline_start(&c->directory->expiries, &c->expiry, now_us);
}

static void tell_clients(struct console *c, enum client_news news)
{
    LIST_EACH (node, after, &c->clients)
        client_at(node)->ops->tell(client_at(node), news);
}

bool console_attach_client(struct console *c, struct client *client,
                           uint64_t now_us)
{
    uint32_t limit = c->directory->settings.client_limit;

    if (limit != 0 && c->client_count >= limit)
        return false;
    client->console = c;
    client->at = c->output.head;
    client->pace = CLIENT_FOLLOWS;
    list_add_tail(&c->clients, &client->node);
    c->client_count++;
    update_expiry(c, now_us);
    return true;
}

void console_detach_client(struct client *client, uint64_t now_us)
{
    struct console *c = client->console;

    if (c == NULL)
        return;
    list_remove(&client->node);
    c->client_count--;
    client->console = NULL;
    console_client_moved(c, client, now_us);
    update_expiry(c, now_us);
}

void console_attach_vm(struct console *c, struct vm_link *link, uint64_t now_us)
{
    struct vm_link *old = c->link;
    struct fact fact = { .kind = FACT_VM_ATTACHED, .console = c };

    if (old == link)
        return;
    if (old != NULL) {
        console_detach_vm(old, "the VM has connected anew", now_us);
        old->ops->replaced(old);
    }
    c->link = link;
    link->console = c;
    update_expiry(c, now_us);
    memcpy(fact.peer, link->peer, sizeof fact.peer);
    fact_add(&c->directory->facts, fact);
    tell_clients(c, CLIENT_NEWS_VM_CONNECTED);
}

void console_detach_vm(struct vm_link *link, const char *reason,
                       uint64_t now_us)
{
    struct console *c = link->console;
    struct fact fact = {
        .kind = FACT_VM_DETACHED,
        .console = c,
        .reason = reason,
    };

    if (c == NULL)
        return;
    link->console = NULL;
    c->link = NULL;
    deadline_stop(&c->hold);
    memcpy(fact.peer, link->peer, sizeof fact.peer);
    fact_add(&c->directory->facts, fact);
    /* With nothing at the end of the cable, what was kept is gone. */
    console_release_input(c);
    console_set_link_full(c, false);
    tell_clients(c, CLIENT_NEWS_VM_DISCONNECTED);
    update_expiry(c, now_us);
}

/* How large the ring may get as things are. */
static uint32_t possible_cap(const struct console *c)
{
    const struct directory *d = c->directory;
    uint32_t ring_max = d->settings.ring_max;
    uint32_t more = ring_max > c->output.cap ? ring_max - c->output.cap : 0;

    if (d->history_used + more <= d->settings.history_total)
        return ring_max;
    return c->output.cap > 0 ? c->output.cap : LIMIT_RING_FIRST;
}

/* What fits before the slowest client that follows would lose a byte. */
static size_t free_room(const struct console *c)
{
    uint64_t cap = possible_cap(c);
    uint64_t most = 0;

    LIST_EACH (node, after, &c->clients) {
        const struct client *client = client_at(node);
        uint64_t behind = c->output.head - client->at;

        if (client->pace == CLIENT_FOLLOWS && behind > most)
            most = behind;
    }
    return most < cap ? (size_t)(cap - most) : 0;
}

size_t console_output_room(const struct console *c)
{
    size_t room = free_room(c);

    return room >= possible_cap(c) / 4 ? room : 0;
}

void console_hold(struct console *c, uint64_t now_us)
{
    if (deadline_is_running(&c->hold))
        return;
    c->held_since_us = now_us;
    deadline_start(&c->directory->holds, &c->hold, now_us);
}

static bool is_worth_resuming(const struct console *c)
{
    return free_room(c) >= possible_cap(c) / 2;
}

static bool blocks(const struct console *c, const struct client *client)
{
    return client->pace == CLIENT_FOLLOWS &&
           c->output.head - client->at > possible_cap(c) / 2;
}

static void let_lag(struct console *c, struct client *client)
{
    client->pace = CLIENT_LAGS;
    fact_add(&c->directory->facts,
             (struct fact){ .kind = FACT_CLIENT_LAGS, .console = c });
}

static void resume(struct console *c)
{
    deadline_stop(&c->hold);
    c->link->ops->resume(c->link);
}

static bool anyone_else_waits(const struct console *c,
                              const struct client *last)
{
    LIST_EACH (node, after, &c->clients) {
        const struct client *client = client_at(node);

        if (client != last && client->pace == CLIENT_FOLLOWS &&
            client_has_caught_up(client))
            return true;
    }
    return false;
}

void console_client_moved(struct console *c, struct client *client,
                          uint64_t now_us)
{
    if (!deadline_is_running(&c->hold) || !is_worth_resuming(c))
        return;
    /* This client was the last that the VM was held back for. Where others
     * had caught up and waited with the VM, the time counts against it. */
    if (client->console == c && client->at != c->output.head &&
        anyone_else_waits(c, client)) {
        client->held_us += (uint32_t)(now_us - c->held_since_us);
        if (client->held_us > c->directory->settings.hold_us)
            let_lag(c, client);
    }
    resume(c);
}

void console_hold_due(struct console *c, uint64_t now_us)
{
    (void)now_us;
    LIST_EACH (node, after, &c->clients) {
        if (blocks(c, client_at(node)))
            let_lag(c, client_at(node));
    }
    if (c->link != NULL)
        resume(c);
}

/* Lets the ring grow to hold len more bytes, as far as it may. */
static void make_room(struct console *c, size_t len)
{
    struct ring *r = &c->output;
    uint64_t needed = (uint64_t)r->len + len;
    uint32_t possible = possible_cap(c);
    uint32_t cap = r->cap > 0 ? r->cap : LIMIT_RING_FIRST;
    uint32_t old = r->cap;

    while (cap < needed && cap < possible)
        cap *= 2;
    if (cap == old || cap > possible)
        return;
    /* Without memory the history is shorter; the console goes on. */
    if (ring_grow(r, cap) == 0)
        c->directory->history_used += cap - old;
}

void console_output(struct console *c, struct slice bytes)
{
    if (c->output.len + bytes.len > c->output.cap)
        make_room(c, bytes.len);
    ring_write(&c->output, bytes);
}

uint8_t *console_output_reserve(struct console *c, size_t len, size_t *ret_room)
{
    if (c->output.len + len > c->output.cap)
        make_room(c, len);
    return ring_reserve(&c->output, ret_room);
}

void console_output_wrote(struct console *c, size_t len)
{
    ring_wrote(&c->output, len);
}

void console_output_end(struct console *c)
{
    LIST_EACH (node, after, &c->clients)
        client_at(node)->ops->pull(client_at(node));
}

/* Tells the clients when it has changed whether they are to be read. */
static void update_takes_input(struct console *c)
{
    bool takes = !c->is_link_full && c->held_input.len < LIMIT_INPUT_HIGH;

    if (c->takes_input == takes)
        return;
    c->takes_input = takes;
    LIST_EACH (node, after, &c->clients)
        client_at(node)->ops->input_changed(client_at(node));
}

void console_input(struct console *c, struct slice bytes)
{
    int r;

    if (c->link == NULL)
        return;
    c->input_bytes += bytes.len;
    if (!c->is_input_held) {
        c->link->ops->input(c->link, bytes);
        return;
    }
    /* One client's read fits above the mark, then none is read. */
    r = buf_append(&c->held_input, bytes);
    assert(r != -ENOBUFS);
    (void)r;
    update_takes_input(c);
}

void console_input_end(struct console *c)
{
    if (c->link != NULL && !c->is_input_held)
        c->link->ops->input_end(c->link);
}

void console_set_link_full(struct console *c, bool is_full)
{
    c->is_link_full = is_full;
    update_takes_input(c);
}

void console_hold_input(struct console *c)
{
    c->is_input_held = true;
}

void console_release_input(struct console *c)
{
    struct slice held = buf_bytes(&c->held_input);

    if (!c->is_input_held)
        return;
    c->is_input_held = false;
    if (held.len > 0 && c->link != NULL) {
        c->link->ops->input(c->link, held);
        console_input_end(c);
    }
    buf_done(&c->held_input);
    update_takes_input(c);
}

bool console_takes_input(const struct console *c)
{
    return c->takes_input;
}

/*
 * A console's attachments: which links and clients it has, what the others are
 * told of them, and how long it stays. Its other subjects have files of their
 * own: console_pace.c (who is waited for), console_input.c, console_line.c,
 * console_leaving.c (a source's last output), console_settle.c.
 *
 * At any time one of these holds for the VM's side:
 *
 *   link     leaving   move
 *   NULL     NULL      NULL   no VM
 *   A        NULL      NULL   A serves
 *   A        NULL      yes    A is the source of a move
 *   NULL     NULL      yes    the source is lost, the move goes on: the VM
 *                             counts as present (console_has_vm)
 *   B        A         NULL   B serves; what A has still to say comes first
 *
 * leaving and move exclude each other: BEGIN is refused while a source leaves,
 * or three connections would have output whose order matters. A leaving link
 * needs a link that waits for it, so whatever takes the link away finishes the
 * leaving one first.
 */
#include "core/console.h"

#include "core/console_private.h"
#include "core/directory.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

bool console_needs_label(const struct console *c)
{
    const struct directory *d = c->directory;

    return d->settings.is_multi_console || c->next_of_vm != NULL ||
           directory_find(d, c->uuid, NULL) != c;
}

struct console_name console_name(const struct console *c)
{
    const struct directory *d;
    struct console_name n = { "" };
    char between;

    if (c == NULL)
        return n;
    d = c->directory;
    between = d->settings.is_multi_console ? '_' : '/';
    if (console_needs_label(c))
        snprintf(n.text, sizeof n.text, "%s%c%s", c->name, between, c->label);
    else
        snprintf(n.text, sizeof n.text, "%s", c->name);
    return n;
}

struct access_console console_view(const struct console *c)
{
    struct access_console view;

    if (c == NULL)
        return (struct access_console){ .name = "" };
    view = directory_view(c->directory, c->name, c->uuid, c->label);
    view.host = console_host(c);
    return view;
}

struct console_name console_id(const struct console *c)
{
    struct console_name n = { "" };

    if (c == NULL)
        return n;
    snprintf(n.text, sizeof n.text, "%s%c%s", c->uuid,
             c->directory->settings.is_multi_console ? '_' : '/', c->label);
    return n;
}

/* The hash is keyed by what is random in each run. */
uint64_t console_epoch(const struct console *c)
{
    uint8_t key[sizeof c->number + 1] = { 'e' };

    memcpy(key + 1, &c->number, sizeof c->number);
    return map_hash(&c->directory->vms, slice_of(key, sizeof key));
}

void console_ref_init(struct console_ref *ref,
                      void (*on_gone)(struct console_ref *ref))
{
    *ref = (struct console_ref){ .on_gone = on_gone };
    list_init(&ref->node);
}

void console_ref_set(struct console_ref *ref, struct console *c)
{
    list_remove(&ref->node);
    ref->console = c;
    if (c != NULL)
        list_add_tail(&c->refs, &ref->node);
}

void console_leave_refs(struct console *c)
{
    LIST_EACH (node, after, &c->refs) {
        struct console_ref *ref = CONTAINER_OF(node, struct console_ref, node);

        ref->on_gone(ref);
        console_ref_set(ref, NULL);
    }
}

/* Each client keeps the notice at this place of the output; one that is behind
 * shows it when it has had what came before. */
static void note(struct console *c, enum view_notice notice)
{
    LIST_EACH (node, after, &c->clients)
        view_note(&client_at(node)->view, notice, c->output.head);
    console_mark(c, CONSOLE_DUE_PULL);
}

/*
 * A visit is a fact only where the expiry was running: with a VM attached the
 * state on disk does not depend on clients, and each client would cost a write.
 * The test stands before console_update_stay, which stops that deadline.
 *
 * A client that the VM has asked for itself, by its service URI, proves
 * nothing.
 */
void console_add_client(struct client *client, uint64_t now_us)
{
    struct console *c = client->console;

    reader_attach(&client->reader, c);
    list_add_tail(&c->clients, &client->node);
    c->client_count++;
    c->directory->client_count++;
    c->directory->clients_by_door[client->door]++;
    if (c->waits == CONSOLE_WAITS_FOR_EXPIRY)
        fact_add(&c->directory->facts,
                 (struct fact){ .kind = FACT_VISITED, .console = c });
    if (client->door != CLIENT_DOOR_REMOTE &&
        client->door != CLIENT_DOOR_NULL_MODEM)
        console_prove(c);
    console_update_stay(c, now_us);
    console_count_lines(c, client->lines, 1);
    console_mark(c, CONSOLE_DUE_PEOPLE);
}

void console_remove_client(struct console *c, struct client *client,
                           uint64_t now_us)
{
    list_remove(&client->node);
    c->client_count--;
    c->directory->client_count--;
    c->directory->clients_by_door[client->door]--;
    reader_detach(&client->reader, now_us);
    console_update_stay(c, now_us);
    if (c->waits == CONSOLE_WAITS_FOR_EXPIRY)
        fact_add(&c->directory->facts,
                 (struct fact){ .kind = FACT_DESERTED, .console = c });
    console_count_lines(c, client->lines, -1);
    console_mark(c, CONSOLE_DUE_PEOPLE);
}

/* A link that was the destination of a move is that no longer: the move is
 * over. A trial was the former connection's. */
static void link_to(struct console *c, struct vm_link *link)
{
    assert(c->link == NULL);
    console_stop_waiting(c);
    console_set_site(c, link->ip);
    c->site->vms++;
    c->directory->vm_count++;
    c->link = link;
    link->console = c;
    link->move = NULL;
    if (c->client_count > 0)
        console_mark(c, CONSOLE_DUE_JUDGE);
}

static void unlink_vm(struct console *c)
{
    /* A break that this connection has begun is ended here: its own end would
     * never come, and clients would show a break for ever. */
    if (c->is_in_break)
        console_break_output(c, false);
    c->link->console = NULL;
    c->link = NULL;
    c->site->vms--;
    c->directory->vm_count--;
    c->is_input_held = false;
    c->is_link_full = false;
}

/* From here on the link has the console's output and nothing else of it: input,
 * lines and moves are its successor's. */
void console_begin_leaving(struct console *c)
{
    assert(c->leaving == NULL);
    c->leaving = c->link;
    c->leaving->leaves = c;
    unlink_vm(c);
}

void console_tell_detached(struct console *c, const char *peer,
                           const char *reason)
{
    struct fact fact = {
        .kind = FACT_VM_DETACHED,
        .console = c,
        .vm_detached.reason = reason,
    };

    snprintf(fact.vm_detached.peer, sizeof fact.vm_detached.peer, "%s", peer);
    fact_add(&c->directory->facts, fact);
    note(c, VIEW_NOTICE_GONE);
    console_tell_vm_lines(c);
}

static void tell_attached(struct console *c, const struct vm_link *link,
                          enum view_notice notice)
{
    struct fact fact = {
        .kind = FACT_VM_ATTACHED,
        .console = c,
        .vm_attached = {
            .is_encrypted = link->is_encrypted,
            .is_new = c->is_new,
        },
    };

    c->is_new = false;
    memcpy(fact.vm_attached.peer, link->peer, sizeof fact.vm_attached.peer);
    fact_add(&c->directory->facts, fact);
    note(c, notice);
    console_tell_vm_lines(c);
}

static bool is_elsewhere(const struct vm_link *a, const struct vm_link *b)
{
    return !ip_is_none(a->ip) && !ip_is_none(b->ip) &&
           !ip_is_equal(a->ip, b->ip);
}

/* In a move the source counts, and without it the destination: hosts close the
 * source's connection a moment before the destination says COMPLETE, and that
 * moment must not be one in which a UUID is enough. */
struct vm_link *console_find_rival(const struct console *c,
                                   const struct vm_link *newcomer)
{
    struct vm_link *rival = c->link;

    if (rival == NULL && c->move != NULL)
        rival = c->move->destination;
    return rival != NULL && is_elsewhere(rival, newcomer) ? rival : NULL;
}

static void tell_takeover(struct console *c, enum fact_kind kind,
                          const struct vm_link *older,
                          const struct vm_link *newer, const char *reason)
{
    struct fact fact = {
        .kind = kind,
        .console = c,
        .takeover.reason = reason,
    };

    memcpy(fact.takeover.older, older->peer, sizeof fact.takeover.older);
    memcpy(fact.takeover.newer, newer->peer, sizeof fact.takeover.newer);
    fact_add(&c->directory->facts, fact);
}

void console_refuse_takeover(struct console *c, const struct vm_link *rival,
                             const struct vm_link *newcomer, const char *reason)
{
    tell_takeover(c, FACT_VM_TAKEOVER_REFUSED, rival, newcomer, reason);
}

/*
 * The older connection's last output becomes output, then the connection goes.
 *
 * The order is fixed. A source that leaves is older than the link and says its
 * last bytes first. The link becomes the leaving one before it is drained, so
 * that nothing it says in its last bytes (DO-PROXY, BEGIN) finds a console: it
 * once attached a dying connection elsewhere, recursively. The address is
 * copied because afterwards the console has no link to ask.
 *
 * Returns the notice for the clients that the newer link is there.
 */
static enum view_notice replace_vm(struct console *c,
                                   const struct vm_link *newer)
{
    bool is_taken_over = is_elsewhere(c->link, newer);
    char peer[ADDRESS_TEXT_MAX];

    memcpy(peer, c->link->peer, sizeof peer);
    if (is_taken_over)
        tell_takeover(c, FACT_VM_TAKEN_OVER, c->link, newer,
                      "the VM connected from another address");
    console_finish_leaving(c);
    console_begin_leaving(c);
    console_dismiss_leaving(c, "its console has a newer connection");
    console_tell_detached(c, peer,
                          is_taken_over
                              ? "the VM connected from another address"
                              : "the VM reconnected");
    return is_taken_over ? VIEW_NOTICE_TAKEN_OVER : VIEW_NOTICE_BACK;
}

void console_attach_vm(struct console *c, struct vm_link *link, uint64_t now_us)
{
    enum view_notice notice = VIEW_NOTICE_BACK;
    bool is_new = c->link != link;

    if (is_new && c->link != NULL)
        notice = replace_vm(c, link);
    if (is_new) {
        assert(c->link == NULL);
        link_to(c, link);
        c->line.vm_lines = LINE_BOTH;
    }
    /* Behind link_to: a move that ends here hands its held input to the link,
     * which has to be the new one. */
    move_return(c, now_us);
    console_update_stay(c, now_us);
    if (is_new)
        tell_attached(c, link, notice);
}

/*
 * In a move the loss of the source says little: hosts close the source's
 * connection a moment before the destination says COMPLETE. Clients see no
 * notice and no change of lines, and input stays held; what the loss means is
 * known when the move ends.
 *
 * Without a move input that waits is dropped. It was typed for a VM that is
 * gone, and must not be typed into what connects next.
 */
void console_detach_vm(struct vm_link *link, const char *reason,
                       uint64_t now_us)
{
    struct console *c = link->console;

    if (c == NULL)
        return;
    console_finish_leaving(c);
    unlink_vm(c);
    console_stop_hold(c);
    if (c->move != NULL) {
        move_lose_source(c, reason, now_us);
        return;
    }
    console_tell_detached(c, link->peer, reason);
    console_purge_input(c);
    console_update_stay(c, now_us);
}

/* The destination of a move takes over. Both marks are left to
 * directory_settle, serve before leave: the source is read while the console
 * has its new link. */
void console_hand_over(struct console *c, struct vm_link *destination,
                       uint64_t from, uint64_t now_us)
{
    if (c->link != NULL)
        console_begin_leaving(c);
    link_to(c, destination);
    console_mark(c, CONSOLE_DUE_SERVE);
    if (c->leaving != NULL)
        console_start_leaving(c, from, now_us);
}

/* Behind the new link, if there is one. Held input of a move that nobody has
 * won is dropped: its VM is gone. */
void console_move_over(struct console *c, uint64_t now_us)
{
    if (c->link == NULL)
        console_purge_input(c);
    else
        console_mark(c, CONSOLE_DUE_INPUT);
    console_update_stay(c, now_us);
}

/*
 * The two ways in for output differ in who copies. console_output copies bytes
 * that lie somewhere already. console_output_reserve lets the decoder write
 * into the ring, which saves a copy of everything that a VM prints; the bytes
 * count with console_output_wrote, so that a decoder may stop before its room
 * is used.
 *
 * Nothing is checked here: the session has asked for room, or has made some.
 * Output beyond the room makes followers lose bytes.
 */
void console_output(struct console *c, struct slice bytes)
{
    if (c->output.len + bytes.len > c->output.cap)
        console_make_ring_room(c, bytes.len);
    ring_write(&c->output, bytes);
    c->directory->output_bytes += bytes.len;
    console_mark(c, CONSOLE_DUE_PULL);
}

uint8_t *console_output_reserve(struct console *c, size_t len, size_t *ret_room)
{
    if (c->output.len + len > c->output.cap)
        console_make_ring_room(c, len);
    return ring_reserve(&c->output, ret_room);
}

void console_output_wrote(struct console *c, size_t len)
{
    ring_wrote(&c->output, len);
    c->directory->output_bytes += len;
    console_mark(c, CONSOLE_DUE_PULL);
}

/* The clock may have begun with the machine: its first second is no "none". */
static uint32_t second_of(uint64_t now_us)
{
    uint64_t now_s = now_us / (1000 * 1000);

    return now_s > 0 ? (uint32_t)now_s : 1;
}

void console_note_output(struct console *c, uint64_t now_us)
{
    c->last_output_s = second_of(now_us);
}

void console_note_input(struct console *c, uint64_t now_us)
{
    c->last_input_s = second_of(now_us);
}

/* In a move there is a VM even while neither connection stands: it is on its
 * way, and its clients must not be told otherwise. */
bool console_has_vm(const struct console *c)
{
    return c->link != NULL || c->move != NULL;
}

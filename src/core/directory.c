/*
 * All consoles. A VM's consoles (its serial ports) are a list, and the map has
 * the first of each list: hosts connect by UUID and label, and the label alone
 * finds nothing.
 *
 * The settings are the directory's own copy. What consoles have sized
 * themselves by is taken over by directory_init only, see directory_set.
 */
#include "core/directory.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/console_private.h"
#include "core/keyboard.h"

#include <assert.h>
#include <stdlib.h>

/* A hold that lasts this part of hold_us is more than jitter. */
enum { SHORT_HOLD_PART = 100 };

/* ---- deadlines -------------------------------------------------------- */

/* Core has no clock: the time is that of the queue's firing. */

static void directory_short_hold_due(struct deadline *deadline, void *owner)
{
    const struct directory *d = owner;

    console_short_hold_due(CONTAINER_OF(deadline, struct console, hold),
                           d->short_holds.fired_us);
}

static void directory_hold_due(struct deadline *deadline, void *owner)
{
    const struct directory *d = owner;

    console_hold_due(CONTAINER_OF(deadline, struct console, hold),
                     d->holds.fired_us);
}

static void directory_leave_due(struct deadline *deadline, void *owner)
{
    const struct directory *d = owner;

    console_leave_due(
        CONTAINER_OF(deadline, struct console_leave, silence)->console,
        d->leaves.fired_us);
}

static void directory_trial_due(struct deadline *deadline, void *owner)
{
    (void)owner;
    console_trial_due(CONTAINER_OF(deadline, struct console, expiry));
}

static void directory_move_due(struct deadline *deadline, void *owner)
{
    const struct directory *d = owner;

    move_due(CONTAINER_OF(deadline, struct move, deadline),
             d->move_timeouts.fired_us);
}

/* ---- names ------------------------------------------------------------ */

/* Made by each rename, and stays while the console has a name for less than
 * LIMIT_RENAME_US: so a console whose VM keeps its name pays one pointer. */
struct console_rename {
    struct deadline deadline; /* in directory.renames */
    struct console *console;
    char *next; /* the VM's name by now; NULL: it is the console's */
    uint32_t others;
};

static void rename_free(struct console_rename *rename)
{
    if (rename == NULL)
        return;
    deadline_stop(&rename->deadline);
    free(rename->next);
    free(rename);
}

/* Takes the name over. The fact takes the old one over, so it is not copied
 * into facts that do not need it. */
static void change_name(struct console_rename *rename, char *name,
                        uint64_t now_us)
{
    struct console *c = rename->console;
    struct directory *d = c->directory;

    fact_add(&d->facts, (struct fact){ .kind = FACT_VM_RENAMED,
                                       .console = c,
                                       .vm_renamed.former_name = c->name,
                                       .vm_renamed.others = rename->others });
    c->name = name;
    d->changes++;
    if (c->client_count > 0)
        console_mark(c, CONSOLE_DUE_JUDGE);
    rename->next = NULL;
    rename->others = 0;
    deadline_start(&d->renames, &rename->deadline, now_us);
}

static void directory_rename_due(struct deadline *deadline, void *owner)
{
    const struct directory *d = owner;
    struct console_rename *rename =
        CONTAINER_OF(deadline, struct console_rename, deadline);

    if (rename->next != NULL) {
        change_name(rename, rename->next, d->renames.fired_us);
        return;
    }
    rename->console->rename = NULL;
    rename_free(rename);
}

/* The last name wins, and it may be the present one again. */
static void keep_name(struct console_rename *rename, const char *name)
{
    bool is_present = strcmp(rename->console->name, name) == 0;

    if (rename->next != NULL)
        rename->others++;
    free(rename->next);
    rename->next = is_present ? NULL : xstrdup(name);
}

void directory_rename(struct console *c, const char *name, uint64_t now_us)
{
    if (c->rename != NULL) {
        keep_name(c->rename, name);
        return;
    }
    if (strcmp(c->name, name) == 0)
        return;
    c->rename = xcalloc(1, sizeof *c->rename);
    c->rename->console = c;
    deadline_init(&c->rename->deadline);
    change_name(c->rename, xstrdup(name), now_us);
}

/* ---- opening and settings --------------------------------------------- */

void directory_init(struct directory *d,
                    const struct directory_settings *settings)
{
    uint64_t short_hold_us = settings->hold_us / SHORT_HOLD_PART;

    *d = (struct directory){ .settings = *settings };
    map_init(&d->vms, settings->seed);
    map_init(&d->moves, settings->seed);
    map_init(&d->locks, settings->seed);
    vm_sites_init(&d->sites, settings->seed);
    list_init(&d->evicted);
    deadline_queue_init(&d->expiries, settings->expire_us);
    deadline_queue_init(&d->new_expiries, settings->new_expire_us);
    deadline_queue_open(&d->trials, LIMIT_TRIAL_US, directory_trial_due, d);
    deadline_queue_open(&d->short_holds, short_hold_us,
                        directory_short_hold_due, d);
    deadline_queue_open(&d->holds, settings->hold_us - short_hold_us,
                        directory_hold_due, d);
    deadline_queue_open(&d->leaves, LIMIT_LEAVE_SILENCE_US, directory_leave_due,
                        d);
    deadline_queue_open(&d->move_timeouts, settings->move_timeout_us,
                        directory_move_due, d);
    deadline_queue_open(&d->renames, LIMIT_RENAME_US, directory_rename_due, d);
    move_counts_init(&d->move_counts);
    fact_queue_init(&d->facts);
    d->last_unsettled = &d->unsettled;
}

/* Only lines can change for living consoles by new settings: DCD towards the VM
 * is what dcd-always-on says. Everything else is asked for when it is
 * needed. */
static void tell_all_vms(struct directory *d)
{
    struct directory_cursor cursor = { 0 };
    struct console *c;

    while ((c = directory_next(d, &cursor)) != NULL)
        console_tell_client_lines(c);
}

void directory_set(struct directory *d,
                   const struct directory_settings *settings)
{
    uint64_t short_hold_us = settings->hold_us / SHORT_HOLD_PART;
    bool was_dcd_always_on = d->settings.is_dcd_always_on;

    d->settings.expire_us = settings->expire_us;
    d->settings.new_expire_us = settings->new_expire_us;
    d->settings.hold_us = settings->hold_us;
    d->settings.writer_idle_us = settings->writer_idle_us;
    d->settings.move_timeout_us = settings->move_timeout_us;
    d->settings.history_total = settings->history_total;
    d->settings.client_limit = settings->client_limit;
    d->settings.console_limit = settings->console_limit;
    d->settings.is_dcd_always_on = settings->is_dcd_always_on;
    d->settings.keeps_tls = settings->keeps_tls;
    deadline_queue_set_length(&d->expiries, settings->expire_us);
    deadline_queue_set_length(&d->new_expiries, settings->new_expire_us);
    deadline_queue_set_length(&d->short_holds, short_hold_us);
    deadline_queue_set_length(&d->holds, settings->hold_us - short_hold_us);
    deadline_queue_set_length(&d->move_timeouts, settings->move_timeout_us);
    if (was_dcd_always_on != settings->is_dcd_always_on)
        tell_all_vms(d);
}

/* The asserts are the contract of directory_remove. The marks go with the
 * console: a console on the list of unsettled ones that is gone would be
 * settled by the next directory_settle. */
static void console_free(struct console *c)
{
    assert(c->link == NULL && c->leaving == NULL && c->client_count == 0);
    assert(list_is_empty(&c->readers) && list_is_empty(&c->refs));
    move_free(c->move);
    rename_free(c->rename);
    keyboard_forget(c);
    console_forget_due(c);
    console_stop_waiting(c);
    console_leave_site(c);
    deadline_stop(&c->hold);
    c->directory->history_used -= c->output.cap;
    c->directory->held_bytes -= c->held_input.len;
    ring_done(&c->output);
    buf_done(&c->held_input);
    free(c->name);
    free(c);
}

void directory_done(struct directory *d)
{
    struct directory_cursor cursor = { 0 };
    struct console *c;

    while ((c = directory_next(d, &cursor)) != NULL)
        console_free(c);
    vm_sites_done(&d->sites);
    map_done(&d->vms);
    map_done(&d->moves);
    map_done(&d->locks);
    fact_queue_done(&d->facts);
}

static bool has_uuid(const void *value, const void *key)
{
    return strcmp(((const struct console *)value)->uuid, key) == 0;
}

static uint64_t uuid_hash(const struct directory *d, const char *uuid)
{
    return map_hash(&d->vms, slice_of_text(uuid));
}

/* label NULL: the VM's first console. Labels are compared one after the other;
 * LIMIT_CONSOLES_OF_VM bounds the walk. */
struct console *directory_find(const struct directory *d, const char *uuid,
                               const char *label)
{
    struct console *c = map_find(&d->vms, uuid_hash(d, uuid), has_uuid, uuid);

    while (c != NULL && label != NULL && strcmp(c->label, label) != 0)
        c = c->next_of_vm;
    return c;
}

/*
 * UUID and label lie behind the struct, in one allocation with it. A console
 * whose label is not known yet has room for the longest, because label_console
 * writes it in place: others hold pointers to the console, so it cannot be made
 * anew.
 *
 * held_input has room for two reads above the mark at which clients are no
 * longer read: what a client's one read brings fits whole, and then the little
 * that others may still add (client_input.c).
 */
static struct console *console_new(struct directory *d,
                                   const struct vm_identity *identity)
{
    size_t uuid_size = strlen(identity->uuid) + 1;
    bool awaits_label = identity->label[0] == '\0';
    size_t label_size = strlen(identity->label) + 1;
    size_t room = awaits_label ? TEXT_ID_MAX + 1 : label_size;
    struct console *c = xcalloc(1, sizeof *c + uuid_size + room);

    c->directory = d;
    c->number = ++d->last_console_number;
    memcpy(c->uuid, identity->uuid, uuid_size);
    memcpy(c->uuid + uuid_size, identity->label, label_size);
    c->label = c->uuid + uuid_size;
    c->awaits_label = awaits_label;
    c->name = xstrdup(identity->name);
    ring_init(&c->output);
    buf_init(&c->held_input, d->settings.held_input_max + 2 * LIMIT_READ);
    c->takes_input = true;
    line_init(&c->line);
    list_init(&c->readers);
    list_init(&c->clients);
    list_init(&c->refs);
    list_init(&c->spare);
    deadline_init(&c->expiry);
    deadline_init(&c->hold);
    return c;
}

/* ---- making room ------------------------------------------------------ */

static void evict(struct console *c)
{
    struct directory *d = c->directory;

    vm_site_remove_spare(&d->sites, c->site, &c->spare);
    list_add_tail(&d->evicted, &c->spare);
    c->is_evicted = true;
    d->evicted_count++;
    d->evicted_consoles++;
}

static struct console *spare_at(struct list *spare)
{
    return CONTAINER_OF(spare, struct console, spare);
}

struct console *directory_evict(struct directory *d, struct ip ip)
{
    struct list *spare = vm_sites_find_spare(&d->sites, ip);
    struct console *c;

    if (spare == NULL)
        return NULL;
    c = spare_at(spare);
    evict(c);
    return c;
}

struct console *directory_take_evicted(struct directory *d)
{
    struct console *c;

    if (list_is_empty(&d->evicted))
        return NULL;
    c = spare_at(d->evicted.next);
    console_stop_waiting(c);
    return c;
}

/* A VM's consoles, as one of this site sees them. */
struct of_vm {
    int count;
    int own;                   /* of its site */
    struct console *spare;     /* the oldest of other sites */
    struct console *own_spare; /* the oldest of its site */
};

static void count_of_vm(struct of_vm *of, struct console *c, struct ip site)
{
    bool is_own = ip_is_equal(c->site->ip, site);
    struct console **oldest = is_own ? &of->own_spare : &of->spare;

    if (c->is_evicted)
        return;
    of->count++;
    of->own += is_own;
    if (list_is_empty(&c->spare))
        return;
    if (*oldest == NULL || c->expiry.due_us < (*oldest)->expiry.due_us)
        *oldest = c;
}

/*
 * False: the VM has no room for another serial port. Whoever knows a UUID can
 * give it serial ports. So one site gets half of them at most, which is all
 * that VMware allows; and of the spare ones those of another site go first.
 */
static bool make_room_of_vm(struct console *first, struct ip ip)
{
    struct of_vm of = { 0 };
    struct console *spare;

    for (struct console *c = first; c != NULL; c = c->next_of_vm)
        count_of_vm(&of, c, ip_site(ip));
    if (of.own >= LIMIT_CONSOLES_OF_VM / 2)
        spare = of.own_spare;
    else if (of.count < LIMIT_CONSOLES_OF_VM)
        return true;
    else
        spare = of.spare != NULL ? of.spare : of.own_spare;
    if (spare != NULL)
        evict(spare);
    return spare != NULL;
}

static bool make_room(struct directory *d, struct ip ip)
{
    return d->settings.console_limit == 0 ||
           d->console_count - d->evicted_count < d->settings.console_limit ||
           directory_evict(d, ip) != NULL;
}

/* ---- consoles --------------------------------------------------------- */

/* Adds a console behind the VM's other consoles, or as its first. Appending
 * keeps directory_find(uuid, NULL) the console that was there first: it is the
 * one without a label in its name until another one comes. */
static struct console *add_console(struct directory *d,
                                   const struct vm_identity *identity,
                                   const struct console_past *past)
{
    struct console *last = directory_find(d, identity->uuid, NULL);
    struct console *c = console_new(d, identity);

    while (last != NULL && last->next_of_vm != NULL)
        last = last->next_of_vm;
    if (last != NULL)
        last->next_of_vm = c;
    else
        map_add(&d->vms, uuid_hash(d, c->uuid), c);
    d->console_count++;
    d->changes++;
    c->is_proven = past->is_proven;
    c->came_by_tls = past->came_by_tls;
    c->is_keyed = past->is_keyed;
    console_set_site(c, past->ip);
    return c;
}

/* A console that is known without its label gets this one for good. A list of
 * another concentrator has ports of VMs and no labels: the first serial port
 * that connects and is not known otherwise gets that port. False: its label
 * is "" indeed. */
static bool set_label(struct console *c, const char *label)
{
    size_t size = strlen(label) + 1;

    assert(size <= TEXT_ID_MAX + 1);
    memcpy(c->uuid + strlen(c->uuid) + 1, label, size);
    c->awaits_label = false;
    c->directory->changes++;
    return label[0] != '\0';
}

struct console *directory_find_known(const struct directory *d,
                                     const struct vm_identity *identity)
{
    struct console *c = directory_find(d, identity->uuid, identity->label);

    if (c != NULL)
        return c;
    c = directory_find(d, identity->uuid, "");
    return c != NULL && c->awaits_label ? c : NULL;
}

/* Whether there is room for a console, perhaps at the cost of a spare one. */
static enum directory_outcome make_room_for(struct directory *d,
                                            const struct vm_identity *identity,
                                            struct ip ip)
{
    if (!make_room_of_vm(directory_find(d, identity->uuid, NULL), ip))
        return DIRECTORY_FULL_OF_VM;
    if (!map_reserve(&d->vms))
        return DIRECTORY_NO_MEMORY;
    return make_room(d, ip) ? DIRECTORY_ATTACHED : DIRECTORY_FULL;
}

enum directory_outcome directory_attach_vm(struct directory *d,
                                           struct vm_link *link,
                                           const struct vm_identity *identity,
                                           uint64_t now_us)
{
    const struct console_past past = { .ip = link->ip };
    struct console *c = directory_find_known(d, identity);
    bool is_labelled = false;

    if (c != NULL && console_needs_tls(c, link))
        return DIRECTORY_NEEDS_TLS;
    if (c == NULL) {
        enum directory_outcome outcome = make_room_for(d, identity, link->ip);

        if (outcome != DIRECTORY_ATTACHED) {
            d->refused_consoles++;
            return outcome;
        }
        c = add_console(d, identity, &past);
        c->is_new = true;
    }
    if (c->awaits_label)
        is_labelled = set_label(c, identity->label);
    directory_rename(c, identity->name, now_us);
    /*
     * A connection may identify itself anew, as another VM. It leaves its
     * former console before it is attached: a link has one console. The rename
     * comes before the attaching, so that the fact of a new VM has the name
     * that people are told.
     */
    if (link->console != NULL && link->console != c)
        console_detach_vm(link, "the connection now serves another VM", now_us);
    console_attach_vm(c, link, now_us);
    /* Behind the attaching: the state on disk first gets the console as it is
     * now, and then forgets what it was. In this order it has the port at every
     * moment. */
    if (is_labelled)
        fact_add(&d->facts,
                 (struct fact){ .kind = FACT_LABELLED, .console = c });
    return DIRECTORY_ATTACHED;
}

/* Nobody makes room for a restored console: what was not used is as good as
 * what comes later in the file. */
struct console *directory_restore(struct directory *d,
                                  const struct vm_identity *identity,
                                  const struct console_past *past)
{
    const struct console *of_vm = directory_find(d, identity->uuid, NULL);
    uint32_t limit = d->settings.console_limit;
    int count = 0;

    for (; of_vm != NULL; of_vm = of_vm->next_of_vm)
        count++;
    if (directory_find(d, identity->uuid, identity->label) != NULL ||
        count >= LIMIT_CONSOLES_OF_VM ||
        (limit != 0 && d->console_count >= limit) || !map_reserve(&d->vms))
        return NULL;
    return add_console(d, identity, past);
}

void directory_restore_expiry(struct console *c, uint64_t gone_us,
                              uint64_t now_us)
{
    /* The start may lie before the clock began, and wraps then; what counts is
     * start plus length, which is in the future. */
    console_start_expiry(c, now_us - gone_us);
}

uint64_t directory_expire_us(const struct directory *d, bool is_proven)
{
    return is_proven ? d->settings.expire_us : d->settings.new_expire_us;
}

/* Nobody is held any more: there is no VM. */
static void leave_readers(struct console *c)
{
    LIST_EACH (node, after, &c->readers) {
        struct reader *reader = reader_at(node);

        assert(reader->kind->gone != NULL);
        list_remove(&reader->node);
        reader->console = NULL;
        reader->kind->gone(reader);
    }
}

/* The next console of the VM, if there is one, becomes the first in the map. */
void directory_remove(struct console *c)
{
    struct directory *d = c->directory;
    struct console *first = directory_find(d, c->uuid, NULL);
    uint64_t hash = uuid_hash(d, c->uuid);

    console_leave_refs(c);
    leave_readers(c);
    if (first == c) {
        map_remove(&d->vms, hash, c);
        if (c->next_of_vm != NULL)
            map_add(&d->vms, hash, c->next_of_vm);
    } else {
        while (first->next_of_vm != c)
            first = first->next_of_vm;
        first->next_of_vm = c->next_of_vm;
    }
    d->console_count--;
    d->changes++;
    console_free(c);
}

struct access_console directory_view(const struct directory *d,
                                     const char *name, const char *uuid,
                                     const char *label)
{
    return (struct access_console){
        .name = name,
        .uuid = uuid,
        .label = label,
        .vm = inventory_find(d->inventory, uuid),
    };
}

/* The cursor holds the next console, so the caller may remove the one that it
 * has; nothing else may be removed or added during the walk. A walk over
 * several turns is census_walk. */
struct console *directory_next(const struct directory *d,
                               struct directory_cursor *cursor)
{
    struct console *c = cursor->next;

    if (c == NULL)
        c = map_next(&d->vms, &cursor->slot);
    cursor->next = c != NULL ? c->next_of_vm : NULL;
    return c;
}

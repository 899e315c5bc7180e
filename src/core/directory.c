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

    console_leave_due(CONTAINER_OF(deadline, struct console, leave),
                      d->leaves.fired_us);
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
    deadline_queue_init(&d->expiries, settings->expire_us);
    deadline_queue_open(&d->short_holds, short_hold_us,
                        directory_short_hold_due, d);
    deadline_queue_open(&d->holds, settings->hold_us - short_hold_us,
                        directory_hold_due, d);
    deadline_queue_open(&d->leaves, LIMIT_LEAVE_SILENCE_US, directory_leave_due,
                        d);
    deadline_queue_open(&d->move_timeouts, settings->move_timeout_us,
                        directory_move_due, d);
    deadline_queue_open(&d->renames, LIMIT_RENAME_US, directory_rename_due, d);
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
    d->settings.hold_us = settings->hold_us;
    d->settings.move_timeout_us = settings->move_timeout_us;
    d->settings.history_total = settings->history_total;
    d->settings.client_limit = settings->client_limit;
    d->settings.console_limit = settings->console_limit;
    d->settings.is_dcd_always_on = settings->is_dcd_always_on;
    deadline_queue_set_length(&d->expiries, settings->expire_us);
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
    console_forget_due(c);
    deadline_stop(&c->expiry);
    deadline_stop(&c->hold);
    deadline_stop(&c->leave);
    c->directory->history_used -= c->output.cap;
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
    map_done(&d->vms);
    map_done(&d->moves);
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
    deadline_init(&c->expiry);
    deadline_init(&c->hold);
    deadline_init(&c->leave);
    return c;
}

/*
 * Adds a console behind the VM's other consoles, or as its first. NULL: a limit
 * is reached. Appending keeps directory_find(uuid, NULL) the console that was
 * there first: it is the one without a label in its name until another one
 * comes.
 */
static struct console *add_console(struct directory *d,
                                   const struct vm_identity *identity)
{
    struct console *last = directory_find(d, identity->uuid, NULL);
    struct console *c;
    int count = 1;

    if (d->settings.console_limit != 0 &&
        d->console_count >= d->settings.console_limit)
        return NULL;
    for (; last != NULL && last->next_of_vm != NULL; last = last->next_of_vm)
        count++;
    if (last != NULL && count >= LIMIT_CONSOLES_OF_VM)
        return NULL;
    c = console_new(d, identity);
    if (last != NULL)
        last->next_of_vm = c;
    else
        map_add(&d->vms, uuid_hash(d, c->uuid), c);
    d->console_count++;
    return c;
}

/*
 * The console of this VM that is known without its label, if there is one, gets
 * this label for good. A list of another concentrator has ports of VMs and no
 * labels: the first serial port that connects and is not known otherwise gets
 * that port.
 */
static struct console *label_console(const struct directory *d,
                                     const struct vm_identity *identity)
{
    struct console *c = directory_find(d, identity->uuid, "");
    size_t size = strlen(identity->label) + 1;

    assert(size <= TEXT_ID_MAX + 1);
    if (c == NULL || !c->awaits_label)
        return NULL;
    memcpy(c->uuid + strlen(c->uuid) + 1, identity->label, size);
    c->awaits_label = false;
    return c;
}

struct console *directory_attach_vm(struct directory *d, struct vm_link *link,
                                    const struct vm_identity *identity,
                                    uint64_t now_us)
{
    struct console *c = directory_find(d, identity->uuid, identity->label);
    bool is_labelled = false;

    if (c == NULL) {
        c = label_console(d, identity);
        is_labelled = c != NULL;
    }
    if (c == NULL) {
        c = add_console(d, identity);
        if (c == NULL) {
            d->refused_consoles++;
            return NULL;
        }
        c->is_new = true;
    }
    c->awaits_label = false;
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
    return c;
}

struct console *directory_restore(struct directory *d,
                                  const struct vm_identity *identity)
{
    if (directory_find(d, identity->uuid, identity->label) != NULL)
        return NULL;
    return add_console(d, identity);
}

void directory_restore_expiry(struct console *c, uint64_t gone_us,
                              uint64_t now_us)
{
    /* The start may lie before the clock began, and wraps then; what counts is
     * start plus length, which is in the future. */
    deadline_start(&c->directory->expiries, &c->expiry, now_us - gone_us);
}

/* The next console of the VM, if there is one, becomes the first in the map. */
void directory_remove(struct console *c)
{
    struct directory *d = c->directory;
    struct console *first = directory_find(d, c->uuid, NULL);
    uint64_t hash = uuid_hash(d, c->uuid);

    console_leave_refs(c);
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
    console_free(c);
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

#include "core/keyboard.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/console.h"
#include "core/console_private.h"
#include "core/directory.h"

#include <stdio.h>
#include <stdlib.h>

bool client_is_cable(const struct client *client)
{
    return client->door == CLIENT_DOOR_REMOTE ||
           client->door == CLIENT_DOOR_NULL_MODEM;
}

bool client_is_same_person(const struct client *a, const struct client *b)
{
    return principal_is_same(a->who, b->who);
}

static struct client *find_client(const struct console *c, uint64_t number)
{
    LIST_EACH (node, after, &c->clients) {
        if (client_at(node)->number == number)
            return client_at(node);
    }
    return NULL;
}

static bool has_lock(const struct client *client)
{
    return client->mode == LOCK_EXCLUSIVE || client->mode == LOCK_WRITE;
}

/* ---- the console's lock --------------------------------------------------
 */

static uint64_t hash_of(const struct console *c)
{
    return map_hash(&c->directory->locks,
                    slice_of(&c->number, sizeof c->number));
}

static bool is_lock_of(const void *value, const void *key)
{
    return ((const struct keyboard_lock *)value)->console == key;
}

static struct keyboard_lock *find_lock(const struct console *c)
{
    if (!c->is_locked)
        return NULL;
    return map_find(&c->directory->locks, hash_of(c), is_lock_of, c);
}

const struct keyboard_lock *keyboard_lock_of(const struct console *c)
{
    return find_lock(c);
}

void keyboard_explain_lock(const struct keyboard_lock *lock, struct err *ret)
{
    err_set(ret, "%s has locked the keyboard%s%s", lock->who.name,
            lock->reason[0] != '\0' ? ": " : "", lock->reason);
}

static bool is_barred(const struct client *client, const struct console *c)
{
    const struct keyboard_lock *lock = find_lock(c);

    return lock != NULL && !client_is_cable(client) &&
           !principal_is_same(client->who, &lock->who);
}

/* Who asks for more than a place beside others does not get it. */
static bool asks_in_vain(const struct client *client)
{
    return client->is_barred && client->right >= RIGHT_WRITE &&
           client->asked != LOCK_FALLBACK && client->asked != LOCK_READ_ONLY;
}

void keyboard_look(struct client *client)
{
    if (client->console == NULL)
        return;
    client->is_barred = is_barred(client, client->console);
    if (!client->is_barred)
        return;
    client_break(client, false);
    keyboard_give_back(client);
}

/* Who came as a reader because of a client that is barred now, reads no longer
 * for that. */
static void look_at_all(struct console *c)
{
    console_mark(c, CONSOLE_DUE_PEOPLE);
    LIST_EACH (node, after, &c->clients) {
        struct client *client = client_at(node);

        keyboard_look(client);
        if (c->is_locked && !client->is_barred &&
            client->mode == LOCK_READ_ONLY && client->asked != LOCK_READ_ONLY)
            client->mode = LOCK_FREE_FOR_ALL;
    }
}

static struct keyboard_lock *add_lock(struct console *c)
{
    struct directory *d = c->directory;
    struct keyboard_lock *lock;

    if (d->locks.count >= KEYBOARD_LOCKS_MAX)
        return NULL;
    lock = xcalloc(1, sizeof *lock);
    lock->console = c;
    map_add(&d->locks, hash_of(c), lock);
    c->is_locked = true;
    return lock;
}

static void tell_lock(const struct keyboard_lock *lock, enum fact_kind kind)
{
    fact_add(&lock->console->directory->facts,
             (struct fact){
                 .kind = kind,
                 .console = lock->console,
                 .lock = {
                     .name = xstrdup(lock->who.name),
                     .reason = xstrdup(lock->reason),
                     .length_us = lock->until_us != 0
                                      ? lock->until_us - lock->since_us
                                      : 0,
                 },
             });
}

enum keyboard_locking keyboard_lock(struct console *c,
                                    const struct principal *who,
                                    const char *reason, uint64_t now_us,
                                    uint64_t until_us)
{
    struct keyboard_lock *lock = find_lock(c);

    if (lock != NULL && !principal_is_same(&lock->who, who))
        return KEYBOARD_LOCKED_BY_ANOTHER;
    if (lock == NULL)
        lock = add_lock(c);
    if (lock == NULL)
        return KEYBOARD_LOCKS_FULL;
    principal_copy_names(&lock->who, who);
    text_clean(lock->reason, sizeof lock->reason, slice_of_text(reason));
    lock->since_us = now_us;
    lock->until_us = until_us;
    tell_lock(lock, FACT_KEYBOARD_LOCKED);
    look_at_all(c);
    return KEYBOARD_LOCKED;
}

static void drop_lock(struct keyboard_lock *lock)
{
    struct console *c = lock->console;

    map_remove(&c->directory->locks, hash_of(c), lock);
    c->is_locked = false;
    principal_done(&lock->who);
    free(lock);
}

void keyboard_unlock(struct console *c)
{
    struct keyboard_lock *lock = find_lock(c);

    if (lock == NULL)
        return;
    tell_lock(lock, FACT_KEYBOARD_UNLOCKED);
    drop_lock(lock);
    look_at_all(c);
}

void keyboard_forget(struct console *c)
{
    struct keyboard_lock *lock = find_lock(c);

    if (lock != NULL)
        drop_lock(lock);
}

struct console *keyboard_lock_due(const struct directory *d, uint64_t now_us,
                                  bool *ret_any)
{
    const struct keyboard_lock *lock;
    size_t at = 0;

    *ret_any = false;
    while ((lock = map_next(&d->locks, &at)) != NULL) {
        if (lock->until_us != 0 && lock->until_us <= now_us)
            return lock->console;
        *ret_any = *ret_any || lock->until_us != 0;
    }
    return NULL;
}

/* ---- clients' locks, and the keyboard ------------------------------------
 */

/* The client that has locked the console; there is one at most. */
static struct client *lock_holder(const struct console *c)
{
    LIST_EACH (node, after, &c->clients) {
        if (has_lock(client_at(node)))
            return client_at(node);
    }
    return NULL;
}

/* Under one-writer the client that typed last has the keyboard. */
struct client *keyboard_holder(const struct console *c)
{
    struct client *holder = lock_holder(c);

    if (holder != NULL || c->typist == 0)
        return holder;
    holder = find_client(c, c->typist);
    if (holder == NULL || holder->keyboard != KEYBOARD_ONE_WRITER)
        return NULL;
    return holder;
}

/* Who may not type keeps nobody from it. */
static void count_modes(const struct console *c, struct lock_counts *ret)
{
    *ret = (struct lock_counts){ 0 };
    LIST_EACH (node, after, &c->clients) {
        const struct client *client = client_at(node);

        if (!client_is_cable(client))
            ret->of[client->right < RIGHT_WRITE ? LOCK_READ_ONLY
                                                : client->mode]++;
    }
}

/* A person whose connection has vanished comes again, and finds his own lock.
 * The former connection, if it still lives, is told why it ends. */
static bool take_own_lock(const struct client *client, const struct console *c)
{
    struct client *holder = lock_holder(c);

    if (holder == NULL || !client_is_same_person(client, holder) ||
        !client_disconnect(holder, "a newer connection of yours has taken the "
                                   "keyboard over"))
        return false;
    holder->mode = LOCK_READ_ONLY;
    return true;
}

/* A command is gone in a moment, so it counts for what it does and not for what
 * it would keep others from. */
static bool grant_command(struct client *client, const struct console *c)
{
    const struct client *holder = lock_holder(c);

    return !client->is_barred &&
           (holder == NULL || client_is_same_person(client, holder));
}

static bool grant(struct client *client, const struct console *c)
{
    enum lock_mode asked =
        client->right < RIGHT_WRITE && client->asked != LOCK_FALLBACK
            ? LOCK_READ_ONLY
            : (enum lock_mode)client->asked;
    struct lock_counts there;
    enum lock_mode mode;

    count_modes(c, &there);
    if (!lock_grant(&there, asked, &mode))
        return false;
    client->mode = (uint8_t)mode;
    return true;
}

static void explain(const struct client *client, const struct console *c,
                    struct err *why)
{
    const struct client *holder = lock_holder(c);

    if (client->is_barred)
        keyboard_explain_lock(find_lock(c), why);
    else if (holder == NULL)
        err_set(why, "others are connected, and beside them it cannot be "
                     "locked");
    else
        err_set(why, "%s has locked it (client %llu)",
                client_shown_name(holder), (unsigned long long)holder->number);
}

bool keyboard_grant(struct client *client, const struct console *c,
                    struct err *why)
{
    bool has;

    client->mode = LOCK_FREE_FOR_ALL;
    client->is_barred = is_barred(client, c);
    if (client_is_cable(client))
        return true;
    if (client->door == CLIENT_DOOR_API)
        has = grant_command(client, c);
    else
        has = !asks_in_vain(client) && grant(client, c);
    if (client->door != CLIENT_DOOR_API && !client->is_barred &&
        client->asked != LOCK_READ_ONLY && client->right >= RIGHT_WRITE &&
        (!has || client->mode == LOCK_READ_ONLY) && take_own_lock(client, c))
        has = grant(client, c);
    if (!has)
        explain(client, c, why);
    return has;
}

void keyboard_give_back(struct client *client)
{
    if (has_lock(client))
        client->mode = LOCK_FREE_FOR_ALL;
    console_forget_typist(client->console, client);
    console_mark(client->console, CONSOLE_DUE_PEOPLE);
}

bool keyboard_is_free_for(struct client *client)
{
    if (!client_may(client, RIGHT_WRITE))
        return false;
    if (client->mode != LOCK_READ_ONLY && !client->is_barred &&
        (client->keyboard != KEYBOARD_ONE_WRITER ||
         client->console->typist == client->number))
        return true;
    client->is_locked_out = true;
    return false;
}

/* former NULL: nobody had it. */
static void take(struct client *client, const struct client *former,
                 uint64_t now_us)
{
    console_note_typist(client->console, client);
    client->typed_us = now_us;
    console_mark(client->console, CONSOLE_DUE_PEOPLE);
    if (former == NULL ||
        (former != client && !client_is_same_person(client, former)))
        client_report_keyboard(client);
}

/* It has typed nothing for so long that the next one may. */
static bool is_idle(const struct client *client, uint64_t now_us)
{
    uint64_t idle_us = client->console->directory->settings.writer_idle_us;

    return idle_us != 0 && now_us - client->typed_us >= idle_us;
}

enum keyboard_outcome keyboard_claim(struct client *client, uint64_t now_us,
                                     struct client **ret_former)
{
    struct client *former;

    *ret_former = NULL;
    if (client->keyboard != KEYBOARD_ONE_WRITER ||
        client->mode == LOCK_READ_ONLY || client->is_barred ||
        client->right < RIGHT_WRITE)
        return KEYBOARD_HAD;
    if (client->console->typist == client->number) {
        client->typed_us = now_us;
        return KEYBOARD_HAD;
    }
    former = keyboard_holder(client->console);
    *ret_former = former;
    if (former != NULL && former != client &&
        !client_is_same_person(client, former) && !is_idle(former, now_us))
        return KEYBOARD_HELD;
    take(client, former, now_us);
    return former == NULL || former == client ? KEYBOARD_GOT
                                              : KEYBOARD_TOOK_OVER;
}

enum keyboard_outcome keyboard_take_over(struct client *client, uint64_t now_us,
                                         struct client **ret_former)
{
    struct client *former = keyboard_holder(client->console);

    *ret_former = former;
    if (client->is_barred)
        return KEYBOARD_HELD;
    if (former == client ||
        (former == NULL && client->keyboard != KEYBOARD_ONE_WRITER &&
         client->mode != LOCK_READ_ONLY))
        return KEYBOARD_HAD;
    if (former != NULL && has_lock(former)) {
        former->mode = LOCK_READ_ONLY;
        client->mode = LOCK_WRITE;
    } else if (client->mode == LOCK_READ_ONLY) {
        client->mode = LOCK_FREE_FOR_ALL;
    }
    take(client, former, now_us);
    return former == NULL ? KEYBOARD_GOT : KEYBOARD_TOOK_OVER;
}

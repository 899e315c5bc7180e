#include "core/keyboard.h"

#include "core/console.h"
#include "core/console_private.h"
#include "core/directory.h"

#include <string.h>

static bool is_cable(const struct client *client)
{
    return client->door == CLIENT_DOOR_REMOTE ||
           client->door == CLIENT_DOOR_NULL_MODEM;
}

bool client_is_same_person(const struct client *a, const struct client *b)
{
    return a->who->name != NULL && b->who->name != NULL &&
           a->who->proof == b->who->proof &&
           strcmp(a->who->name, b->who->name) == 0;
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

        if (!is_cable(client))
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

static void explain(const struct console *c, struct err *why)
{
    const struct client *holder = lock_holder(c);

    if (holder == NULL)
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
    if (is_cable(client))
        return true;
    has = grant(client, c);
    if (client->asked != LOCK_READ_ONLY && client->right >= RIGHT_WRITE &&
        (!has || client->mode == LOCK_READ_ONLY) && take_own_lock(client, c))
        has = grant(client, c);
    if (!has)
        explain(c, why);
    return has;
}

void keyboard_give_back(struct client *client)
{
    if (has_lock(client))
        client->mode = LOCK_FREE_FOR_ALL;
    console_forget_typist(client->console, client);
}

bool keyboard_is_free_for(struct client *client)
{
    if (!client_may(client, RIGHT_WRITE))
        return false;
    if (client->mode != LOCK_READ_ONLY &&
        (client->keyboard != KEYBOARD_ONE_WRITER ||
         client->console->typist == client->number))
        return true;
    client->is_locked_out = true;
    return false;
}

static void take(struct client *client, uint64_t now_us)
{
    console_note_typist(client->console, client);
    client->typed_us = now_us;
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
        client->mode == LOCK_READ_ONLY || client->right < RIGHT_WRITE)
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
    take(client, now_us);
    return former == NULL || former == client ? KEYBOARD_GOT
                                              : KEYBOARD_TOOK_OVER;
}

enum keyboard_outcome keyboard_take_over(struct client *client, uint64_t now_us,
                                         struct client **ret_former)
{
    struct client *former = keyboard_holder(client->console);

    *ret_former = former;
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
    take(client, now_us);
    return former == NULL ? KEYBOARD_GOT : KEYBOARD_TOOK_OVER;
}

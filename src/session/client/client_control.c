#include "session/client/client_control.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/console.h"
#include "session/client/client_log.h"
#include "session/client/client_session_private.h"

enum { MESSAGE_MAX = 200 };

/* ---- who acts ------------------------------------------------------------
 */

/* Of client_log.h, for somebody who is perhaps no client. */
#define ACTOR_LOG_VALUES(by)                                                   \
    LOG_TEXT(console_name((by)->console).text),                                \
        LOG_TEXT(console_id((by)->console).text), (by)->peer,                  \
        (by)->client != NULL ? number_of((by)->client) : 0,                    \
        LOG_TEXT(principal_format((by)->who).text)

static const char *name_of(const struct client_actor *by)
{
    if (by->who->name != NULL)
        return by->who->name;
    return by->peer[0] != '\0' ? by->peer : "somebody";
}

static unsigned long long number_of(const struct client *client)
{
    return client->number;
}

static bool may(const struct client_actor *by, struct err *ret)
{
    if (by->right >= RIGHT_CONTROL)
        return true;
    err_set(ret,
            "that needs the right to control this console, and you have "
            "the right to %s",
            right_name(by->right));
    return false;
}

/* ---- the keyboard --------------------------------------------------------
 */

static void log_keyboard(const struct client *client,
                         const struct client *former)
{
    log_audit(LOG_INFO, client->peer, console_id(client->console).text,
              LOG_KEYBOARD_TAKEN CLIENT_LOG_FIELDS " from=%llu from-name=%s",
              CLIENT_LOG_VALUES(client, client->console),
              former != NULL ? number_of(former) : 0,
              LOG_TEXT(former != NULL ? client_shown_name(former) : ""));
}

/* A line for each: both must know whose keys count. */
static void tell_both(struct client *client, struct client *former)
{
    struct err text;

    err_set(&text, "%s has the keyboard now; what you type is discarded",
            client_shown_name(client));
    client_say(former, text.text);
    err_set(&text, "you have the keyboard now; %s had it",
            client_shown_name(former));
    client_say(client, text.text);
}

/* Who was locked out in this read stays so: to look for the holder is a walk
 * over all clients, and there may be thousands of claims in a read. */
void client_control_claim(struct client *client)
{
    struct client *former;
    enum keyboard_outcome outcome;

    if (client->keyboard != KEYBOARD_ONE_WRITER || client->console == NULL ||
        client->is_locked_out)
        return;
    outcome = keyboard_claim(client, clock_now_us(), &former);
    if (outcome == KEYBOARD_GOT)
        log_keyboard(client, NULL);
    if (outcome != KEYBOARD_TOOK_OVER)
        return;
    log_keyboard(client, former);
    tell_both(client, former);
}

static bool may_take(const struct client_actor *by, const struct client *client,
                     const struct client *holder, struct err *ret)
{
    if (client->right < RIGHT_WRITE) {
        err_set(ret, "you may only read");
        return false;
    }
    if (client->is_barred) {
        keyboard_explain_lock(keyboard_lock_of(client->console), ret);
        return false;
    }
    return (holder != NULL && client_is_same_person(client, holder)) ||
           may(by, ret);
}

bool client_control_take_over(const struct client_actor *by,
                              struct client *client, struct err *ret)
{
    const struct client *holder = keyboard_holder(client->console);
    struct client *former;

    if (!may_take(by, client, holder, ret))
        return false;
    switch (keyboard_take_over(client, clock_now_us(), &former)) {
    case KEYBOARD_TOOK_OVER:
        log_keyboard(client, former);
        tell_both(client, former);
        err_set(ret, "the keyboard is yours");
        return true;
    case KEYBOARD_GOT:
        log_keyboard(client, NULL);
        err_set(ret, "the keyboard is yours");
        return true;
    case KEYBOARD_HAD:
    case KEYBOARD_HELD:
        break;
    }
    err_set(ret, holder == client ? "the keyboard is yours already"
                                  : "everybody who may type may type here");
    return true;
}

static struct client *find_client(const struct console *c, uint64_t number)
{
    LIST_EACH (node, after, &c->clients) {
        if (client_at(node)->number == number)
            return client_at(node);
    }
    return NULL;
}

static bool may_give(const struct client *giver, const struct client *client,
                     struct err *ret)
{
    if (client == NULL || client == giver)
        err_set(ret, "no other client here has this number");
    else if (keyboard_holder(giver->console) != giver)
        err_set(ret, "you do not have the keyboard for yourself");
    else if (client->right < RIGHT_WRITE || client->is_barred ||
             client_is_cable(client))
        err_set(ret, "%s may not type here", client_shown_name(client));
    else
        return true;
    return false;
}

bool client_control_give(struct client *giver, uint64_t number, struct err *ret)
{
    struct client *client = find_client(giver->console, number);
    struct client *former;

    if (!may_give(giver, client, ret))
        return false;
    (void)keyboard_take_over(client, clock_now_us(), &former);
    log_audit(LOG_INFO, giver->peer, console_id(giver->console).text,
              LOG_KEYBOARD_GIVEN CLIENT_LOG_FIELDS " to=%llu to-name=%s",
              CLIENT_LOG_VALUES(giver, giver->console), number_of(client),
              LOG_TEXT(client_shown_name(client)));
    err_set(ret, "%s gives you the keyboard", client_shown_name(giver));
    client_say(client, ret->text);
    err_set(ret, "%s has the keyboard now", client_shown_name(client));
    return true;
}

/* ---- the console's lock --------------------------------------------------
 */

enum { LOCK_TICK_US = 1000 * 1000 };

/* Those who may type, but for the lock; the others noticed nothing of it. */
static void tell_barred(const struct console *c, const char *text)
{
    LIST_EACH (node, after, &c->clients) {
        struct client *client = client_at(node);

        if (client->is_barred && client->right >= RIGHT_WRITE)
            client_say(client, text);
    }
}

static void lock_in_words(const struct console *c, struct err *ret)
{
    struct err words;

    keyboard_explain_lock(keyboard_lock_of(c), &words);
    err_set(ret, "%.400s; what you type is discarded", words.text);
}

void client_control_tell_lock(struct client *client)
{
    struct err text;

    lock_in_words(client->console, &text);
    client_say(client, text.text);
}

enum client_control_outcome client_control_lock(struct session_context *ctx,
                                                const struct client_actor *by,
                                                const char *reason,
                                                uint64_t length_us,
                                                struct err *ret)
{
    struct deadline *tick = &ctx->clients->lock_tick;
    uint64_t now_us = clock_now_us();

    if (!may(by, ret))
        return CLIENT_CONTROL_DENIED;
    if (by->who->name == NULL) {
        err_set(ret, "a lock is a person's or a program's, and you have proven "
                     "no name");
        return CLIENT_CONTROL_NAMELESS;
    }
    switch (keyboard_lock(by->console, by->who, reason, now_us,
                          length_us != 0 ? now_us + length_us : 0)) {
    case KEYBOARD_LOCKED_BY_ANOTHER:
        keyboard_explain_lock(keyboard_lock_of(by->console), ret);
        return CLIENT_CONTROL_HELD;
    case KEYBOARD_LOCKS_FULL:
        err_set(ret, "%d consoles are locked, the most that there can be",
                KEYBOARD_LOCKS_MAX);
        return CLIENT_CONTROL_FULL;
    case KEYBOARD_LOCKED:
        break;
    }
    if (length_us != 0 && !deadline_is_running(tick))
        deadline_start(&ctx->clients->locks, tick, now_us);
    log_audit(LOG_INFO, by->peer, console_id(by->console).text,
              LOG_KEYBOARD_LOCKED CLIENT_LOG_FIELDS " seconds=%llu reason=%s",
              ACTOR_LOG_VALUES(by),
              (unsigned long long)(length_us / LOCK_TICK_US),
              LOG_TEXT(keyboard_lock_of(by->console)->reason));
    lock_in_words(by->console, ret);
    tell_barred(by->console, ret->text);
    err_set(ret, "the keyboard is locked");
    return CLIENT_CONTROL_DONE;
}

/* Told before: afterwards nobody is barred. by NULL: its time is over. */
static void unlock(struct console *c, const struct client_actor *by)
{
    struct err text;

    if (by != NULL)
        err_set(&text, "%s has unlocked the keyboard; you may type again",
                name_of(by));
    else
        err_set(&text, "the lock of the keyboard is over; you may type again");
    tell_barred(c, text.text);
    keyboard_unlock(c);
}

enum client_control_outcome client_control_unlock(const struct client_actor *by,
                                                  struct err *ret)
{
    const struct keyboard_lock *lock = keyboard_lock_of(by->console);

    if (lock == NULL) {
        err_set(ret, "the keyboard is not locked");
        return CLIENT_CONTROL_DONE;
    }
    if (by->right < RIGHT_ADMIN && !principal_is_same(by->who, &lock->who)) {
        keyboard_explain_lock(lock, ret);
        return CLIENT_CONTROL_HELD;
    }
    log_audit(LOG_INFO, by->peer, console_id(by->console).text,
              LOG_KEYBOARD_UNLOCKED CLIENT_LOG_FIELDS " whose=%s reason=%s",
              ACTOR_LOG_VALUES(by), LOG_TEXT(principal_format(&lock->who).text),
              LOG_TEXT("unlocked"));
    unlock(by->console, by);
    err_set(ret, "the keyboard is unlocked");
    return CLIENT_CONTROL_DONE;
}

static void end_lock(struct console *c)
{
    const struct keyboard_lock *lock = keyboard_lock_of(c);
    const struct client_actor nobody = { .console = c,
                                         .who = &lock->who,
                                         .peer = "" };

    log_audit(LOG_INFO, "", console_id(c).text,
              LOG_KEYBOARD_UNLOCKED CLIENT_LOG_FIELDS " whose=%s reason=%s",
              ACTOR_LOG_VALUES(&nobody),
              LOG_TEXT(principal_format(&lock->who).text),
              LOG_TEXT("its time is over"));
    unlock(c, NULL);
}

void client_control_locks_due(struct deadline *d, void *owner)
{
    struct session_context *ctx = owner;
    struct directory *directory = ctx->directory;
    uint64_t now_us = ctx->clients->locks.fired_us;
    struct console *c;
    bool any;

    while ((c = keyboard_lock_due(directory, now_us, &any)) != NULL)
        end_lock(c);
    if (any)
        deadline_start(&ctx->clients->locks, d, now_us);
    directory_settle(directory);
}

/* ---- other clients -------------------------------------------------------
 */

static bool disconnect_one(const struct client_actor *by, struct client *client,
                           const char *reason)
{
    char clean[MESSAGE_MAX] = "";
    struct err text;

    if (reason != NULL)
        text_clean(clean, sizeof clean, slice_of_text(reason));
    err_set(&text, "disconnected by %s%s%s", name_of(by),
            clean[0] != '\0' ? ": " : "", clean);
    if (!client_disconnect(client, text.text))
        return false;
    log_audit(LOG_INFO, by->peer, console_id(by->console).text,
              LOG_CLIENT_DISCONNECTED_BY CLIENT_LOG_FIELDS
              " whom=%llu whom-name=%s whom-peer=%s",
              ACTOR_LOG_VALUES(by), number_of(client),
              LOG_TEXT(client_shown_name(client)), client->peer);
    return true;
}

static bool may_disconnect(const struct client_actor *by, uint64_t number,
                           struct err *ret)
{
    LIST_EACH (node, after, &by->console->clients) {
        const struct client *client = client_at(node);

        if (number != 0 && client->number == number &&
            principal_is_same(client->who, by->who))
            return true;
    }
    return may(by, ret);
}

unsigned client_control_disconnect(const struct client_actor *by,
                                   uint64_t number, const char *reason,
                                   struct err *ret)
{
    unsigned count = 0;

    if (!may_disconnect(by, number, ret))
        return 0;
    LIST_EACH (node, after, &by->console->clients) {
        struct client *other = client_at(node);

        if (other != by->client && (number == 0 || other->number == number))
            count += disconnect_one(by, other, reason);
    }
    if (count > 0)
        err_set(ret, "disconnected: %u", count);
    else if (number == 0)
        err_set(ret, "nobody else is here whom you could disconnect");
    else if (by->client != NULL && number == by->client->number)
        err_set(ret, "client %llu is you", (unsigned long long)number);
    else
        err_set(ret,
                "no client here that could be disconnected has the number "
                "%llu",
                (unsigned long long)number);
    return count;
}

unsigned client_control_say(const struct client_actor *by, const char *text,
                            struct err *ret)
{
    char clean[MESSAGE_MAX];
    struct err line;
    unsigned count = 0;

    if (!may(by, ret))
        return 0;
    text_clean(clean, sizeof clean, slice_of_text(text));
    err_set(&line, "%s says: %s", name_of(by), clean);
    LIST_EACH (node, after, &by->console->clients) {
        if (client_at(node) == by->client || client_at(node)->ops->say == NULL)
            continue;
        client_say(client_at(node), line.text);
        count++;
    }
    log_audit(LOG_INFO, by->peer, console_id(by->console).text,
              LOG_CLIENT_MESSAGE CLIENT_LOG_FIELDS " to=%u",
              ACTOR_LOG_VALUES(by), count);
    err_set(ret, count > 0 ? "told: %u" : "nobody else is here", count);
    return count;
}

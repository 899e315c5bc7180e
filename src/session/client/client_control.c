#include "session/client/client_control.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/console.h"
#include "core/keyboard.h"
#include "session/client/client_log.h"

enum { MESSAGE_MAX = 200 };

static unsigned long long number_of(const struct client *client)
{
    return client->number;
}

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

static bool may(struct client *client, struct err *ret)
{
    if (client->right >= RIGHT_CONTROL)
        return true;
    err_set(ret,
            "that needs the right to control this console, and you have "
            "the right to %s",
            right_name((enum right)client->right));
    return false;
}

static bool may_take(struct client *client, const struct client *holder,
                     struct err *ret)
{
    if (client->right < RIGHT_WRITE) {
        err_set(ret, "you may only read");
        return false;
    }
    return (holder != NULL && client_is_same_person(client, holder)) ||
           may(client, ret);
}

bool client_control_take_over(struct client *client, struct err *ret)
{
    const struct client *holder = keyboard_holder(client->console);
    struct client *former;

    if (!may_take(client, holder, ret))
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

static bool disconnect_one(struct client *by, struct client *client)
{
    struct err reason;

    err_set(&reason, "disconnected by %s", client_shown_name(by));
    if (!client_disconnect(client, reason.text))
        return false;
    log_audit(LOG_INFO, by->peer, console_id(by->console).text,
              LOG_CLIENT_DISCONNECTED_BY CLIENT_LOG_FIELDS
              " whom=%llu whom-name=%s whom-peer=%s",
              CLIENT_LOG_VALUES(by, by->console), number_of(client),
              LOG_TEXT(client_shown_name(client)), client->peer);
    return true;
}

unsigned client_control_disconnect(struct client *client, uint64_t number,
                                   struct err *ret)
{
    unsigned count = 0;

    if (!may(client, ret))
        return 0;
    LIST_EACH (node, after, &client->console->clients) {
        struct client *other = client_at(node);

        if (other != client && (number == 0 || other->number == number))
            count += disconnect_one(client, other);
    }
    if (count > 0)
        err_set(ret, "disconnected: %u", count);
    else if (number == 0)
        err_set(ret, "nobody else is here whom you could disconnect");
    else if (number == client->number)
        err_set(ret, "client %llu is you", (unsigned long long)number);
    else
        err_set(ret,
                "no client here that could be disconnected has the number "
                "%llu",
                (unsigned long long)number);
    return count;
}

unsigned client_control_say(struct client *client, const char *text,
                            struct err *ret)
{
    char clean[MESSAGE_MAX];
    struct err line;
    unsigned count = 0;

    if (!may(client, ret))
        return 0;
    text_clean(clean, sizeof clean, slice_of_text(text));
    err_set(&line, "%s says: %s", client_shown_name(client), clean);
    LIST_EACH (node, after, &client->console->clients) {
        if (client_at(node) == client || client_at(node)->ops->say == NULL)
            continue;
        client_say(client_at(node), line.text);
        count++;
    }
    log_audit(LOG_INFO, client->peer, console_id(client->console).text,
              LOG_CLIENT_MESSAGE CLIENT_LOG_FIELDS " to=%u",
              CLIENT_LOG_VALUES(client, client->console), count);
    err_set(ret, count > 0 ? "told: %u" : "nobody else is here", count);
    return count;
}

/*
 * The one place between a client and its console. Every input has an author
 * here, and that is the point of the thin functions below: rights, locks,
 * counters and the recording of input have one place to be, whatever door the
 * client came by. No file outside of it finds a client by its reader
 * (CONTAINER_OF): the kind says what core wants to know.
 */
#include "core/client.h"

#include "base/mem.h"
#include "core/console.h"
#include "core/console_private.h"
#include "core/directory.h"
#include "core/keyboard.h"

#include <assert.h>
#include <stdio.h>

static struct client *client_of(struct reader *reader)
{
    return CONTAINER_OF(reader, struct client, reader);
}

struct client *client_at(struct list *node)
{
    return CONTAINER_OF(node, struct client, node);
}

static void client_pull(struct reader *reader)
{
    struct client *client = client_of(reader);

    client->ops->pull(client);
}

static struct fact fact_about(const struct client *client, struct console *c,
                              enum fact_kind kind)
{
    struct fact fact = {
        .kind = kind,
        .console = c,
        .client = {
            .number = client->number,
            .door = client->door,
            .proof = client->who->proof,
            .is_encrypted = client->is_encrypted,
            .name =
                client->who->name != NULL ? xstrdup(client->who->name) : NULL,
        },
    };

    memcpy(fact.client.peer, client->peer, sizeof fact.client.peer);
    return fact;
}

static void tell(const struct client *client, enum fact_kind kind)
{
    fact_add(&client->console->directory->facts,
             fact_about(client, client->console, kind));
}

static void client_lags(struct reader *reader)
{
    const struct client *client = client_of(reader);

    tell(client, FACT_CLIENT_LAGS);
}

static const struct reader_kind reader_kind = {
    .pull = client_pull,
    .lags = client_lags,
    .is_waited_for = true,
    .paces_others = true,
};

const char *client_door_name(enum client_door door)
{
    static const char *const names[CLIENT_DOOR_COUNT] = {
        [CLIENT_DOOR_PORT] = "port",
        [CLIENT_DOOR_LISTENER] = "listener",
        [CLIENT_DOOR_REMOTE] = "remote",
        [CLIENT_DOOR_NULL_MODEM] = "null-modem",
        [CLIENT_DOOR_MENU] = "menu",
        [CLIENT_DOOR_API] = "api",
        [CLIENT_DOOR_WEBSOCKET] = "websocket",
        [CLIENT_DOOR_ADMIN] = "admin",
    };

    return (unsigned)door < CLIENT_DOOR_COUNT ? names[door] : "?";
}

const char *client_shown_name(const struct client *client)
{
    if (client->who->name != NULL)
        return client->who->name;
    return client->peer[0] != '\0' ? client->peer : "somebody";
}

void client_init(struct client *client, const struct client_ops *ops,
                 const struct client_origin *origin)
{
    static const struct principal nobody = { .name = NULL };

    *client = (struct client){
        .ops = ops,
        .door = (uint8_t)origin->door,
        .right = (uint8_t)origin->right,
        .asked = (uint8_t)origin->asked,
        .since_us = origin->now_us,
        .lines = LINE_BOTH,
        .who = &nobody,
    };
    snprintf(client->peer, sizeof client->peer, "%s", origin->peer);
    reader_init(&client->reader, &reader_kind);
    view_init(&client->view);
    list_init(&client->node);
}

static void tell_refused(const struct client *client, struct console *c,
                         uint64_t now_us)
{
    struct directory *d = c->directory;
    struct fact fact;
    uint32_t others;

    d->refused_clients++;
    if (!throttle_passes(&d->refusals, now_us, &others))
        return;
    fact = fact_about(client, c, FACT_CLIENT_REFUSED);
    fact.client.others = others;
    fact_add(&d->facts, fact);
}

enum client_outcome client_attach(struct client *client,
                                  struct console *console, uint64_t now_us,
                                  struct err *why)
{
    struct directory *d = console->directory;
    uint32_t limit = d->settings.client_limit;

    assert(client->console == NULL);
    assert(client->right >= RIGHT_READ);
    if (limit != 0 && console->client_count >= limit) {
        tell_refused(client, console, now_us);
        err_set(
            why,
            "%u clients are connected, and that is the limit; try again later",
            console->client_count);
        return CLIENT_REFUSED_LIMIT;
    }
    if (!keyboard_grant(client, console, why))
        return CLIENT_REFUSED_LOCK;
    /* A number for life: a client that changes its console is still the same
     * one for those who list or end it. */
    if (client->number == 0)
        client->number = ++d->last_client_number;
    client->console = console;
    /* A view is the console's: its places are positions in this console's
     * output. */
    view_init(&client->view);
    console_add_client(client, now_us);
    console_note_window(console, client);
    return CLIENT_ATTACHED;
}

void client_detach(struct client *client, uint64_t now_us)
{
    struct console *c = client->console;

    if (c == NULL)
        return;
    /* Nothing that a client has not ended lasts for ever for the VM. */
    client_break(client, false);
    /* console is NULL before the console is told: it counts the clients that
     * are left. */
    client->console = NULL;
    console_forget_typist(c, client);
    view_done(&client->view);
    console_remove_client(c, client, now_us);
}

bool client_may(struct client *client, enum right right)
{
    if (client->right >= right)
        return true;
    if (client->denied < right)
        client->denied = (uint8_t)right;
    return false;
}

void client_say(struct client *client, const char *text)
{
    if (client->ops->say != NULL && client->right >= RIGHT_READ)
        client->ops->say(client, text);
}

bool client_disconnect(struct client *client, const char *reason)
{
    if (client->ops->disconnect == NULL)
        return false;
    client->ops->disconnect(client, reason);
    return true;
}

void client_set_right(struct client *client, enum right right)
{
    client->right = (uint8_t)right;
    if (client->console == NULL)
        return;
    console_mark(client->console, CONSOLE_DUE_PEOPLE);
    if (right < RIGHT_BREAK)
        client_break(client, false);
    if (right < RIGHT_WRITE)
        keyboard_give_back(client);
}

/* Without a VM input is discarded and not counted: on a cable with nothing at
 * the end it has gone nowhere. In a move there is a VM (console_has_vm), and
 * input is kept. */
bool client_input(struct client *client, struct slice bytes, uint64_t now_us)
{
    struct console *c = client->console;

    if (!keyboard_is_free_for(client) || !console_has_vm(c))
        return true;
    client->input_bytes += bytes.len;
    console_note_typist(c, client);
    console_note_input(c, now_us);
    reader_tell_typed(c, client, bytes);
    return console_input(c, bytes);
}

/* To the tail of the list of clients: CONSOLE_DUE_TAKES_INPUT asks them in this
 * order, so the client whose input was refused first goes first. The order of
 * attaching is lost by this. */
void client_wait(struct client *client)
{
    list_remove(&client->node);
    list_add_tail(&client->console->clients, &client->node);
}

void client_break(struct client *client, bool is_on)
{
    if (is_on
            ? !client_may(client, RIGHT_BREAK) || !keyboard_is_free_for(client)
            : !client->is_in_break)
        return;
    client->is_in_break = is_on;
    if (is_on && console_has_vm(client->console))
        reader_tell_break(client->console, client);
    console_break_input(client->console, is_on);
}

/* It drops what others have typed as well. */
void client_purge_input(struct client *client)
{
    if (keyboard_is_free_for(client))
        console_purge_input(client->console);
}

/* A client without a console keeps what it drives: it takes its lines along to
 * the next one. One that may only read drives what it came with: both lines, by
 * which the VM sees that somebody is there. */
void client_set_lines(struct client *client, uint8_t driven)
{
    if (client->lines == driven ||
        (client->console != NULL && !keyboard_is_free_for(client)))
        return;
    if (client->console != NULL) {
        console_count_lines(client->console, client->lines, -1);
        console_count_lines(client->console, driven, 1);
    }
    client->lines = driven;
}

/* A client without a console keeps its size, for the next one. */
void client_set_window(struct client *client, struct window window)
{
    client->window = window;
    if (client->console != NULL)
        console_note_window(client->console, client);
}

/* Skipping counts as taking: a client that has purged its output has caught up,
 * and the VM must not wait for it. */
void client_skip(struct client *client, uint64_t now_us)
{
    view_done(&client->view); /* the past that it has not had yet */
    reader_took(&client->reader,
                client->console->output.head - client->reader.at, now_us);
}

void client_report_attached(const struct client *client)
{
    tell(client, FACT_CLIENT_ATTACHED);
}

void client_report_detached(const struct client *client)
{
    tell(client, FACT_CLIENT_DETACHED);
}

void client_report_keyboard(const struct client *client)
{
    tell(client, FACT_KEYBOARD_TAKEN);
}

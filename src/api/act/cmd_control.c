/* What is done to a console's keyboard, to its clients, and to the console. */
#include "api/api_commands.h"
#include "api/api_means.h"
#include "api/show/show_console.h"
#include "core/directory.h"
#include "session/client/client_control.h"
#include "session/session_context.h"

enum {
    LOCK_SECONDS_MAX = 7 * 24 * 60 * 60,
    LOCK_US_PER_S = 1000 * 1000,
    LOCK_TEXT_MAX = 200,
};

static struct client_actor actor_at(const struct api_call *call,
                                    struct console *c)
{
    return (struct client_actor){
        .console = c,
        .who = call->who,
        .peer = call->peer,
        .right = api_right_on(call, c),
    };
}

/* A sentence, what was counted if anything was, and the console as it is. */
static void answer_counted(struct api_call *call, const struct err *text,
                           const char *name, unsigned count)
{
    json_t *json = json_pack("{s:s, s:o}", "done", text->text, "console",
                             show_console_of(call));

    if (json != NULL && name != NULL)
        json_object_set_new(json, name, json_integer(count));
    api_answer_json(call, 200, json);
}

static void run_message(struct api_call *call)
{
    const struct client_actor by = actor_at(call, call->console);
    struct err text;
    unsigned count = client_control_say(&by, api_text(call, "text"), &text);

    answer_counted(call, &text, "told", count);
}

/* ---- the keyboard ---------------------------------------------------------
 */

static void answer_control(struct api_call *call,
                           enum client_control_outcome outcome,
                           const struct err *text)
{
    switch (outcome) {
    case CLIENT_CONTROL_DONE:
        answer_counted(call, text, NULL, 0);
        break;
    case CLIENT_CONTROL_DENIED:
        api_fail(call, API_FORBIDDEN, NULL, "%s", text->text);
        break;
    case CLIENT_CONTROL_NAMELESS:
        api_fail(call, API_FORBIDDEN, "say who you are", "%s", text->text);
        break;
    case CLIENT_CONTROL_HELD:
        api_fail(call, API_CONFLICT,
                 "its owner, or who has the right to administer, can unlock it",
                 "%s", text->text);
        break;
    case CLIENT_CONTROL_FULL:
        api_fail(call, API_TOO_MANY, NULL, "%s", text->text);
        break;
    }
}

static void run_lock(struct api_call *call)
{
    const struct client_actor by = actor_at(call, call->console);
    const char *reason = api_text(call, "reason");
    struct err text;

    answer_control(
        call,
        client_control_lock(api_sessions(call->api), &by,
                            reason != NULL ? reason : "",
                            api_number(call, "seconds") * LOCK_US_PER_S, &text),
        &text);
}

static void run_unlock(struct api_call *call)
{
    const struct client_actor by = actor_at(call, call->console);
    struct err text;

    answer_control(call, client_control_unlock(&by, &text), &text);
}

/* The caller's client with this number, or the only one; NULL: *ret_count are
 * meant. */
static struct client *own_client(const struct api_call *call, uint64_t number,
                                 unsigned *ret_count)
{
    struct client *found = NULL;

    *ret_count = 0;
    LIST_EACH (node, after, &call->console->clients) {
        struct client *client = client_at(node);

        if (client->door == CLIENT_DOOR_API ||
            !principal_is_same(client->who, call->who) ||
            (number != 0 && client->number != number))
            continue;
        found = client;
        (*ret_count)++;
    }
    return *ret_count == 1 ? found : NULL;
}

static void run_takeover(struct api_call *call)
{
    const struct client_actor by = actor_at(call, call->console);
    unsigned count;
    struct client *client =
        own_client(call, api_number(call, "client"), &count);
    struct err text;

    if (client == NULL && count > 1)
        api_fail(call, API_AMBIGUOUS,
                 "say which of them gets the keyboard: its number, as in the "
                 "list of clients",
                 "you have %u clients at this console", count);
    else if (client == NULL)
        api_fail(call, API_NOT_FOUND, "attach to the console first",
                 "you have no such client at this console");
    else if (client_control_take_over(&by, client, &text))
        answer_counted(call, &text, NULL, 0);
    else
        api_fail(call, client->is_barred ? API_CONFLICT : API_FORBIDDEN, NULL,
                 "%s", text.text);
}

/* ---- clients --------------------------------------------------------------
 */

static const struct client *find_client(const struct console *c,
                                        uint64_t number)
{
    LIST_EACH (node, after, &c->clients) {
        if (client_at(node)->number == number)
            return client_at(node);
    }
    return NULL;
}

/* Own clients need no right; number 0: all. */
static bool may_disconnect(struct api_call *call, const struct client_actor *by,
                           const struct client *client)
{
    if (by->right >= RIGHT_CONTROL ||
        (client != NULL && principal_is_same(client->who, by->who)))
        return true;
    api_fail(call, API_FORBIDDEN, "everybody may disconnect clients of his own",
             "that needs the right \"control\" on %s; you have \"%s\"",
             console_name(by->console).text, right_name(by->right));
    return false;
}

static void disconnect(struct api_call *call, struct console *c,
                       uint64_t number)
{
    const struct client_actor by = actor_at(call, c);
    const struct client *client = number != 0 ? find_client(c, number) : NULL;
    struct err text;
    unsigned count;

    if (!may_disconnect(call, &by, client))
        return;
    count =
        client_control_disconnect(&by, number, api_text(call, "reason"), &text);
    if (number != 0 && count == 0)
        api_fail(call, API_NOT_FOUND, NULL, "%s", text.text);
    else if (call->console != NULL)
        answer_counted(call, &text, "disconnected", count);
    else
        api_answer_json(call, 200,
                        json_pack("{s:s, s:i}", "done", text.text,
                                  "disconnected", (int)count));
}

static void run_disconnect(struct api_call *call)
{
    uint64_t number = api_number(call, "client");

    if ((number != 0) == api_flag(call, "all"))
        api_fail(call, API_BAD_REQUEST, NULL,
                 "say which one: client, the number of a client, or all");
    else
        disconnect(call, call->console, number);
}

/* Clients are few beside consoles, and a walk over 10,000 of those takes less
 * than a millisecond. */
static struct console *console_of_client(const struct api_call *call,
                                         uint64_t number)
{
    const struct directory *d = api_sessions(call->api)->directory;
    struct directory_cursor cursor = { 0 };
    struct console *c;

    while ((c = directory_next(d, &cursor)) != NULL) {
        if (c->client_count > 0 && find_client(c, number) != NULL)
            return api_right_on(call, c) >= RIGHT_READ ? c : NULL;
    }
    return NULL;
}

static void run_disconnect_client(struct api_call *call)
{
    uint64_t number = api_number(call, "number");
    struct console *c = number != 0 ? console_of_client(call, number) : NULL;

    if (c == NULL)
        api_fail(call, API_NOT_FOUND,
                 "GET /api/v1/clients lists the clients that you may see",
                 "there is no client %llu", (unsigned long long)number);
    else
        disconnect(call, c, number);
}

/* ---- the console ----------------------------------------------------------
 */

static bool is_in_use(const struct console *c)
{
    return console_has_vm(c) || c->leaving != NULL || c->client_count > 0;
}

static void run_forget(struct api_call *call)
{
    const struct api_means *means = api_means_of(call->api);
    struct console_name id = console_id(call->console);
    struct console_name name = console_name(call->console);

    if (means->forget == NULL) {
        api_fail(call, API_UNAVAILABLE, NULL, "consoles cannot be forgotten");
        return;
    }
    if (is_in_use(call->console)) {
        api_fail(call, API_CONFLICT,
                 "a console that has neither can be forgotten: disconnect its "
                 "clients, and remove the VM's serial port",
                 "%s has a VM or clients", name.text);
        return;
    }
    means->forget(means->owner, call->console);
    api_answer_json(call, 200,
                    json_pack("{s:b, s:s, s:s}", "forgotten", 1, "id", id.text,
                              "name", name.text));
}

/* ---- rows -----------------------------------------------------------------
 */

#define REASON                                                                 \
    {                                                                          \
        .name = "reason", .type = API_TEXT, .place = API_IN_BODY,              \
        .max = LOCK_TEXT_MAX, .help = "For those whom it concerns."            \
    }

static const struct api_argument message_arguments[] = {
    { .name = "text",
      .type = API_TEXT,
      .place = API_IN_BODY,
      .max = LOCK_TEXT_MAX,
      .is_required = true,
      .help = "One line; characters that are not seen are left out." },
    { .name = NULL },
};

static const struct api_argument lock_arguments[] = {
    REASON,
    { .name = "seconds",
      .type = API_NUMBER,
      .place = API_IN_BODY,
      .max = LOCK_SECONDS_MAX,
      .help = "How long; 0: until it is unlocked, or vspcd ends." },
    { .name = NULL },
};

static const struct api_argument takeover_arguments[] = {
    { .name = "client",
      .type = API_NUMBER,
      .place = API_IN_BODY,
      .help = "Number of the caller's client that gets the keyboard; not "
              "needed if there is one." },
    { .name = NULL },
};

static const struct api_argument disconnect_arguments[] = {
    { .name = "client",
      .type = API_NUMBER,
      .place = API_IN_BODY,
      .help = "Number of the client." },
    { .name = "all",
      .type = API_FLAG,
      .place = API_IN_BODY,
      .help = "All clients of the console." },
    REASON,
    { .name = NULL },
};

static const struct api_argument client_arguments[] = {
    { .name = "number",
      .type = API_NUMBER,
      .is_required = true,
      .help = "Number of the client." },
    { .name = "reason",
      .type = API_TEXT,
      .max = LOCK_TEXT_MAX,
      .help = "For the one who is disconnected." },
    { .name = NULL },
};

const struct api_command api_control_commands[] = {
    {
        .name = "consoles.message",
        .verb = HTTP_VERB_POST,
        .path = "/consoles/{console}/message",
        .right = RIGHT_CONTROL,
        .is_change = true,
        .summary = "Shows a line to the people at a console.",
        .returns = "Done",
        .argument = message_arguments,
        .run = run_message,
    },
    {
        .name = "consoles.lock",
        .verb = HTTP_VERB_POST,
        .path = "/consoles/{console}/lock",
        .right = RIGHT_CONTROL,
        .is_change = true,
        .summary = "Only the caller's clients and commands type into the "
                   "console from now on.",
        .returns = "Done",
        .argument = lock_arguments,
        .run = run_lock,
    },
    {
        .name = "consoles.unlock",
        .verb = HTTP_VERB_POST,
        .path = "/consoles/{console}/unlock",
        .right = RIGHT_CONTROL,
        .is_change = true,
        .summary = "Ends the caller's lock; with the right to administer, "
                   "anybody's.",
        .returns = "Done",
        .run = run_unlock,
    },
    {
        .name = "consoles.takeover",
        .verb = HTTP_VERB_POST,
        .path = "/consoles/{console}/takeover",
        .right = RIGHT_WRITE,
        .is_change = true,
        .summary = "Gives the keyboard to a client of the caller; needs the "
                   "right to control, unless it is the caller's already.",
        .returns = "Done",
        .argument = takeover_arguments,
        .run = run_takeover,
    },
    {
        .name = "consoles.disconnect",
        .verb = HTTP_VERB_POST,
        .path = "/consoles/{console}/disconnect",
        .right = RIGHT_READ,
        .is_change = true,
        .summary = "Disconnects clients of a console; needs the right to "
                   "control, but for clients of the caller's own.",
        .returns = "Done",
        .argument = disconnect_arguments,
        .run = run_disconnect,
    },
    {
        .name = "clients.disconnect",
        .verb = HTTP_VERB_DELETE,
        .path = "/clients/{number}",
        .right = RIGHT_NONE,
        .is_change = true,
        .summary = "Disconnects a client of any console; needs the right to "
                   "control, but for clients of the caller's own.",
        .returns = "Done",
        .argument = client_arguments,
        .run = run_disconnect_client,
    },
    {
        .name = "consoles.forget",
        .verb = HTTP_VERB_DELETE,
        .path = "/consoles/{console}",
        .right = RIGHT_ADMIN,
        .is_change = true,
        .summary = "Forgets a console without VM and clients: its port and "
                   "its state.",
        .returns = "Forgotten",
        .run = run_forget,
    },
    { .name = NULL },
};

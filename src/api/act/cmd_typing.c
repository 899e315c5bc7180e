/* What goes to a VM: texts and breaks. */
#include "api/api_commands.h"
#include "api/show/show_console.h"
#include "base/mem.h"
#include "core/console.h"
#include "session/typing.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    TYPING_TEXT_MAX = 64 * 1024,
    TYPING_PACE_MAX = 1000 * 1000,
    TYPING_SECONDS_MAX = 600, /* at its pace */
};

struct typing_command {
    struct api_call *call;
    struct typing typing;
    char letter; /* of a break */
};

static void cmd_typing_end(struct api_call *call)
{
    struct typing_command *command = call->state;

    typing_end(&command->typing);
    free(command);
}

static const struct api_work typing_work = { .end = cmd_typing_end };

static void answer_done(struct typing_command *command)
{
    struct api_call *call = command->call;

    api_answer_json(call, 200,
                    json_pack("{s:I, s:o}", "sent",
                              (json_int_t)command->typing.taken, "console",
                              show_console_of(call)));
}

/* What was typed in part cannot be taken back: so each failure says how much
 * that is. */
static void fail(struct typing_command *command, enum api_error error,
                 const char *hint, const char *why)
{
    const struct typing *t = &command->typing;

    if (t->wish.text.len == 0)
        api_fail(command->call, error, hint, "%s", why);
    else
        api_fail(command->call, error, hint,
                 "%s; of %zu bytes the VM has taken %zu", why, t->wish.text.len,
                 t->taken);
}

static void answer(struct typing_command *command)
{
    const struct typing *t = &command->typing;

    switch (t->outcome) {
    case TYPING_GOES_ON:
        break;
    case TYPING_DONE:
        answer_done(command);
        break;
    case TYPING_NO_VM:
        fail(command, API_VM_DISCONNECTED, NULL, "the VM is not connected");
        break;
    case TYPING_DENIED:
        fail(command, API_FORBIDDEN, NULL,
             "the rules do not allow it any more");
        break;
    case TYPING_LOCKED:
        fail(command, API_CONFLICT,
             "who has the right to control the console can send a message to "
             "whoever has the keyboard, or disconnect them",
             t->why.text);
        break;
    case TYPING_FULL:
        fail(command, API_TOO_MANY, NULL, t->why.text);
        break;
    case TYPING_STALLED:
        fail(command, API_UNAVAILABLE,
             "the VM may be moving, or is stopped; try again later",
             "the VM has taken no input for 10 s");
        break;
    case TYPING_DISCONNECTED:
        fail(command, API_CONFLICT, NULL, t->why.text);
        break;
    }
}

static void cmd_typing_done(void *owner)
{
    answer(owner);
}

static void begin(struct api_call *call, struct typing_command *command,
                  struct typing_wish *wish)
{
    wish->console = call->console;
    wish->who = call->who;
    wish->peer = call->peer;
    command->call = call;
    api_work_on(call, &typing_work, command);
    if (!typing_begin(&command->typing, api_sessions(call->api), wish,
                      cmd_typing_done, command))
        answer(command);
}

static void run_send(struct api_call *call)
{
    struct typing_wish wish = {
        .text = api_bytes(call, "data"),
        .pace = api_number(call, "pace"),
    };

    if (wish.pace != 0 && wish.text.len / wish.pace > TYPING_SECONDS_MAX) {
        api_fail(
            call, API_BAD_REQUEST, "send it in parts, or with a greater pace",
            "%zu bytes at %llu bytes a second would take more than %d s",
            wish.text.len, (unsigned long long)wish.pace, TYPING_SECONDS_MAX);
        return;
    }
    begin(call, xcalloc(1, sizeof(struct typing_command)), &wish);
}

/* The guest's kernel takes the character behind a break for its SysRq key,
 * within five seconds. Both are one piece of the input, so nothing of others
 * comes between them. */
static void run_break(struct api_call *call)
{
    const char *sysrq = api_text(call, "sysrq");
    struct typing_wish wish = { .has_break = true };
    struct typing_command *command;

    if (sysrq != NULL &&
        (strlen(sysrq) != 1 || !isalnum((unsigned char)sysrq[0]))) {
        api_fail(call, API_BAD_REQUEST,
                 "h shows the keys that the guest's kernel has",
                 "sysrq is one letter or digit");
        return;
    }
    command = xcalloc(1, sizeof *command);
    if (sysrq != NULL) {
        command->letter = sysrq[0];
        wish.text = slice_of(&command->letter, 1);
    }
    begin(call, command, &wish);
}

static const struct api_argument send_arguments[] = {
    { .name = "data",
      .type = API_BYTES,
      .place = API_IN_BODY,
      .max = TYPING_TEXT_MAX,
      .is_required = true,
      .help = "What is typed, as it is: Enter is a carriage return." },
    { .name = "pace",
      .type = API_NUMBER,
      .place = API_IN_BODY,
      .max = TYPING_PACE_MAX,
      .help = "Bytes a second, for guests that lose input; 0: as fast as the "
              "VM takes them." },
    { .name = NULL },
};

static const struct api_argument break_arguments[] = {
    { .name = "sysrq",
      .type = API_TEXT,
      .place = API_IN_BODY,
      .max = 1,
      .help = "A key of the guest's kernel (Magic SysRq), typed behind the "
              "break." },
    { .name = NULL },
};

const struct api_command api_typing_commands[] = {
    {
        .name = "consoles.send",
        .verb = HTTP_VERB_POST,
        .path = "/consoles/{console}/send",
        .right = RIGHT_WRITE,
        .is_change = true,
        .summary = "Types bytes into a console; answers when the VM's "
                   "connection has taken them.",
        .returns = "Sent",
        .argument = send_arguments,
        .run = run_send,
    },
    {
        .name = "consoles.break",
        .verb = HTTP_VERB_POST,
        .path = "/consoles/{console}/break",
        .right = RIGHT_BREAK,
        .is_change = true,
        .summary = "Sends a break, and perhaps a SysRq key behind it.",
        .returns = "Sent",
        .argument = break_arguments,
        .run = run_break,
    },
    { .name = NULL },
};

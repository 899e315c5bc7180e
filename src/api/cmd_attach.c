/* The WebSocket to a console's bytes; what it does is
 * web/socket/console_socket.h's. */
#include "api/api_commands.h"

static const struct api_argument arguments[] = {
    { .name = "from",
      .type = API_TEXT,
      .max = 64,
      .help = "Goes on behind this place, \"EPOCH:POSITION\", as the "
              "connection before it was told; or says what is missing." },
    { .name = "history",
      .type = API_NUMBER,
      .max = 100000,
      .help = "Begins with so many lines of earlier output; without it, with "
              "as many as a telnet client is shown." },
    { .name = "mode",
      .type = API_WORD,
      .words = "free-for-all-fallback|free-for-all|write|exclusive|read-only",
      .standard = "free-for-all-fallback",
      .help = "Who may type beside this client." },
    { .name = "take",
      .type = API_FLAG,
      .help = "Takes the keyboard over from whoever has it." },
    { .name = "session",
      .type = API_TEXT,
      .max = 64,
      .help = "A label that nobody else can guess: another connection with it "
              "goes on with this session, within 15 seconds of its loss." },
    { .name = NULL },
};

const struct api_command api_attach_commands[] = {
    {
        .name = "consoles.attach",
        .verb = HTTP_VERB_GET,
        .path = "/consoles/{console}/attach",
        .right = RIGHT_READ,
        .kind = API_ATTACHES,
        .summary = "A WebSocket to the console: its bytes both ways, and "
                   "what there is to know beside them.",
        .argument = arguments,
    },
    { .name = NULL },
};

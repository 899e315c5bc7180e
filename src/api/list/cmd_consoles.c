/* What consoles there are, and who has them. */
#include "api/api_commands.h"
#include "api/list/list_clients.h"
#include "api/list/list_consoles.h"
#include "api/list/list_moves.h"
#include "api/show/show_console.h"

#define PAGE                                                                   \
    { .name = "limit",                                                         \
      .type = API_NUMBER,                                                      \
      .standard = "0",                                                         \
      .help = "How many are listed at most; 0: all." },                        \
    {                                                                          \
        .name = "offset", .type = API_NUMBER, .standard = "0",                 \
        .help = "How many are left out before the first one."                  \
    }

static const struct api_argument list_arguments[] = {
    { .name = "match",
      .type = API_TEXT,
      .max = 255,
      .help = "A glob over name, name/label, UUID and UUID/label, such as "
              "web-*; or over what the inventory has: folder:/prod/*, "
              "owner:alice, tag:web, host:esx-*." },
    { .name = "search",
      .type = API_TEXT,
      .max = 255,
      .help =
          "A text in the name, label or UUID, or in what the inventory has, "
          "in any case of the letters." },
    { .name = "uuids",
      .type = API_TEXT,
      .max = 4096,
      .help = "Only consoles of these VMs: UUIDs with commas between. Those "
              "that the caller may not read are not counted in hidden." },
    { .name = "state",
      .type = API_WORD,
      .words = "connected|moving|none",
      .help = "Only consoles whose VM is in this state." },
    { .name = "sort",
      .type = API_WORD,
      .words = LIST_CONSOLES_SORTS,
      .standard = "name",
      .help =
          "The order: name (numbers in names by their size), state, "
          "clients (most first), activity (last output first), host, folder, "
          "owner; with "
          "- the other way round." },
    PAGE,
    { .name = "fields",
      .type = API_TEXT,
      .standard = "all",
      .help = "Members of each console, with commas between; all: all but "
              "last_line, which has to be named." },
    { .name = NULL },
};

static const struct api_argument page_arguments[] = {
    PAGE,
    { .name = NULL },
};

static void run_show(struct api_call *call)
{
    api_answer_json(call, 200, show_console_of(call));
}

const struct api_command api_consoles_commands[] = {
    {
        .name = "consoles.list",
        .verb = HTTP_VERB_GET,
        .path = "/consoles",
        .right = RIGHT_NONE,
        .summary = "The consoles that the caller may read.",
        .returns = "Consoles",
        .argument = list_arguments,
        .run = list_consoles,
    },
    {
        .name = "consoles.show",
        .verb = HTTP_VERB_GET,
        .path = "/consoles/{console}",
        .right = RIGHT_READ,
        .summary = "Everything about one console.",
        .returns = "Console",
        .run = run_show,
    },
    {
        .name = "consoles.clients",
        .verb = HTTP_VERB_GET,
        .path = "/consoles/{console}/clients",
        .right = RIGHT_READ,
        .summary = "The clients of a console, in the order of their coming.",
        .returns = "Clients",
        .argument = page_arguments,
        .run = list_clients,
    },
    {
        .name = "consoles.moves",
        .verb = HTTP_VERB_GET,
        .path = "/consoles/{console}/moves",
        .right = RIGHT_READ,
        .summary = "The last moves of a console's VM, the newest first; up to "
                   "64, and 1024 of all VMs, since the start of vspcd.",
        .returns = "Moves",
        .run = list_moves,
    },
    {
        .name = "clients.list",
        .verb = HTTP_VERB_GET,
        .path = "/clients",
        .right = RIGHT_NONE,
        .summary = "The clients of all consoles that the caller may read.",
        .returns = "Clients",
        .argument = page_arguments,
        .run = list_clients,
    },
    {
        .name = "people.list",
        .verb = HTTP_VERB_GET,
        .path = "/who",
        .right = RIGHT_NONE,
        .summary = "Who has which of the consoles that the caller may read.",
        .returns = "People",
        .run = list_people,
    },
    { .name = NULL },
};

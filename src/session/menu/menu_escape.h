/*
 * menu_escape.h - the escape key of a client that has come to its console
 * through the menu: takes our commands out of what it types.
 *
 *     Enter ~ .     back to the list        (as ssh has it)
 *     Enter ~ ?     help, and other letters: menu_escape_names
 *     Enter ~ ~     one ~ for the VM
 *
 * The key means something behind Enter (CR or LF) alone, and at the beginning.
 * So only there a byte is held back, until the next one, or for
 * MENU_ESCAPE_HELD_US: a key that is typed alone goes on to the VM. A letter
 * that is no command goes on, and so does the key before it.
 *
 * No I/O, no allocation, no clock.
 */
#ifndef SESSION_MENU_MENU_ESCAPE_H
#define SESSION_MENU_MENU_ESCAPE_H

#include "base/slice.h"

#include <stdbool.h>

enum { MENU_ESCAPE_HELD_US = 1000 * 1000 };

enum menu_escape_event {
    MENU_ESCAPE_NEED_MORE, /* all bytes are used */
    MENU_ESCAPE_BYTES,     /* bytes: for the VM */
    MENU_ESCAPE_COMMAND,   /* command */
};

enum menu_command {
    MENU_COMMAND_BACK,  /* to the list */
    MENU_COMMAND_HELP,  /* what there is */
    MENU_COMMAND_BREAK, /* a break for the VM */
    MENU_COMMAND_TAKE,  /* the keyboard over */
    MENU_COMMAND_WHO,   /* who is on this console */
    MENU_COMMAND_SAY,   /* a line for the others on it */
    MENU_COMMAND_END,   /* disconnects one of the others */
};
enum { MENU_COMMAND_COUNT = MENU_COMMAND_END + 1 };

/* The letter of each command, and what it does, for people. */
struct menu_command_words {
    char letter;
    const char *text;
};
const struct menu_command_words *menu_command_words(enum menu_command command);

struct menu_escape {
    uint8_t key;          /* 0: there is none */
    bool is_behind_enter; /* the key would be ours */
    bool is_held;         /* it was typed there, and nothing behind it */
};

struct menu_escape_item {
    struct slice bytes; /* valid until the next call, or until *in changes */
    enum menu_command command;
};

/* At a console that the client has just come to. key: a character of ASCII; 0:
 * every byte is for the VM. */
void menu_escape_init(struct menu_escape *e, char key);

/* Takes one event off the front of *in. */
enum menu_escape_event menu_escape_next(struct menu_escape *e, struct slice *in,
                                        struct menu_escape_item *item);

/* Nothing has come behind the key for MENU_ESCAPE_HELD_US: the bytes that go
 * on to the VM, if any. */
struct slice menu_escape_time_out(struct menu_escape *e);

#endif

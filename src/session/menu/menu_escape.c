#include "session/menu/menu_escape.h"

static const struct menu_command_words commands[MENU_COMMAND_COUNT] = {
    [MENU_COMMAND_BACK] = { '.', "back to the list" },
    [MENU_COMMAND_HELP] = { '?', "this help" },
    [MENU_COMMAND_BREAK] = { 'b', "send a break" },
    [MENU_COMMAND_TAKE] = { 't', "take the keyboard over" },
    [MENU_COMMAND_WHO] = { 'w', "who is on this console" },
    [MENU_COMMAND_SAY] = { 'm', "send a message to the others" },
    [MENU_COMMAND_END] = { 'x', "disconnect one of the others" },
};

const struct menu_command_words *menu_command_words(enum menu_command command)
{
    return &commands[command];
}

void menu_escape_init(struct menu_escape *e, char key)
{
    *e = (struct menu_escape){
        .key = (uint8_t)key,
        .is_behind_enter = true,
    };
}

static bool is_enter(uint8_t byte)
{
    return byte == '\r' || byte == '\n';
}

/* Up to where the key may be ours, which is behind an Enter. */
static size_t find_key(const struct menu_escape *e, struct slice in)
{
    bool is_behind_enter = e->is_behind_enter;
    size_t at = 0;

    while (at < in.len && !(is_behind_enter && in.data[at] == e->key))
        is_behind_enter = is_enter(in.data[at++]);
    return at;
}

static bool find_command(uint8_t letter, enum menu_command *ret)
{
    for (int i = 0; i < MENU_COMMAND_COUNT; i++) {
        if ((uint8_t)commands[i].letter != letter)
            continue;
        *ret = (enum menu_command)i;
        return true;
    }
    return false;
}

/* Behind a key that is held. What is no command goes on, behind the key; so
 * the key is given first, and the byte is looked at again, without the key
 * before it. The key twice is the key once. Behind a command the line of the VM
 * is as empty as before it. */
static enum menu_escape_event take_held(struct menu_escape *e, struct slice *in,
                                        struct menu_escape_item *item)
{
    uint8_t next = in->data[0];

    e->is_held = false;
    if (find_command(next, &item->command)) {
        *in = slice_after(*in, 1);
        return MENU_ESCAPE_COMMAND;
    }
    if (next == e->key)
        *in = slice_after(*in, 1);
    e->is_behind_enter = false;
    item->bytes = slice_of(&e->key, 1);
    return MENU_ESCAPE_BYTES;
}

enum menu_escape_event menu_escape_next(struct menu_escape *e, struct slice *in,
                                        struct menu_escape_item *item)
{
    size_t len = 0;

    if (!e->is_held && in->len > 0) {
        len = e->key != 0 ? find_key(e, *in) : in->len;
        e->is_held = len == 0;
        *in = slice_after(*in, e->is_held ? 1 : 0);
    }
    if (in->len == 0)
        return MENU_ESCAPE_NEED_MORE;
    if (e->is_held)
        return take_held(e, in, item);
    item->bytes = slice_of(in->data, len);
    e->is_behind_enter = is_enter(in->data[len - 1]);
    *in = slice_after(*in, len);
    return MENU_ESCAPE_BYTES;
}

struct slice menu_escape_time_out(struct menu_escape *e)
{
    if (!e->is_held)
        return slice_of(NULL, 0);
    e->is_held = false;
    e->is_behind_enter = false;
    return slice_of(&e->key, 1);
}

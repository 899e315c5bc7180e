#include "cli/attach/keys.h"

#include <stdio.h>
#include <string.h>

enum { ESC = 0x1b, DEL = 0x7f };

const char *keys_state_name(enum keys_state state)
{
    static const char *const names[] = {
        [KEYS_PLAIN] = "plain",
        [KEYS_AFTER_ESCAPE] = "after-escape",
        [KEYS_AFTER_SYSRQ] = "after-sysrq",
    };

    return names[state];
}

void keys_init(struct keys *k, int escape)
{
    *k = (struct keys){ .escape = escape, .again = (uint8_t)escape };
}

static bool is_printable(int escape)
{
    return escape >= ' ' && escape != DEL;
}

static bool is_escape(const struct keys *k, uint8_t byte)
{
    return byte == k->escape && !(is_printable(k->escape) && k->is_in_line);
}

static enum keys_event event_of(uint8_t key)
{
    static const struct {
        uint8_t key;
        enum keys_event event;
    } rows[] = {
        { '.', KEYS_LEAVE },         { '?', KEYS_HELP },
        { 'b', KEYS_BREAK },         { 'B', KEYS_ASK_SYSRQ },
        { 'r', KEYS_REPLAY },        { 'w', KEYS_WHO },
        { 't', KEYS_TAKE },          { 's', KEYS_SPY },
        { 'l', KEYS_LOG },           { 'z', KEYS_SUSPEND },
        { 'Z' - '@', KEYS_SUSPEND },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].key == key)
            return rows[i].event;
    return KEYS_UNKNOWN;
}

static enum keys_event type(struct keys *k, struct slice bytes,
                            struct keys_item *ret)
{
    uint8_t last = bytes.data[bytes.len - 1];

    ret->bytes = bytes;
    k->is_in_line = last != '\r' && last != '\n';
    return KEYS_TYPED;
}

/* The bytes up to the next escape key. */
static enum keys_event type_plain(struct keys *k, struct slice *in,
                                  struct keys_item *ret)
{
    struct slice all = *in;
    size_t len = 0;

    while (len < all.len && !is_escape(k, all.data[len])) {
        k->is_in_line = all.data[len] != '\r' && all.data[len] != '\n';
        len++;
    }
    *in = slice_after(all, len);
    return type(k, slice_of(all.data, len), ret);
}

static enum keys_event take_command(struct keys *k, struct slice *in,
                                    struct keys_item *ret)
{
    uint8_t key = in->data[0];
    enum keys_event event = event_of(key);

    k->state = event == KEYS_ASK_SYSRQ ? KEYS_AFTER_SYSRQ : KEYS_PLAIN;
    if (event == KEYS_UNKNOWN && is_printable(k->escape) && key != k->escape) {
        /* The key is typed behind it, as any other. */
        k->is_in_line = true;
        return type(k, slice_of(&k->again, 1), ret);
    }
    *in = slice_after(*in, 1);
    return key == k->escape ? type(k, slice_of(&k->again, 1), ret) : event;
}

static enum keys_event take_sysrq(struct keys *k, struct slice *in,
                                  struct keys_item *ret)
{
    uint8_t key = in->data[0];

    *in = slice_after(*in, 1);
    if (key == '?')
        return KEYS_SYSRQ_HELP;
    k->state = KEYS_PLAIN;
    if (!(key >= '0' && key <= '9') && !(key >= 'a' && key <= 'z') &&
        !(key >= 'A' && key <= 'Z'))
        return KEYS_SYSRQ_NOT;
    ret->letter = (char)key;
    return KEYS_SYSRQ;
}

enum keys_event keys_next(struct keys *k, struct slice *in,
                          struct keys_item *ret)
{
    for (;;) {
        if (in->len == 0)
            return KEYS_NEED_MORE;
        switch (k->state) {
        case KEYS_AFTER_ESCAPE:
            return take_command(k, in, ret);
        case KEYS_AFTER_SYSRQ:
            return take_sysrq(k, in, ret);
        case KEYS_PLAIN:
            break;
        }
        if (!is_escape(k, in->data[0]))
            return type_plain(k, in, ret);
        k->state = KEYS_AFTER_ESCAPE;
        *in = slice_after(*in, 1);
    }
}

bool keys_parse_escape(const char *text, int *ret_escape)
{
    uint8_t byte = (uint8_t)text[0];

    if (strcmp(text, "none") == 0) {
        *ret_escape = KEYS_NO_ESCAPE;
    } else if (byte == '^' && text[1] != '\0' && text[2] == '\0') {
        byte = (uint8_t)text[1];
        if (byte >= 'a' && byte <= 'z')
            byte = (uint8_t)(byte - 'a' + 'A');
        if (byte < '@' || byte > '_' || byte == 'M' || byte == 'J')
            return false; /* Enter is for the VM */
        *ret_escape = byte - '@';
    } else if (byte > ' ' && byte < DEL && text[1] == '\0') {
        *ret_escape = byte;
    } else {
        return false;
    }
    return true;
}

struct keys_text keys_format(int escape)
{
    struct keys_text shown = { "" };

    if (escape >= 0 && escape < ' ')
        snprintf(shown.text, sizeof shown.text, "^%c", escape + '@');
    else if (escape > 0)
        snprintf(shown.text, sizeof shown.text, "%c", escape);
    return shown;
}

/* ---- SysRq ---------------------------------------------------------------
 */

const char keys_sysrq_letters[] = "bcdefghijklmnopqrstuvwxyz0123456789";

const char *keys_sysrq_words(char letter)
{
    static const char *const words[] = {
        ['b' - 'a'] = "reboots at once, without syncing",
        ['c' - 'a'] = "crashes the kernel (a dump, if it is set up)",
        ['d' - 'a'] = "shows all locks that are held",
        ['e' - 'a'] = "sends SIGTERM to all processes but init",
        ['f' - 'a'] = "calls the OOM killer",
        ['g' - 'a'] = "goes to the kernel debugger",
        ['h' - 'a'] = "lists the letters that the kernel has",
        ['i' - 'a'] = "sends SIGKILL to all processes but init",
        ['j' - 'a'] = "thaws frozen file systems",
        ['k' - 'a'] = "kills all programs on this terminal",
        ['l' - 'a'] = "shows the stacks of all active CPUs",
        ['m' - 'a'] = "shows the memory",
        ['n' - 'a'] = "makes real-time tasks nice",
        ['o' - 'a'] = "switches the machine off",
        ['p' - 'a'] = "shows registers and flags",
        ['q' - 'a'] = "shows all timers",
        ['r' - 'a'] = "takes the keyboard from raw mode",
        ['s' - 'a'] = "syncs all file systems",
        ['t' - 'a'] = "shows all tasks",
        ['u' - 'a'] = "makes all file systems read-only",
        ['v' - 'a'] = "restores the framebuffer",
        ['w' - 'a'] = "shows blocked tasks",
        ['x' - 'a'] = "depends on the machine",
        ['y' - 'a'] = "depends on the machine",
        ['z' - 'a'] = "shows the trace buffer",
    };

    if (letter >= '0' && letter <= '9')
        return "sets the level of the kernel's messages";
    if (letter >= 'a' && letter <= 'z')
        return words[letter - 'a'];
    return NULL;
}

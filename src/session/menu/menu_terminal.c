#include "session/menu/menu_terminal.h"

#include <strings.h>

enum { TTYPE_IS = 0 };

/* Beginnings of names, in any case: RFC 1091 has capitals. All of them know the
 * sequences that menu_screen.h names. */
static const char *const screens[] = {
    "alacritty",  "ansi",    "contour", "cygwin", "dtterm", "eterm",
    "foot",       "ghostty", "gnome",   "iterm",  "kitty",  "konsole",
    "kterm",      "linux",   "mintty",  "mlterm", "nsterm", "pcansi",
    "putty",      "rxvt",    "scoansi", "screen", "st-",    "teraterm",
    "terminator", "tmux",    "vt1",     "vt2",    "vt3",    "vt4",
    "vt5",        "vte",     "wezterm", "xterm",
};

bool menu_terminal_has_screen(struct slice body)
{
    struct slice name;

    if (body.len == 0 || body.data[0] != TTYPE_IS)
        return false;
    name = slice_after(body, 1);
    for (size_t i = 0; i < sizeof screens / sizeof screens[0]; i++) {
        size_t len = strlen(screens[i]);

        if (name.len >= len &&
            strncasecmp((const char *)name.data, screens[i], len) == 0)
            return true;
    }
    return name.len == 2 && strncasecmp((const char *)name.data, "st", 2) == 0;
}

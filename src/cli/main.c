/*
 * vspc - lists, reads and steers the consoles of a vspcd.
 */
#include "cli/dispatch.h"
#include "cli/output/out.h"
#include "net/descriptors.h"

#include <locale.h>

int main(int argc, char **argv)
{
    struct invocation in = { .verb = NULL };
    enum exits exits;

    descriptors_open_standard();
    /* Names are UTF-8, whatever the terminal's language is; numbers and dates
     * stay as they are in C. */
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        (void)setlocale(LC_CTYPE, "");
    exits = dispatch(&in, argc > 0 ? argc - 1 : 0, argv + 1);
    out_flush();
    invocation_done(&in);
    return (int)exits;
}

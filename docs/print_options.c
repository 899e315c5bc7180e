/*
 * print_options vspcd.8|vspcd.conf.5|sample: the table of settings as text, for
 * scripts/make-docs. Built for that alone, and not installed.
 */
#include "conf/options.h"

#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";

    if (strcmp(what, "vspcd.8") == 0)
        options_print_manual(stdout, false);
    else if (strcmp(what, "vspcd.conf.5") == 0)
        options_print_manual(stdout, true);
    else if (strcmp(what, "sample") == 0)
        options_print_sample(stdout);
    else
        return EXIT_FAILURE;
    return EXIT_SUCCESS;
}

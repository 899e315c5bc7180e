/* config ssh: what a person's ~/.ssh/config needs. */
#include "cli/invocation/invocation.h"
#include "cli/output/out.h"
#include "cli/ssh/ssh.h"

#include <string.h>
#include <unistd.h>

/* clang-format off */
static const struct option_row options[] = {
    { "user", 0, "NAME", "the account that people share, if they do" },
    { "port", 0, "PORT", "sshd's, if it is not 22" },
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

/* What a word of ~/.ssh/config can be. */
static bool is_word(const char *text)
{
    return text[0] != '\0' && text[0] != '-' &&
           text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "abcdefghijklmnopqrstuvwxyz"
                             "0123456789.:_@+-")] == '\0';
}

static enum exits run(struct invocation *in)
{
    const char *user = arguments_text(&in->arguments, "user");
    const char *host = invocation_word(in, 0);
    char own[256] = "";
    unsigned long port;
    struct err err;

    if (host == NULL) {
        (void)gethostname(own, sizeof own - 1);
        host = own;
    }
    if (!arguments_number(&in->arguments, "port", 65535, 0, &port, &err))
        return invocation_refuse(in, "%s", err.text);
    if (!is_word(host) || (user != NULL && !is_word(user)))
        return invocation_refuse(in, "%.60s: is no name for ~/.ssh/config",
                                 is_word(host) ? user : host);
    out_format("# Consoles of vspcd at %s: ssh web-01.console\n"
               "Host *.console\n"
               "    HostName %s\n",
               host, host);
    if (user != NULL)
        out_format("    User %s\n", user);
    if (port != 0)
        out_format("    Port %lu\n", port);
    out_text("    RequestTTY yes\n"
             "    RemoteCommand host %n\n");
    out_flush();
    return EXITS_DONE;
}

const struct verb verb_config_ssh = {
    .name = "config ssh",
    .group = VERB_GROUP_SERVER,
    .words = "[HOST]",
    .words_max = 1,
    .summary = "print what ~/.ssh/config needs, for ssh web-01.console",
    .text = "HOST is where vspcd and sshd are; without it, this machine.",
    .example = "vspc config ssh vspcd.example.org >> ~/.ssh/config\n"
               "vspc config ssh vspcd.example.org --user console\n",
    .option = options,
    .run = run,
};

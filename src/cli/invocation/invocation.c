#include "cli/invocation/invocation.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/common/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
const struct option_row invocation_options[] = {
    { "server", 's', "PLACE",
      "the server: unix:PATH, https://HOST[:PORT] or http://127.0.0.1:PORT" },
    { "context", 0, "NAME", "the server of this context" },
    { "token-file", 0, "FILE", "who I am: the file has a token" },
    { "ca", 0, "FILE", "https: the CA that has signed the server's certificate" },
    { "thumbprint", 0, "HEX", "https: the SHA-256 of the server's certificate" },
    { "cert", 0, "FILE", "https: my certificate, in PEM" },
    { "key", 0, "FILE", "https: its key, if it is in another file" },
    { "request-timeout", 0, "SECONDS",
      "how long the server may be silent within an answer [10]" },
    { "color", 0, "WHEN", "auto, always or never [auto]" },
    { "no-input", 0, NULL, "ask no questions; what needs one fails" },
    { "quiet", 'q', NULL, "say nothing but errors" },
    { "help", 'h', NULL, "print help for the verb" },
    { "version", 'V', NULL, "print the version" },
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

void invocation_done(struct invocation *in)
{
    remote_close(in->remote);
    choice_done(&in->choice);
    arguments_done(&in->arguments);
}

const char *invocation_word(const struct invocation *in, size_t at)
{
    return at < in->arguments.word_count ? in->arguments.word[at] : NULL;
}

char *invocation_join_words(const struct invocation *in, size_t at)
{
    size_t size = 1;
    char *joined;
    char *end;

    for (size_t i = at; i < in->arguments.word_count; i++)
        size += strlen(in->arguments.word[i]) + 1;
    joined = xcalloc(1, size);
    end = joined;
    for (size_t i = at; i < in->arguments.word_count; i++)
        end += sprintf(end, "%s%s", i > at ? " " : "", in->arguments.word[i]);
    return joined;
}

enum exits invocation_refuse(const struct invocation *in, const char *format,
                             ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    say_error("%s", text);
    if (in->verb != NULL)
        say_news("vspc %s --help shows how it is used", in->verb->name);
    else
        say_news("vspc help shows how it is used");
    return EXITS_USAGE;
}

enum exits invocation_connect(struct invocation *in)
{
    enum { USUAL_S = 10, LONGEST_S = 24 * 3600 };
    const struct arguments *a = &in->arguments;
    struct choice_options options = {
        .server = arguments_text(a, "server"),
        .context = arguments_text(a, "context"),
        .token_file = arguments_text(a, "token-file"),
        .ca = arguments_text(a, "ca"),
        .cert = arguments_text(a, "cert"),
        .key = arguments_text(a, "key"),
        .thumbprint = arguments_text(a, "thumbprint"),
        .person = in->person,
        .person_key = in->person_key,
    };
    unsigned long timeout_s;
    struct err err;

    if (in->remote != NULL)
        return EXITS_DONE;
    if (!arguments_number(a, "request-timeout", LONGEST_S, USUAL_S, &timeout_s,
                          &err))
        return invocation_refuse(in, "%s", err.text);
    if (timeout_s == 0)
        timeout_s = LONGEST_S;
    options.timeout_ms =
        in->timeout_ms > 0 ? in->timeout_ms : (unsigned)timeout_s * 1000;
    if (choice_make(&in->choice, &options, &err) < 0 ||
        remote_open(&in->remote, &in->choice.settings, &err) < 0) {
        say_error("%s", err.text);
        return EXITS_USAGE;
    }
    return EXITS_DONE;
}

bool invocation_is_interactive(void)
{
    return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
}

bool invocation_confirm(const struct invocation *in, const char *format, ...)
{
    char raw[512];
    char question[512];
    char answer[16];
    va_list args;

    if (isatty(STDIN_FILENO) != 1 || arguments_has(&in->arguments, "no-input"))
        return false;
    va_start(args, format);
    vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    text_clean(question, sizeof question, slice_of_text(raw));
    fprintf(stderr, "vspc: %s [y/N] ", question);
    return fgets(answer, sizeof answer, stdin) != NULL &&
           (answer[0] == 'y' || answer[0] == 'Y');
}

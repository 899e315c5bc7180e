/*
 * script.h - what `vspc run` does with a console, step by step: of options, or
 * of a file with one step a line:
 *
 *     # boot into single-user mode
 *     timeout 120
 *     expect GRUB|grub>
 *     send linux single\x20ro
 *     type \e
 *     break
 *     sysrq s
 *
 * expect RE       waits for output that matches a POSIX extended expression
 * send TEXT       types the text, and Enter; type TEXT: without Enter
 * timeout SECONDS how long each expect from here on waits
 * break, sysrq K  a break; a break and a key
 *
 * In texts, \r \n \t \e \\ and \xHH are characters. Empty lines, and lines that
 * begin with #, are left out. Pure but for memory, which is bounded.
 */
#ifndef CLI_RUN_SCRIPT_H
#define CLI_RUN_SCRIPT_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>

enum {
    SCRIPT_STEPS_MAX = 1000,
    SCRIPT_TEXT_MAX = 8 * 1024, /* bytes of a line */
    SCRIPT_FILE_MAX = 1024 * 1024,
    SCRIPT_TIMEOUT_MAX_S = 7 * 86400,
};

enum script_verb {
    SCRIPT_EXPECT,
    SCRIPT_SEND,
    SCRIPT_TYPE,
    SCRIPT_BREAK,
    SCRIPT_SYSRQ,
    SCRIPT_TIMEOUT,
};
enum { SCRIPT_VERB_COUNT = SCRIPT_TIMEOUT + 1 };

const char *script_verb_name(enum script_verb verb);

struct script_step {
    enum script_verb verb;
    char *text; /* EXPECT: the expression; SEND, TYPE: what is typed; SYSRQ: the
                 * key. Ends with a NUL, and may have others */
    size_t len;
    unsigned seconds; /* TIMEOUT */
    unsigned line;    /* of the file; 0: none */
};

struct script {
    struct script_step *step;
    size_t count;
};

/* All zeros before the first one. */
void script_done(struct script *s);

/* text NULL: there is none. line 0: of no file. 0, or -EINVAL with err
 * filled. */
int script_add(struct script *s, const char *verb, const char *text,
               unsigned line, struct err *err);
/* The content of a file. */
int script_parse(struct script *s, struct slice content, struct err *err);

/* Whether it types anything. */
bool script_types(const struct script *s);

#endif

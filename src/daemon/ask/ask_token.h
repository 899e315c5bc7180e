/*
 * ask_token.h - --token: makes, lists and revokes access tokens, in the file
 * that a running vspcd reads too (store/tokens/token_file.h).
 *
 * Whoever may write the file may make any token; so it works as the user that
 * owns it, and for root.
 */
#ifndef DAEMON_ASK_ASK_TOKEN_H
#define DAEMON_ASK_ASK_TOKEN_H

#include "conf/options.h"

#include <stdio.h>

/*
 * Does what settings->token says. A new token goes to the descriptor, alone and
 * once, and so does the list; words for the person go to words. 0, or -EINVAL
 * with problems, which are cleared first.
 */
int ask_token(const struct settings *settings, int descriptor, FILE *words,
              struct problems *problems);

#endif

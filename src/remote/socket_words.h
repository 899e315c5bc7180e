/*
 * socket_words.h - why a Unix socket cannot be reached, and what to do.
 */
#ifndef REMOTE_SOCKET_WORDS_H
#define REMOTE_SOCKET_WORDS_H

#include "base/err.h"

/* failure: what the system says, if nothing better is known. */
void socket_words(const char *path, const char *failure, struct err *ret);

#endif

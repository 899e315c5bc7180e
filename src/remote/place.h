/*
 * place.h - where a server is: "unix:PATH" or a path, "https://HOST[:PORT]",
 * "http://HOST:PORT" for this machine alone, as texts a person writes. Pure.
 */
#ifndef REMOTE_PLACE_H
#define REMOTE_PLACE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum place_kind {
    PLACE_SOCKET,
    PLACE_HTTP, /* loopback only: nobody else may read what is said */
    PLACE_HTTPS,
};

enum { PLACE_PATH_MAX = 107, PLACE_HOST_MAX = 255 };

struct place {
    enum place_kind kind;
    char path[PLACE_PATH_MAX + 1]; /* SOCKET */
    char host[PLACE_HOST_MAX + 1]; /* without brackets */
    uint16_t port;
};

/* 0, or -EINVAL with err filled. */
int place_parse(struct place *ret, const char *text, struct err *err);

/* As it is shown, and as the field Host of a request has it. */
struct place_text {
    char text[PLACE_HOST_MAX + 32];
};
struct place_text place_format(const struct place *place);
struct place_text place_authority(const struct place *place);

#endif

#include "remote/place.h"

#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

_Static_assert((int)PLACE_HOST_MAX >= (int)ADDRESS_HOST_MAX, "a host fits");

static int read_path(struct place *ret, const char *path, struct err *err)
{
    if (path[0] != '/') {
        err_set(err, "unix:%.200s: expected an absolute path", path);
        return -EINVAL;
    }
    if (strlen(path) > PLACE_PATH_MAX) {
        err_set(err, "unix:%.200s: the path is too long for a Unix socket",
                path);
        return -EINVAL;
    }
    snprintf(ret->path, sizeof ret->path, "%s", path);
    return 0;
}

static bool is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    return strcmp(host, "localhost") == 0;
}

/* authority: behind "https://", at most one "/" at its end. */
static int read_host(struct place *ret, const char *authority,
                     uint16_t default_port, const char *text, struct err *err)
{
    char copy[PLACE_HOST_MAX + 16];
    size_t len = strcspn(authority, "/");
    struct err why;

    if (len >= sizeof copy || strcspn(authority, "@?#") < len ||
        (authority[len] == '/' && authority[len + 1] != '\0')) {
        err_set(err, "%.200s: expected https://HOST[:PORT] without a path",
                text);
        return -EINVAL;
    }
    memcpy(copy, authority, len);
    copy[len] = '\0';
    if (address_split(copy, default_port, ret->host, &ret->port, &why) < 0 ||
        ret->host[0] == '\0' || ret->port == 0) {
        err_set(err, "%.200s: expected https://HOST[:PORT]", text);
        return -EINVAL;
    }
    return 0;
}

int place_parse(struct place *ret, const char *text, struct err *err)
{
    enum { HTTPS_PORT = 443, HTTP_PORT = 80 };
    struct place place = { .kind = PLACE_SOCKET };
    int r;

    if (strncmp(text, "https://", 8) == 0) {
        place.kind = PLACE_HTTPS;
        r = read_host(&place, text + 8, HTTPS_PORT, text, err);
    } else if (strncmp(text, "http://", 7) == 0) {
        place.kind = PLACE_HTTP;
        r = read_host(&place, text + 7, HTTP_PORT, text, err);
        if (r == 0 && !is_loopback(place.host)) {
            err_set(err,
                    "%.200s: http is for this machine (127.0.0.1, ::1); use "
                    "https",
                    text);
            r = -EINVAL;
        }
    } else if (strncmp(text, "unix:", 5) == 0 || text[0] == '/') {
        r = read_path(&place, text[0] == '/' ? text : text + 5, err);
    } else {
        err_set(err,
                "%.200s: expected unix:PATH, https://HOST[:PORT] or "
                "http://127.0.0.1:PORT",
                text);
        r = -EINVAL;
    }
    if (r == 0)
        *ret = place;
    return r;
}

struct place_text place_authority(const struct place *place)
{
    struct place_text shown;
    bool is_ipv6 = strchr(place->host, ':') != NULL;

    if (place->kind == PLACE_SOCKET)
        snprintf(shown.text, sizeof shown.text, "localhost");
    else
        snprintf(shown.text, sizeof shown.text, is_ipv6 ? "[%s]:%u" : "%s:%u",
                 place->host, place->port);
    return shown;
}

struct place_text place_format(const struct place *place)
{
    struct place_text authority = place_authority(place);
    struct place_text shown;

    if (place->kind == PLACE_SOCKET)
        snprintf(shown.text, sizeof shown.text, "unix:%s", place->path);
    else
        snprintf(shown.text, sizeof shown.text, "%s://%.270s",
                 place->kind == PLACE_HTTPS ? "https" : "http", authority.text);
    return shown;
}

#include "web/http_origin.h"

#include "base/network.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { HOST_MAX = 256 };

bool http_origin_is_allowed(const char *origin, const char *host, bool is_tls,
                            const struct http_origins *allowed)
{
    char own[HOST_MAX + 16];

    if (origin == NULL)
        return true;
    if (host != NULL && strlen(host) <= HOST_MAX) {
        snprintf(own, sizeof own, "%s://%s", is_tls ? "https" : "http", host);
        if (strcasecmp(own, origin) == 0)
            return true;
    }
    for (size_t i = 0; i < allowed->count; i++)
        if (strcasecmp(allowed->item[i], origin) == 0)
            return true;
    return false;
}

bool http_origin_is_own_page(const char *origin, const char *site,
                             const char *host, bool is_tls,
                             const struct http_origins *allowed)
{
    return origin != NULL &&
           (site == NULL || strcasecmp(site, "same-origin") == 0) &&
           http_origin_is_allowed(origin, host, is_tls, allowed);
}

/* "[::1]:8080" is "::1", "localhost:80" is "localhost". */
static bool cut_port(char to[HOST_MAX], const char *host)
{
    size_t len;

    if (*host == '[') {
        host++;
        len = strcspn(host, "]");
    } else {
        len = strcspn(host, ":");
    }
    if (len >= HOST_MAX)
        return false;
    memcpy(to, host, len);
    to[len] = '\0';
    return true;
}

bool http_origin_is_own_host(const char *host,
                             const struct http_origins *allowed)
{
    char name[HOST_MAX], other[HOST_MAX];
    struct ip ip;

    if (host == NULL || *host == '\0')
        return true;
    if (!cut_port(name, host))
        return false;
    if (ip_parse(name, &ip) || strcasecmp(name, "localhost") == 0)
        return true;
    for (size_t i = 0; i < allowed->count; i++) {
        const char *origin = strstr(allowed->item[i], "://");

        if (origin != NULL && cut_port(other, origin + 3) &&
            strcasecmp(other, name) == 0)
            return true;
    }
    return false;
}

#include "vm/host/proxy_words.h"

#include <errno.h>
#include <string.h>

/* What to do about TLS that failed. */
static const char *tls_advice(const struct proxy_facts *f, int error)
{
    if (f->is_wrong_peer)
        return "; vspcd --show-tls prints the URI of the one that is meant";
    if (f->had_tls)
        return "";
    if (error == -EPROTO)
        return "; compare the URI with --tls, --tls-min and --tls-ciphers of "
               "vspcd";
    return f->policy == AUTH_NOT_NEEDED
               ? "; does this port take telnets://? Its log may say more"
               : "; its log may say why";
}

struct err proxy_words_lost(const struct proxy_facts *f, int error)
{
    const char *what =
        error == 0 ? "the connection was closed" : strerror(-error);
    struct err why;

    if (f->tls_problem[0] != '\0')
        err_set(&why, "%s: %s%s", f->name, f->tls_problem,
                tls_advice(f, error));
    else if (!f->is_negotiating)
        err_set(&why, "%s: %s", f->name, what);
    else if (f->is_destination)
        err_set(&why, "%s: %s before VMOTION-PEER-OK", f->name, what);
    else if (f->said[0] != '\0')
        err_set(&why, "%s: it does not serve VMs (%s; it says: %s)", f->name,
                what, f->said);
    else
        err_set(&why,
                "%s: %s before it took the port; is this a "
                "concentrator's port for VMs?",
                f->name, what);
    return why;
}

struct err proxy_words_late(const struct proxy_facts *f)
{
    bool waits_for_tls =
        f->policy == AUTH_REQUIRED && f->auth != TELAUTH_STATE_SECURE;
    struct err why;

    err_set(&why,
            waits_for_tls
                ? "%s: it does not go on to TLS (AUTHENTICATION), which the "
                  "URI's parameters ask for; telnets:// may do"
                : "%s: it does not answer as a concentrator does; is "
                  "this its port for VMs?",
            f->name);
    return why;
}

struct err proxy_words_insecure(const struct proxy_facts *f)
{
    const char *what = f->auth == TELAUTH_STATE_REFUSED
                           ? "it refuses TLS within telnet (DONT "
                             "AUTHENTICATION)"
                       : f->auth == TELAUTH_STATE_NO_SSL
                           ? "it asks for authentication, and not by TLS (SEND "
                             "without SSL)"
                           : "it rejects TLS within telnet (REPLY SSL REJECT)";
    struct err why;

    err_set(&why,
            "%s: %s, which the URI's parameters ask for; telnets:// may "
            "do, or vspcd --tls offered",
            f->name, what);
    return why;
}

struct err proxy_words_no_extension(const struct proxy_facts *f)
{
    struct err why;

    err_set(&why,
            "%s: it does not speak VMware's telnet extension; is "
            "this a concentrator's port for VMs?",
            f->name);
    return why;
}

struct err proxy_words_refused(const struct proxy_facts *f, char direction,
                               const char *uri)
{
    struct err why;

    err_set(&why,
            "%s refuses direction '%c' with URI \"%s\" "
            "(WONT-PROXY); its log says why",
            f->name, direction, uri);
    return why;
}

struct err proxy_words_no_telnet(const struct proxy_facts *f)
{
    struct err why;

    err_set(&why, "%s: it sends what is no telnet", f->name);
    return why;
}

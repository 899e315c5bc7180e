#include "vm/host/proxy_words.h"

#include "proto/uri/uri_format.h"

#include <errno.h>
#include <string.h>

/* What a person can do about a failure of TLS. */
static const char *tls_advice(const struct proxy_facts *f)
{
    if (f->is_wrong_peer)
        return "; vspcd --show-tls prints the URI of the one that is meant";
    if (f->had_tls)
        return "";
    if (f->error == -EPROTO)
        return "; compare the URI with --tls, --tls-min and --tls-ciphers of "
               "vspcd";
    return f->policy == AUTH_NOT_NEEDED
               ? "; does this port take telnets://? Its log may say more"
               : "; its log may say why";
}

static void describe_loss(const struct proxy_facts *f, struct err *ret)
{
    const char *what =
        f->error == 0 ? "the connection was closed" : strerror(-f->error);

    if (f->tls_problem[0] != '\0')
        err_set(ret, "%s: %s%s", f->name, f->tls_problem, tls_advice(f));
    else if (!f->is_negotiating)
        err_set(ret, "%s: %s", f->name, what);
    else if (f->is_destination)
        err_set(ret, "%s: %s before VMOTION-PEER-OK", f->name, what);
    else if (f->said[0] != '\0')
        err_set(ret, "%s: it does not serve VMs (%s; it says: %s)", f->name,
                what, f->said);
    else
        err_set(ret,
                "%s: %s before it took the port; is this a "
                "concentrator's port for VMs?",
                f->name, what);
}

static void describe_delay(const struct proxy_facts *f, struct err *ret)
{
    bool waits_for_tls =
        f->policy == AUTH_REQUIRED && f->auth != TELAUTH_STATE_SECURE;

    err_set(ret,
            waits_for_tls
                ? "%s: it does not go on to TLS (AUTHENTICATION), which the "
                  "URI's parameters ask for; telnets:// may do"
                : "%s: it does not answer as a concentrator does; is "
                  "this its port for VMs?",
            f->name);
}

static void describe_insecurity(const struct proxy_facts *f, struct err *ret)
{
    const char *what = f->auth == TELAUTH_STATE_REFUSED
                           ? "it refuses TLS within telnet (DONT "
                             "AUTHENTICATION)"
                       : f->auth == TELAUTH_STATE_NO_SSL
                           ? "it asks for authentication, and not by TLS (SEND "
                             "without SSL)"
                           : "it rejects TLS within telnet (REPLY SSL REJECT)";

    err_set(ret,
            "%s: %s, which the URI's parameters ask for; telnets:// may "
            "do, or vspcd --tls offered",
            f->name, what);
}

struct err proxy_words(enum proxy_reason reason, const struct proxy_facts *f)
{
    struct err why = { "" };

    switch (reason) {
    case PROXY_LOST:
        describe_loss(f, &why);
        break;
    case PROXY_LATE:
        describe_delay(f, &why);
        break;
    case PROXY_INSECURE:
        describe_insecurity(f, &why);
        break;
    case PROXY_REFUSED:
        err_set(&why,
                "%s refuses direction '%c' with URI \"%s\" "
                "(WONT-PROXY); its log says why",
                f->name, f->direction, uri_show(slice_of_text(f->uri)).text);
        break;
    case PROXY_NO_EXTENSION:
        err_set(&why,
                "%s: it does not speak VMware's telnet extension; is "
                "this a concentrator's port for VMs?",
                f->name);
        break;
    case PROXY_NO_TELNET:
        err_set(&why, "%s: it sends what is no telnet", f->name);
        break;
    case PROXY_REASON_COUNT:
        break;
    }
    return why;
}

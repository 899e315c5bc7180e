/* D2..: the certificate that VMs see, and TLS; D4..: names. */
#include "cli/doctor/judge/checks.h"

#include "base/text.h"
#include "cli/output/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_S = 24 * 3600, SOON_DAYS = 30, VERY_SOON_DAYS = 7 };

static const json_t *certificate_of(const json_t *facts)
{
    const json_t *certificate = value_at(facts, "vm_listeners.certificate");

    return json_is_object(certificate) ? certificate : NULL;
}

/* Without TLS there is nothing to judge. */
static bool has_none(const json_t *facts, struct findings *to)
{
    if (certificate_of(facts) != NULL)
        return false;
    findings_add(to, FINDING_OK, NULL, "there is no TLS for VMs");
    return true;
}

static void advise_renewal(const json_t *facts, struct findings *to)
{
    if (checks_flag(facts, "vm_listeners.certificate.is_self_signed"))
        findings_advise(to, "vspcd has made it: remove the files and restart, "
                            "and it makes another one. Its thumbprint in the "
                            "VMs' vSPC URIs changes with it (vspc uri).");
    else
        findings_advise(to, "Get a new certificate, put it into the files of "
                            "cert and key, and load it:");
    findings_command(to, "vspc reload");
    findings_command(to, "vspcd --show-tls");
}

static void judge_dates(const json_t *facts, struct findings *to)
{
    double now = checks_number(facts, "here.time_ms", 0);
    int64_t from, until;
    double days;

    if (has_none(facts, to))
        return;
    if (!value_time_ms(
            checks_text(facts, "vm_listeners.certificate.not_before"), &from) ||
        !value_time_ms(checks_text(facts, "vm_listeners.certificate.not_after"),
                       &until)) {
        findings_add(to, FINDING_UNKNOWN, NULL, "the dates cannot be read");
        return;
    }
    days = ((double)until - now) / 1000 / DAY_S;
    if (now < (double)from) {
        findings_add(to, FINDING_WRONG, NULL,
                     "the certificate is not valid yet: it begins at %s",
                     checks_text(facts, "vm_listeners.certificate.not_before"));
        findings_advise(to, "Is the clock right?");
        findings_command(to, "timedatectl");
    } else if (days < 0) {
        findings_add(to, FINDING_WRONG, NULL,
                     "the certificate has expired at %s",
                     checks_text(facts, "vm_listeners.certificate.not_after"));
        advise_renewal(facts, to);
    } else if (days < SOON_DAYS) {
        findings_add(to, days < VERY_SOON_DAYS ? FINDING_WRONG : FINDING_NOTE,
                     NULL, "the certificate expires in %.0f days", days);
        advise_renewal(facts, to);
    } else {
        findings_add(to, FINDING_OK, NULL,
                     "the certificate is good for %.0f days", days);
    }
}

static bool has_name(const json_t *names, const char *name)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *pattern = json_string_value(json_array_get(names, i));

        if (pattern != NULL && text_is_name_of(pattern, name))
            return true;
    }
    return false;
}

/* Hosts that verify names need one of the certificate; those with a thumbprint
 * need none. */
static void judge_certificate_names(const json_t *facts, struct findings *to)
{
    const json_t *names = value_at(facts, "vm_listeners.certificate.names");
    const json_t *ours = value_at(facts, "vm_listeners.names");
    const char *host = checks_text(facts, "reach.host");
    struct checks_list others = { .count = 0 };

    if (has_none(facts, to))
        return;
    for (size_t i = 0; i < json_array_size(ours); i++) {
        const char *name = json_string_value(json_array_get(ours, i));

        if (name != NULL && !has_name(names, name))
            checks_list_add(&others, name);
    }
    if (strcmp(checks_text(facts, "reach.kind"), "https") == 0 &&
        !has_name(names, host))
        checks_list_add(&others, host);
    if (others.count == 0) {
        findings_add(to, FINDING_OK, NULL,
                     "the certificate has the names of this server");
        return;
    }
    findings_add(to, FINDING_NOTE, NULL, "the certificate is not for %s",
                 checks_list_text(&others));
    findings_advise(to, "VMs whose vSPC URI has a thumbprint do not mind; with "
                        "#verify or #peerName they need a certificate for the "
                        "name in the URI.");
    findings_command(to, "vspc uri");
}

static void judge_key(const json_t *facts, struct findings *to)
{
    const char *key = checks_text(facts, "vm_listeners.certificate.key");
    long bits = strncmp(key, "RSA", 3) == 0
                    ? strtol(key + strcspn(key, "0123456789"), NULL, 10)
                    : 0;

    if (has_none(facts, to))
        return;
    if (bits > 0 && bits < 2048) {
        findings_add(to, FINDING_WRONG, NULL,
                     "the key has %ld bits: hosts refuse less than 2048", bits);
        findings_advise(to, "Make a key of 2048 bits, or ECDSA P-256.");
    } else if (bits > 2048) {
        findings_add(to, FINDING_NOTE, NULL,
                     "the RSA key has %ld bits: each connection costs the "
                     "server several ms",
                     bits);
        findings_advise(to, "When all VMs come again at once, that is minutes "
                            "of one processor. 2048 bits or ECDSA P-256 are "
                            "enough.");
    } else {
        findings_add(to, FINDING_OK, NULL, "the key is good: %s", key);
    }
}

/* What VMs' URIs say is seen by how they come: in TLS or not. */
static void judge_thumbprint(const json_t *facts, struct findings *to)
{
    const json_t *items = value_at(facts, "consoles.items");
    struct checks_list clear = { .count = 0 };
    unsigned secure = 0;

    if (has_none(facts, to))
        return;
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *tls = value_at(json_array_get(items, i), "tls");

        secure += json_is_true(tls);
        if (json_is_false(tls))
            checks_list_add(&clear,
                            checks_text(json_array_get(items, i), "name"));
    }
    if (clear.count > 0) {
        findings_add(to, FINDING_NOTE, NULL,
                     "%u VMs come in the clear, %u in TLS: %s", clear.count,
                     secure, checks_list_text(&clear));
        findings_advise(to, "Whoever can read their network sees what they "
                            "print and what is typed. Give them the vSPC URI "
                            "with telnets:// and the thumbprint.");
        findings_command(to, "vspc uri");
    } else {
        findings_add(to, FINDING_OK, NULL,
                     "%u VMs come in TLS, none in the clear; SHA-1 %s", secure,
                     checks_text(facts, "vm_listeners.certificate.sha1"));
    }
}

static bool is_about_terms(const char *reason)
{
    return strstr(reason, "TLS") != NULL &&
           (strstr(reason, "version") != NULL ||
            strstr(reason, " at most") != NULL ||
            strstr(reason, "cipher") != NULL ||
            strstr(reason, "key exchange") != NULL);
}

static void judge_terms(const json_t *facts, struct findings *to)
{
    const json_t *items = value_at(facts, "refusals.items");

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const char *reason = checks_text(item, "reason");

        if (!is_about_terms(reason))
            continue;
        findings_add(to, FINDING_WRONG, checks_text(item, "address"),
                     "%s (%s, last %s)", reason,
                     checks_times(checks_number(item, "count", 1)).text,
                     checks_text(item, "last"));
        findings_advise(to, "Update the host; until then vm-tls-min in "
                            "vspcd.conf can be older, for VMs alone. Ciphers: "
                            "leave tls-ciphers empty.");
    }
    if (to->count == 0)
        findings_add(to, FINDING_OK, NULL,
                     "no host has failed for its version of TLS or its "
                     "ciphers; the oldest that may come is %s",
                     checks_text(facts, "vm_listeners.tls_min"));
}

/* ---- D4..: names ----------------------------------------------------------
 */

/* What a machine's /etc/hosts has for its own name. */
static bool is_own(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static void judge_forward(const json_t *facts, struct findings *to)
{
    const json_t *names = json_object_get(facts, "names");
    const json_t *own = value_at(facts, "vm_listeners.addresses");
    bool is_server = checks_flag(facts, "here.is_server");
    struct checks_list good = { .count = 0 };

    for (size_t i = 0; i < json_array_size(names); i++) {
        const json_t *item = json_array_get(names, i);
        const json_t *found = json_object_get(item, "addresses");
        const char *name = checks_text(item, "name");
        struct checks_list strange = { .count = 0 };

        if (checks_text(item, "why")[0] != '\0') {
            findings_add(to, FINDING_NOTE, name, "not found in DNS: %s",
                         checks_text(item, "why"));
            findings_advise(to, "Hosts that have this name in their vSPC URI "
                                "would not find the server. Add it to DNS, or "
                                "use an address.");
            findings_command(to, "getent ahosts %s", checks_word(name, "NAME"));
            continue;
        }
        for (size_t j = 0; j < json_array_size(found); j++) {
            const char *address = json_string_value(json_array_get(found, j));

            if (address != NULL && json_array_size(own) > 0 &&
                !has_name(own, address) && !(is_server && is_own(address)))
                checks_list_add(&strange, address);
        }
        if (strange.count == 0) {
            checks_list_add(&good, name);
            continue;
        }
        findings_add(to, FINDING_NOTE, name,
                     "leads to %s, which is no address of the server",
                     checks_list_text(&strange));
        findings_advise(to, "Good for a balancer or NAT; otherwise hosts "
                            "connect to another machine.");
    }
    if (to->count == 0 && good.count > 0)
        findings_add(to, FINDING_OK, NULL, "names lead to the server: %s",
                     checks_list_text(&good));
}

static void judge_reverse(const json_t *facts, struct findings *to)
{
    const json_t *addresses = json_object_get(facts, "addresses");
    struct checks_list nameless = { .count = 0 };
    struct checks_list named = { .count = 0 };

    for (size_t i = 0; i < json_array_size(addresses); i++) {
        const json_t *item = json_array_get(addresses, i);
        const json_t *names = json_object_get(item, "names");
        const char *name = json_string_value(json_array_get(names, 0));

        if (name == NULL)
            checks_list_add(&nameless, checks_text(item, "address"));
        else
            checks_list_add(&named, name);
    }
    if (nameless.count > 0) {
        findings_add(to, FINDING_NOTE, NULL,
                     "no name in DNS leads back from %s",
                     checks_list_text(&nameless));
        findings_advise(to,
                        "vspcd needs none; logs of other systems are easier "
                        "to read with one (a PTR record).");
    } else if (named.count > 0) {
        findings_add(to, FINDING_OK, NULL, "addresses have names: %s",
                     checks_list_text(&named));
    }
}

const struct check checks_of_certificate[] = {
    { "D201", "the certificate is within its dates", "vm_listeners",
      judge_dates },
    { "D202", "the certificate is for the server's names", "vm_listeners",
      judge_certificate_names },
    { "D203", "the key is neither weak nor slow", "vm_listeners", judge_key },
    { "D204", "VMs come in TLS", "consoles", judge_thumbprint },
    { "D205", "hosts' versions of TLS fit", "refusals", judge_terms },
    { .code = NULL },
};

const struct check checks_of_names[] = {
    { "D401", "names lead to the server", "names", judge_forward },
    { "D402", "addresses have names", "addresses", judge_reverse },
    { .code = NULL },
};

/* The ways into TLS, and who the concentrator proves to be: each by a VM of its
 * own, which goes again. */
#include "vm/rehearse/steps/steps.h"

#include <stdio.h>
#include <string.h>

enum { TRIAL_NUMBER = 2, SHA256_LEN = 32 * 3 };

/* A connection that is tried. */
struct trial {
    bool is_open;
    struct err why;
    char terms[80];
    uint64_t took_us;
};

static bool is_trial_idle(void *owner)
{
    return played_vm_is_idle(owner);
}

static void connect_trial(struct stage *s, struct played_vm *vm,
                          struct trial *ret)
{
    ret->is_open = stage_connect(s, vm, &ret->why);
    if (ret->is_open) {
        ret->took_us = vm->opened_us - vm->started_us;
        memcpy(ret->terms, vm->terms, sizeof ret->terms);
        played_vm_finish(vm);
        (void)stage_wait(s, is_trial_idle, vm);
    }
}

/* scheme and parameters as in a URI: "telnets", "thumbprint=..."; NULL: none.
 * The rest is as in --proxy. */
static struct trial try_uri(struct stage *s, const char *scheme,
                            const char *parameters)
{
    const struct concentrator *base = s->settings->proxy;
    bool is_ipv6 = strchr(base->host, ':') != NULL;
    char text[ADDRESS_HOST_MAX + 256];
    struct concentrator c;
    struct proxy_target target;
    struct trial trial = { .is_open = false };
    struct played_vm *vm;

    snprintf(text, sizeof text, "%s://%s%s%s:%u%s%s", scheme,
             is_ipv6 ? "[" : "", base->host, is_ipv6 ? "]" : "", base->port,
             parameters != NULL ? "#" : "",
             parameters != NULL ? parameters : "");
    if (concentrator_read(&c, "proxy", text, &trial.why) < 0 ||
        concentrator_open(&target, &c, &s->settings->proof, "proxy",
                          &trial.why) < 0)
        return trial;
    vm = stage_add_vm(s, TRIAL_NUMBER);
    vm->config.proxy = target;
    connect_trial(s, vm, &trial);
    stage_remove_vm(s, vm);
    tls_context_close(target.tls);
    return trial;
}

/* What the server says about TLS on the port: "off", "telnets", "offered" or
 * "required"; "": it is not known. */
static const char *policy_of(const struct stage *s)
{
    const json_t *all = json_object_get(s->listeners, "listeners");

    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        const char *tls = json_string_value(json_object_get(one, "tls"));

        if (json_integer_value(json_object_get(one, "port")) ==
                s->settings->proxy->port &&
            tls != NULL)
            return tls;
    }
    return "";
}

/* A host that lets no connection through lets no other one through, and each
 * takes its time; one that has refused the VM may be reached in another way. */
static bool may_try(const struct stage *s, struct outcome *o)
{
    if (!s->is_unreachable || s->first->hosts.vm->local.text[0] != '\0')
        return true;
    outcome_set(o, OUTCOME_SKIPPED, "the concentrator is not reached");
    return false;
}

static void judge(struct outcome *o, const struct trial *trial, bool is_offered)
{
    if (trial->is_open) {
        outcome_set(o, OUTCOME_OK, "%s", trial->terms);
        outcome_put_ms(o, "connect_ms", trial->took_us);
    } else if (is_offered) {
        outcome_set(o, OUTCOME_FAILED, "%.500s", trial->why.text);
    } else {
        outcome_set(o, OUTCOME_SKIPPED, "not offered (%.400s)",
                    trial->why.text);
    }
}

/* Another port may be what a balancer forwards to the server's: what the server
 * does not say of this port, it may do all the same. */
void step_telnets(struct stage *s, const struct step *step, struct outcome *o)
{
    const char *policy = policy_of(s);
    struct trial trial;

    (void)step;
    if (!may_try(s, o))
        return;
    if (strcmp(policy, "off") == 0) {
        outcome_set(o, OUTCOME_SKIPPED, "the server has TLS switched off");
        return;
    }
    trial = try_uri(s, "telnets", NULL);
    if (trial.is_open)
        s->tls_scheme = "telnets";
    judge(o, &trial, policy[0] != '\0');
}

/* The parameter asks for TLS, and demands nothing of the certificate. */
void step_start_tls(struct stage *s, const struct step *step, struct outcome *o)
{
    static const char any_cipher[] = "cipherList=DEFAULT";
    const char *policy = policy_of(s);
    struct trial trial;

    (void)step;
    if (!may_try(s, o))
        return;
    if (strcmp(policy, "off") == 0 || strcmp(policy, "telnets") == 0) {
        outcome_set(o, OUTCOME_SKIPPED, "the server does not offer it (tls=%s)",
                    policy);
        return;
    }
    trial = try_uri(s, "telnet", any_cipher);
    if (trial.is_open && s->tls_scheme == NULL)
        s->tls_scheme = "telnet";
    judge(o, &trial, policy[0] != '\0');
}

/* The scheme by which TLS is to be had; NULL: by none that is known. */
static const char *scheme_of(const struct stage *s)
{
    const char *policy = policy_of(s);

    if (s->tls_scheme != NULL)
        return s->tls_scheme;
    if (s->settings->proxy->policy == AUTH_REQUIRED)
        return "telnet";
    if (s->settings->proxy->policy == AUTH_NOT_NEEDED ||
        (policy[0] != '\0' && strcmp(policy, "off") != 0))
        return "telnets";
    return NULL;
}

void step_thumbprint(struct stage *s, const struct step *step,
                     struct outcome *o)
{
    const char *scheme = scheme_of(s);
    const char *sha256 = json_string_value(json_object_get(
        json_object_get(s->listeners, "certificate"), "sha256"));
    char parameter[SHA256_LEN + sizeof "thumbprint="];
    struct trial trial;

    (void)step;
    if (!may_try(s, o))
        return;
    if (scheme == NULL || sha256 == NULL) {
        outcome_set(o, OUTCOME_SKIPPED, "the server shows no certificate");
        return;
    }
    snprintf(parameter, sizeof parameter, "thumbprint=%s", sha256);
    trial = try_uri(s, scheme, parameter);
    judge(o, &trial, true);
    if (trial.is_open)
        outcome_set(o, OUTCOME_OK, "SHA-256 %.23s...", sha256);
}

/* Tries TLS by what is known to work, with the parameter. False: it was
 * skipped, and told. */
static bool try_tls(struct stage *s, const char *parameter, struct outcome *o,
                    struct trial *ret)
{
    const char *scheme = scheme_of(s);

    if (!may_try(s, o))
        return false;
    if (scheme == NULL) {
        outcome_set(o, OUTCOME_SKIPPED, "no TLS");
        return false;
    }
    *ret = try_uri(s, scheme, parameter);
    return true;
}

/* The VM must be kept away, for the reason that has the word and for nothing
 * else. opened: what it is if it is not. */
static void judge_refusal(struct outcome *o, const struct trial *trial,
                          const char *word, const char *kept_away,
                          const char *opened)
{
    if (trial->is_open)
        outcome_set(o, OUTCOME_FAILED, "%s", opened);
    else if (strstr(trial->why.text, word) != NULL)
        outcome_set(o, OUTCOME_OK, "%s", kept_away);
    else
        outcome_set(o, OUTCOME_FAILED, "%.500s", trial->why.text);
}

void step_wrong_thumbprint(struct stage *s, const struct step *step,
                           struct outcome *o)
{
    static const char wrong[] =
        "thumbprint=00112233445566778899AABBCCDDEEFF00112233";
    struct trial trial;

    (void)step;
    if (try_tls(s, wrong, o, &trial))
        judge_refusal(o, &trial, "certificate", "kept away",
                      "a VM was served by a server that it must not trust");
}

/* A host that verifies needs a certificate of a CA that it knows; thumbprints
 * do without, so nothing has failed. */
void step_verify(struct stage *s, const struct step *step, struct outcome *o)
{
    struct trial trial;

    (void)step;
    if (!try_tls(s, "verify", o, &trial))
        return;
    if (trial.is_open)
        outcome_set(o, OUTCOME_OK, "for %.200s, by the CAs of this machine",
                    s->settings->proxy->host);
    else
        outcome_set(o, OUTCOME_SKIPPED, "URIs need a thumbprint (%.400s)",
                    trial.why.text);
}

void step_refuse(struct stage *s, const struct step *step, struct outcome *o)
{
    struct played_vm *vm;
    struct trial trial;

    (void)step;
    if (s->is_unreachable) {
        outcome_set(o, OUTCOME_SKIPPED, "no VM is connected");
        return;
    }
    vm = stage_add_vm(s, TRIAL_NUMBER);
    trial = (struct trial){ .is_open = false };
    vm->config.identity.direction = 'C';
    vm->config.identity.uri = "rehearsal://no-such-service";
    connect_trial(s, vm, &trial);
    stage_remove_vm(s, vm);
    judge_refusal(o, &trial, "WONT-PROXY", "WONT-PROXY",
                  "a service that nobody has was promised (WILL-PROXY)");
}

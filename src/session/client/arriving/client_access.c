/*
 * Who a client is, and what it may do with its console. The answer is the
 * rules' (access/access_rules.h), asked here for every door; that a client does
 * no more than it may is core's (core/client.c).
 *
 * Asked when TLS is decided and before anything else is taken or told: a
 * stranger without a right takes no place, is never seen by the VM, and is told
 * nothing that has to do with the console. Asked again whenever the answer may
 * be another one.
 *
 * Connections that vspcd has made are the VM's configuration's, which the rules
 * for services have allowed: the rules for people are not for them.
 */
#include "base/clock.h"
#include "core/keyboard.h"
#include "session/client/client_control.h"
#include "session/client/client_log.h"
#include "session/client/client_session_private.h"

#include <assert.h>

/* A balancer's word about an address is no proof that somebody is on this
 * machine. */
void client_access_init(struct client_session *s)
{
    struct ip ip = { 0 };
    bool has_ip = address_ip(&s->telnet.wire.stream->peer, &ip);

    s->who = principal_of_address(has_ip, ip);
    if (s->telnet.wire.stream->is_relayed)
        s->who.is_local = false;
    s->client.who = &s->who;
    s->is_nameless = false;
    groups_watched_init(&s->watched);
}

void client_access_done(struct client_session *s)
{
    groups_watch_remove(&s->watched);
    principal_done(&s->who);
}

static_assert(sizeof((struct stream_certificate *)0)->name <=
                  PRINCIPAL_NAME_MAX,
              "a principal can have the name of a certificate");

/* A certificate that TLS has verified, and that has a name of the kind that
 * rules know clients by. */
static void identify(struct client_session *s)
{
    struct stream_certificate certificate;

    if (s->who.proof != PROOF_ADDRESS || s->is_nameless)
        return;
    certificate = stream_certificate(s->telnet.wire.stream);
    if (certificate.serial[0] == '\0')
        return;
    s->is_nameless =
        !principal_prove(&s->who, PROOF_CERTIFICATE, certificate.name);
    if (s->is_nameless)
        log_audit(LOG_WARNING, s->client.peer, NULL,
                  LOG_CLIENT_NAMELESS
                  " peer=%s client=%s issuer=%s serial=%s reason=%s",
                  s->client.peer, LOG_TEXT(certificate.subject),
                  LOG_TEXT(certificate.issuer), certificate.serial,
                  LOG_TEXT(certificate.nameless));
}

/* Who was known by a certificate is known by its new name, or by the address
 * alone; and whose certificate had no name may have one now. Who has logged in
 * stays who that is. */
void client_access_identify_again(struct client_session *s)
{
    if (s->who.proof != PROOF_CERTIFICATE && s->who.proof != PROOF_ADDRESS)
        return;
    client_access_done(s);
    client_access_init(s);
    identify(s);
}

static struct access_verdict judge(const struct client_session *s,
                                   const struct console *c)
{
    return session_context_judge(s->telnet.ctx, &s->who, c);
}

static bool holds(const struct client_session *s)
{
    return session_context_trusts(s->telnet.ctx, &s->who);
}

/* Without sections nobody from another machine may come; the administrator has
 * to say who may. */
static bool lacks_rules(const struct client_session *s)
{
    const struct access_rules *rules = s->telnet.ctx->access;

    return rules != NULL && access_rules_are_standard(rules) &&
           !s->who.is_local;
}

static void explain(const struct client_session *s, struct err *why)
{
    if (lacks_rules(s))
        err_set(why, "vspcd has no rules for other machines yet; its "
                     "administrator adds an access section to vspcd.conf");
    else
        err_set(why, "you have no access here");
}

void client_access_log_refused(const struct client_session *s,
                               enum log_level level, unsigned rule_line,
                               const char *reason)
{
    client_log_refused(&s->client, s->target.console, level, rule_line, reason);
}

/* The administrator is told more than the client. */
static void log_refused(const struct client_session *s,
                        const struct access_verdict *verdict)
{
    admission_count(&s->telnet.ctx->gate.admission, ADMISSION_CLIENT,
                    ADMISSION_NO_RIGHT);
    client_access_log_refused(
        s, LOG_WARNING, verdict->line,
        !holds(s) ? client_end_text(CLIENT_END_TOKEN)
        : lacks_rules(s)
            ? "it comes from another machine, and there is no access section; "
              "access \"*\" { read = {\"anybody\"} } would let everybody read"
        : verdict->is_matched ? "no member of the access section is for it"
                              : "no access section is for this console");
}

static void client_access_groups_changed(void *owner)
{
    struct client_session *s = owner;

    (void)client_access_judge(s);
    directory_settle(s->telnet.ctx->directory);
}

static void watch_groups(struct client_session *s)
{
    struct groups_watch *groups = s->telnet.ctx->groups;

    if (groups != NULL)
        groups_watch_add(groups, &s->watched, &s->who,
                         client_access_groups_changed, s);
}

enum right client_access_right_on(const struct client_session *s,
                                  const struct console *c)
{
    return judge(s, c).right;
}

/* The list of the menu has what its person may read, be that nothing. */
bool client_access_decide(struct client_session *s, struct err *why)
{
    struct access_verdict verdict = { .right = RIGHT_NONE };
    bool is_let_in;

    if (s->role->is_outgoing)
        return true;
    identify(s);
    if (s->target.console == NULL) {
        is_let_in = !lacks_rules(s) && holds(s);
    } else {
        verdict = judge(s, s->target.console);
        client_set_right(&s->client, verdict.right);
        s->client.keyboard = (uint8_t)verdict.keyboard;
        is_let_in = verdict.right >= RIGHT_READ;
    }
    if (!is_let_in) {
        explain(s, why);
        log_refused(s, &verdict);
        return false;
    }
    watch_groups(s);
    return true;
}

/* At the menu everybody may read the list, which has what each may read. */
enum right client_access_right(struct client_session *s)
{
    identify(s);
    return s->target.console != NULL ? judge(s, s->target.console).right
                                     : RIGHT_READ;
}

/* At the menu somebody who has proven a name is known well enough. */
bool client_access_may_gain(struct client_session *s)
{
    const struct access_rules *rules = s->telnet.ctx->access;
    struct access_console console;

    if (rules == NULL || lacks_rules(s) ||
        client_access_right(s) >= RIGHT_WRITE)
        return false;
    if (s->target.console == NULL)
        return s->who.proof == PROOF_ADDRESS &&
               access_rules_may_gain(rules, &s->who, NULL);
    console = console_view(s->target.console);
    return access_rules_may_gain(rules, &s->who, &console);
}

void client_access_prove(struct client_session *s, struct principal *who)
{
    principal_done(&s->who);
    s->who = *who;
    *who = (struct principal){ 0 };
}

static void log_changed(const struct client_session *s, enum right before,
                        const struct access_verdict *verdict)
{
    const struct console *c = s->target.console;

    log_audit(LOG_INFO, s->client.peer, console_id(c).text,
              LOG_CLIENT_RIGHT_CHANGED CLIENT_LOG_FIELDS
              " right=%s before=%s rule-line=%u",
              CLIENT_LOG_VALUES(&s->client, c), right_name(verdict->right),
              right_name(before), verdict->line);
}

/* Output that it has not had yet is not its due any more: the console may be
 * another one by now. */
void client_access_lose(struct client_session *s, const char *reason)
{
    if (client_session_is_attached(s))
        client_skip(&s->client, clock_now_us());
    s->session.ops->shut_down(&s->session, reason);
}

static void tell(struct client_session *s, enum right before, enum right now)
{
    if (!client_output_takes_notices(s) ||
        (before >= RIGHT_WRITE) == (now >= RIGHT_WRITE))
        return;
    s->was_told_denied = now < RIGHT_WRITE;
    client_output_notice(s, now >= RIGHT_WRITE
                                ? "you may type from now on"
                                : "you may only read from now on");
    client_output_flush(s);
}

/* It is not served as a stranger either: it came by its token. */
static void lose_token(struct client_session *s)
{
    const struct access_verdict none = { .right = RIGHT_NONE };

    if (client_session_is_attached(s)) {
        log_changed(s, (enum right)s->client.right, &none);
        client_set_right(&s->client, RIGHT_NONE);
        client_line_end(s);
    }
    client_access_lose(s, client_end_text(CLIENT_END_TOKEN));
}

bool client_access_judge(struct client_session *s)
{
    enum right before = (enum right)s->client.right;
    struct access_verdict verdict;

    if (s->phase < CLIENT_DRAINING && !holds(s)) {
        lose_token(s);
        return false;
    }
    client_menu_refresh(s);
    if (s->role->is_outgoing || s->phase >= CLIENT_DRAINING ||
        !client_session_is_attached(s))
        return true;
    verdict = judge(s, s->target.console);
    s->client.keyboard = (uint8_t)verdict.keyboard;
    keyboard_look(&s->client);
    if (verdict.right == before)
        return true;
    log_changed(s, before, &verdict);
    client_set_right(&s->client, verdict.right);
    if (verdict.right < RIGHT_BREAK)
        client_line_end(s);
    if (verdict.right < RIGHT_READ && client_menu_lose(s))
        return true;
    if (verdict.right < RIGHT_READ) {
        client_access_lose(s, client_end_text(CLIENT_END_NO_RIGHT));
        return false;
    }
    tell(s, before, verdict.right);
    return true;
}

static void tell_right(struct client_session *s, enum right denied)
{
    const struct console *c = s->target.console;

    s->was_told_denied = true;
    log_audit(LOG_INFO, s->client.peer, console_id(c).text,
              LOG_CLIENT_DENIED CLIENT_LOG_FIELDS " right=%s needs=%s",
              CLIENT_LOG_VALUES(&s->client, c),
              right_name((enum right)s->client.right), right_name(denied));
    client_say(&s->client, s->client.right >= RIGHT_WRITE
                               ? "you may not send a break"
                               : "you may only read; what you type is "
                                 "discarded");
}

/* Told once of each lock. */
static void tell_lock(struct client_session *s)
{
    uint64_t since_us = keyboard_lock_of(s->client.console)->since_us;

    if (s->lock_told_us == since_us)
        return;
    s->lock_told_us = since_us;
    client_control_tell_lock(&s->client);
}

/* Told again when another one has the keyboard. */
static void tell_holder(struct client_session *s)
{
    const struct client *holder = keyboard_holder(s->client.console);
    struct err text;

    if (s->client.is_barred) {
        tell_lock(s);
        return;
    }
    if (holder != NULL && s->holder_told == holder->number)
        return;
    s->holder_told = holder != NULL ? holder->number : s->client.number;
    if (holder != NULL)
        err_set(&text, "%s has the keyboard; what you type is discarded",
                client_shown_name(holder));
    else
        err_set(&text, "you came as a reader, because another one had the "
                       "keyboard; what you type is discarded");
    client_say(&s->client, text.text);
}

void client_access_tell_denied(struct client_session *s)
{
    enum right denied = (enum right)s->client.denied;
    bool is_locked_out = s->client.is_locked_out;

    s->client.denied = RIGHT_NONE;
    s->client.is_locked_out = false;
    if (client_session_is_ending(s) || !client_session_is_attached(s))
        return;
    if (denied != RIGHT_NONE && !s->was_told_denied)
        tell_right(s, denied);
    else if (denied == RIGHT_NONE && is_locked_out)
        tell_holder(s);
}

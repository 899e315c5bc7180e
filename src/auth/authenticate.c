/*
 * An attempt goes through these states, some at once:
 *
 *     DELAYED --> QUEUED --> CHECKED --> LOOKED_UP --> READY --> done
 *     failures'   for PAM    PAM works   groups        outcome known
 *     wait                   or asks
 *
 * A token that holds begins with LOOKED_UP; one that does not goes from DELAYED
 * to READY. Every state but LOOKED_UP, which groups.c ends, and CHECKED, which
 * pam.c ends, is ended here, by steps.
 *
 * The step runs all the time, so that an answer comes at a multiple of
 * AUTHENTICATE_STEP_US after the beginning, whatever has been done for it.
 */
#include "auth/authenticate.h"

#include "base/clock.h"
#include "base/mem.h"
#include "log/log.h"
#include "log/log_words.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum state { DELAYED, QUEUED, CHECKED, LOOKED_UP, READY };

struct authenticate {
    struct authenticate_means means;
    struct failures failures;
    struct sites attempts; /* all of them */
    uint32_t count;
    struct sites checks; /* those in CHECKED */
    uint32_t check_count;
    struct list queued[2]; /* of those who have not failed, and the others */
    struct deadline_queue steps;
    struct authenticate_counts counts; /* under_way: count */
};

const char *authenticate_outcome_name(enum authenticate_outcome outcome)
{
    static const char *const names[AUTHENTICATE_OUTCOME_COUNT] = {
        [AUTHENTICATE_PROVEN] = "proven",
        [AUTHENTICATE_DENIED] = "denied",
        [AUTHENTICATE_EXPIRED] = "expired",
        [AUTHENTICATE_TOO_SOON] = "too-soon",
        [AUTHENTICATE_BUSY] = "busy",
        [AUTHENTICATE_TIMEOUT] = "timeout",
        [AUTHENTICATE_UNAVAILABLE] = "unavailable",
    };

    return (unsigned)outcome < AUTHENTICATE_OUTCOME_COUNT ? names[outcome]
                                                          : "?";
}

/* The steps of a test are ahead of the clock. */
static uint64_t now_of(const struct authenticate *all)
{
    uint64_t now_us = clock_now_us();

    return now_us > all->steps.fired_us ? now_us : all->steps.fired_us;
}

/* ---- its end ------------------------------------------------------------ */

/* A name that may be an account's: anything else may be a password. */
static const char *name_for_log(const struct authenticate_attempt *a)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789._-@";
    size_t len = strlen(a->name);

    if (a->who.name != NULL)
        return a->who.name;
    if (a->proof == PROOF_TOKEN || len == 0 || len > 64 ||
        strspn(a->name, allowed) != len)
        return "?";
    return a->name;
}

static void record_accepted(const struct authenticate_attempt *a)
{
    log_audit(LOG_INFO, a->peer, NULL,
              LOG_LOGIN_ACCEPTED " principal=%s proof=%s door=%s peer=%s",
              LOG_TEXT(principal_format(&a->who).text),
              principal_proof_name((enum principal_proof)a->proof), a->door,
              a->peer);
}

static void record_failed(const struct authenticate_attempt *a,
                          const char *reason)
{
    log_audit(LOG_WARNING, a->peer, NULL,
              LOG_LOGIN_FAILED
              " principal=%s proof=%s door=%s peer=%s reason=%s",
              LOG_TEXT(name_for_log(a)),
              principal_proof_name((enum principal_proof)a->proof), a->door,
              a->peer, reason);
}

struct authenticate_counts authenticate_counts(const struct authenticate *all)
{
    struct authenticate_counts counts = all->counts;

    counts.under_way = all->count;
    return counts;
}

static void start_checks(struct authenticate *all);

static void leave_checks(struct authenticate_attempt *a)
{
    if (!a->checking.is_in)
        return;
    sites_leave(&a->all->checks, &a->checking);
    a->all->check_count--;
}

/* It has no part in anything any more; the owner has what it has proven. */
static void leave(struct authenticate_attempt *a)
{
    struct authenticate *all = a->all;

    deadline_stop(&a->step);
    list_remove(&a->node);
    leave_checks(a);
    if (a->of_site.is_in) {
        sites_leave(&all->attempts, &a->of_site);
        all->count--;
    }
    mem_free_secret(&a->secret);
    mem_free_secret(&a->name);
    a->all = NULL;
    start_checks(all);
}

static void finish(struct authenticate_attempt *a)
{
    enum authenticate_outcome outcome = (enum authenticate_outcome)a->outcome;

    a->all->counts.ended[outcome]++;
    if (outcome == AUTHENTICATE_PROVEN)
        record_accepted(a);
    else
        record_failed(a, a->reason != NULL
                             ? a->reason
                             : authenticate_outcome_name(outcome));
    leave(a);
    a->ops->done(a, outcome);
}

static void become_ready(struct authenticate_attempt *a,
                         enum authenticate_outcome outcome, const char *reason)
{
    mem_free_secret(&a->secret);
    leave_checks(a);
    a->state = READY;
    a->outcome = (uint8_t)outcome;
    a->reason = reason;
}

static void count_failure(struct authenticate_attempt *a)
{
    failures_add(&a->all->failures, a->who.ip,
                 a->proof == PROOF_TOKEN ? "" : a->name, now_of(a->all));
}

void authenticate_cancel(struct authenticate_attempt *a)
{
    if (!authenticate_is_under_way(a))
        return;
    if (a->state == CHECKED) {
        count_failure(a);
        pam_conversation_cancel(&a->pam);
        a->all->counts.given_up++;
        record_failed(a, "left");
    }
    if (a->lookup != NULL)
        groups_cancel(a->lookup);
    a->lookup = NULL;
    leave(a);
    principal_done(&a->who);
}

/* ---- groups ------------------------------------------------------------- */

static void authenticate_on_groups(void *owner,
                                   const struct groups_answer *answer)
{
    struct authenticate_attempt *a = owner;

    a->lookup = NULL;
    if (answer->outcome == GROUPS_FAILED)
        log_limited(LOG_WARNING, a->peer, NULL,
                    LOG_GROUPS_UNKNOWN " principal=%s reason=%s",
                    LOG_TEXT(a->who.name), LOG_TEXT(answer->err.text));
    (void)groups_give(a->all->means.groups, answer, &a->who);
    become_ready(a, AUTHENTICATE_PROVEN, NULL);
}

/* Without an answer a person has proven a name all the same, and has no groups:
 * the rules then give less, and never more. */
static void look_up(struct authenticate_attempt *a)
{
    const struct principal *person = groups_person(&a->who);
    struct groups *groups = a->all->means.groups;
    struct err err;

    leave_checks(a);
    a->state = LOOKED_UP;
    if (groups != NULL && person != NULL) {
        a->lookup = groups_ask_name(groups, person->name,
                                    authenticate_on_groups, a, &err);
        if (a->lookup != NULL)
            return;
        log_limited(LOG_WARNING, a->peer, NULL,
                    LOG_GROUPS_UNKNOWN " principal=%s reason=%s",
                    LOG_TEXT(a->who.name), LOG_TEXT(err.text));
    }
    become_ready(a, AUTHENTICATE_PROVEN, NULL);
}

/* ---- PAM ---------------------------------------------------------------- */

static struct authenticate_attempt *attempt_of(struct pam_conversation *c)
{
    return CONTAINER_OF(c, struct authenticate_attempt, pam);
}

static void authenticate_pam_ask(struct pam_conversation *c,
                                 const char *question, bool is_hidden)
{
    struct authenticate_attempt *a = attempt_of(c);

    a->ops->ask(a, question, is_hidden);
}

static void authenticate_pam_tell(struct pam_conversation *c, const char *text)
{
    struct authenticate_attempt *a = attempt_of(c);

    a->ops->tell(a, text);
}

/* PAM may know the person by another name than was typed. One that no principal
 * can have is nobody's. */
static void accept(struct authenticate_attempt *a, const char *name)
{
    if (!principal_prove(&a->who, PROOF_PASSWORD, name)) {
        become_ready(a, AUTHENTICATE_DENIED, "unusable-name");
        return;
    }
    failures_forget(&a->all->failures, a->who.ip, a->name);
    look_up(a);
}

static void authenticate_pam_done(struct pam_conversation *c,
                                  enum pam_outcome outcome, const char *text)
{
    struct authenticate_attempt *a = attempt_of(c);
    struct authenticate *all = a->all;

    switch (outcome) {
    case PAM_OUTCOME_ACCEPTED:
        accept(a, text);
        break;
    case PAM_OUTCOME_DENIED:
        count_failure(a);
        become_ready(a, AUTHENTICATE_DENIED, NULL);
        break;
    case PAM_OUTCOME_EXPIRED:
        become_ready(a, AUTHENTICATE_EXPIRED, NULL);
        break;
    case PAM_OUTCOME_TIMEOUT:
        become_ready(a, AUTHENTICATE_TIMEOUT, NULL);
        break;
    case PAM_OUTCOME_BUSY:
        become_ready(a, AUTHENTICATE_BUSY, NULL);
        break;
    case PAM_OUTCOME_UNAVAILABLE:
        log_limited(LOG_WARNING, a->peer, NULL,
                    LOG_PASSWORDS_UNCHECKED " reason=%s", LOG_TEXT(text));
        become_ready(a, AUTHENTICATE_UNAVAILABLE, NULL);
        break;
    }
    start_checks(all);
}

static const struct pam_conversation_ops pam_ops = {
    .ask = authenticate_pam_ask,
    .tell = authenticate_pam_tell,
    .done = authenticate_pam_done,
};

/* A person at this machine has no address for PAM (PAM_RHOST). */
static void check(struct authenticate_attempt *a)
{
    struct network_text remote = ip_format(a->who.ip);
    const struct pam_login login = {
        .user = a->name,
        .remote = a->who.is_local ? "" : remote.text,
        .password = a->secret,
    };

    (void)sites_join(&a->all->checks, &a->checking, a->who.ip);
    a->all->check_count++;
    a->state = CHECKED;
    pam_conversation_begin(a->all->means.pam, &a->pam, &pam_ops, &login);
    mem_free_secret(&a->secret);
}

static uint32_t steps_of(uint64_t time_us)
{
    return (uint32_t)((time_us + AUTHENTICATE_STEP_US - 1) /
                      AUTHENTICATE_STEP_US);
}

static void delay(struct authenticate_attempt *a, uint64_t wait_us)
{
    a->state = DELAYED;
    a->steps = steps_of(wait_us);
}

/* False: it waits for a turn, or gets none. */
static bool take_turn(struct authenticate_attempt *a)
{
    const char *name = a->proof == PROOF_TOKEN ? "" : a->name;
    uint64_t wait_us;
    enum failures_turn turn;

    if (a->has_turn)
        return true;
    turn =
        failures_take_turn(&a->all->failures, a->who.ip, name, now_of(a->all),
                           AUTHENTICATE_PATIENCE_US, &wait_us);
    if (turn == FAILURES_NO_TURN) {
        a->wait_s = (uint32_t)((wait_us + 999999) / 1000000);
        become_ready(a, AUTHENTICATE_TOO_SOON, NULL);
        return false;
    }
    a->has_turn = turn == FAILURES_TAKEN;
    if (wait_us > 0)
        delay(a, wait_us);
    return wait_us == 0;
}

static struct authenticate_attempt *next_of(struct authenticate *all,
                                            struct list *queued)
{
    LIST_EACH (node, after, queued) {
        struct authenticate_attempt *a =
            CONTAINER_OF(node, struct authenticate_attempt, node);

        if (sites_count(&all->checks, a->who.ip) <
            AUTHENTICATE_CHECKS_OF_SITE_MAX)
            return a;
    }
    return NULL;
}

/* Others that were checked since it came may have failed. */
static void start_checks(struct authenticate *all)
{
    while (all->check_count < PAM_AT_ONCE && sites_have_room(&all->checks)) {
        struct authenticate_attempt *a = next_of(all, &all->queued[0]);

        if (a == NULL)
            a = next_of(all, &all->queued[1]);
        if (a == NULL)
            return;
        list_remove(&a->node);
        if (take_turn(a))
            check(a);
    }
}

/* ---- its beginning ------------------------------------------------------ */

/* It has waited, if it had to. */
static void go_on(struct authenticate_attempt *a)
{
    if (!take_turn(a))
        return;
    if (a->proof == PROOF_TOKEN) {
        count_failure(a);
        become_ready(a, AUTHENTICATE_DENIED, a->reason);
        return;
    }
    if (a->all->means.pam == NULL) {
        become_ready(a, AUTHENTICATE_UNAVAILABLE, NULL);
        return;
    }
    a->state = QUEUED;
    a->is_suspect = failures_has(&a->all->failures, a->who.ip, now_of(a->all));
    a->steps = steps_of(PAM_PATIENCE_US);
    list_add_tail(&a->all->queued[a->is_suspect], &a->node);
    start_checks(a->all);
}

static void authenticate_step_due(struct deadline *d, void *owner)
{
    struct authenticate_attempt *a =
        CONTAINER_OF(d, struct authenticate_attempt, step);
    struct authenticate *all = owner;

    deadline_start(&all->steps, &a->step, all->steps.fired_us);
    if (a->steps > 0)
        a->steps--;
    switch ((enum state)a->state) {
    case DELAYED:
        if (a->steps == 0)
            go_on(a);
        break;
    case QUEUED:
        if (a->steps == 0)
            become_ready(a, AUTHENTICATE_BUSY, NULL);
        break;
    case READY:
        finish(a);
        break;
    case CHECKED:
    case LOOKED_UP:
        break;
    }
}

/* False: too many are under way. */
static bool take_place(struct authenticate *all, struct authenticate_attempt *a)
{
    if (all->count >= AUTHENTICATE_MAX ||
        sites_count(&all->attempts, a->who.ip) >= AUTHENTICATE_OF_SITE_MAX ||
        !sites_have_room(&all->attempts))
        return false;
    (void)sites_join(&all->attempts, &a->of_site, a->who.ip);
    all->count++;
    return true;
}

/* True: it is a token, and it holds. */
static bool is_token(struct authenticate_attempt *a)
{
    struct slice text = slice_of_text(a->secret);
    enum tokens_verdict verdict;

    if (token_form(text) == TOKEN_NONE)
        return false;
    a->proof = PROOF_TOKEN;
    verdict =
        a->all->means.tokens != NULL
            ? tokens_prove(a->all->means.tokens, text, clock_utc_s(), &a->who)
            : TOKENS_UNKNOWN;
    a->reason = tokens_verdict_name(verdict);
    mem_free_secret(&a->secret);
    return verdict == TOKENS_PROVEN;
}

/* Both waits begin now: for a turn, and for a name that others guess. */
static void begin_waiting(struct authenticate_attempt *a)
{
    uint32_t of_name = 0;

    a->state = DELAYED;
    (void)take_turn(a);
    if (a->proof != PROOF_TOKEN)
        of_name =
            steps_of(failures_wait(&a->all->failures, a->name, now_of(a->all)));
    if (of_name > a->steps)
        a->steps = of_name;
    if (a->state == DELAYED && a->steps == 0)
        go_on(a);
}

void authenticate_begin(struct authenticate *all,
                        struct authenticate_attempt *a,
                        const struct authenticate_ops *ops,
                        const struct authenticate_login *login)
{
    assert(!authenticate_is_under_way(a));
    *a = (struct authenticate_attempt){
        .ops = ops,
        .all = all,
        .who = principal_of_address(true, login->from->ip),
        .name = xstrdup(login->name),
        .secret = xstrdup(login->secret),
        .door = login->door,
        .peer = login->peer,
        .proof = PROOF_PASSWORD,
    };
    a->who.is_local = login->from->is_local;
    list_init(&a->node);
    deadline_init(&a->step);
    deadline_start(&all->steps, &a->step, now_of(all));
    if (!take_place(all, a))
        become_ready(a, AUTHENTICATE_BUSY, NULL);
    else if (is_token(a))
        look_up(a);
    else
        begin_waiting(a);
}

bool authenticate_answer(struct authenticate_attempt *a, const char *answer)
{
    return authenticate_is_under_way(a) && a->state == CHECKED &&
           pam_conversation_answer(&a->pam, answer);
}

struct authenticate *authenticate_new(struct loop *loop,
                                      const struct authenticate_means *means,
                                      const uint64_t seed[2])
{
    struct authenticate *all = xcalloc(1, sizeof *all);

    all->means = *means;
    failures_init(&all->failures, seed);
    sites_init(&all->attempts, seed);
    sites_init(&all->checks, seed);
    list_init(&all->queued[0]);
    list_init(&all->queued[1]);
    deadline_queue_open(&all->steps, AUTHENTICATE_STEP_US,
                        authenticate_step_due, all);
    if (loop != NULL)
        loop_watch(loop, &all->steps);
    return all;
}

void authenticate_free(struct authenticate *all)
{
    if (all == NULL)
        return;
    assert(all->count == 0);
    deadline_queue_close(&all->steps);
    sites_done(&all->attempts);
    sites_done(&all->checks);
    failures_done(&all->failures);
    free(all);
}

struct deadline_queue *authenticate_steps(struct authenticate *all)
{
    return &all->steps;
}

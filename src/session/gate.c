#include "session/gate.h"

#include "base/clock.h"
#include "base/log.h"
#include "session/session_context.h"
#include "session/vm_session.h"

/* What an administrator is told, and a person who is turned away; NULL: a
 * program is, for there is nothing that a person would do so often. */
struct words {
    const char *reason;
    const char *line;
};

static const struct words words[ADMISSION_SIDES][ADMISSION_VERDICTS] = {
    [ADMISSION_VM] = {
        [ADMISSION_NOT_ALLOWED] = {
            "the address is in no network of --vm-allow", NULL },
        [ADMISSION_TOO_OFTEN] = {
            "the address connects more often than --vm-rate and --vm-burst "
            "allow", NULL },
    },
    [ADMISSION_CLIENT] = {
        [ADMISSION_NOT_ALLOWED] = {
            "the address is in no network of --client-allow",
            "[vspcd: connections from your address are not allowed here]\r\n" },
        [ADMISSION_TOO_OFTEN] = {
            "the address connects more often than --client-rate and "
            "--client-burst allow", NULL },
        [ADMISSION_TOO_MANY] = {
            "as many clients as may be are connected (--client-total, and half "
            "of the open files)",
            "[vspcd: too many clients are connected; try again later]\r\n" },
    },
};

static const char *const side_names[ADMISSION_SIDES] = {
    [ADMISSION_VM] = "vm",
    [ADMISSION_CLIENT] = "client",
};

static void tell(struct gate *g, enum admission_side side, struct ip ip,
                 enum admission_verdict verdict, const struct address *peer)
{
    uint32_t others;

    if (admission_tells(&g->admission, side, ip, (int)verdict, clock_now_us(),
                        &others))
        log_warning("connection refused side=%s peer=%s others=%u reason=%s",
                    side_names[side], address_format(peer).text, others,
                    LOG_TEXT(words[side][verdict].reason));
}

static struct listener_answer judge(struct gate *g, enum admission_side side,
                                    const struct address *peer,
                                    uint32_t present)
{
    struct listener_answer answer = { .is_refused = false };
    enum admission_verdict verdict;
    struct ip ip;

    if (!address_ip(peer, &ip))
        return answer;
    verdict = admission_judge(&g->admission, side, ip, present, clock_now_us());
    if (verdict == ADMITTED)
        return answer;
    tell(g, side, ip, verdict, peer);
    answer.is_refused = true;
    answer.line = words[side][verdict].line;
    return answer;
}

static struct listener_answer judge_vm(void *owner, const struct address *peer)
{
    struct session_context *ctx = owner;

    return judge(&ctx->gate, ADMISSION_VM, peer, 0);
}

static struct listener_answer judge_client(void *owner,
                                           const struct address *peer)
{
    struct session_context *ctx = owner;
    struct listener_answer answer =
        judge(&ctx->gate, ADMISSION_CLIENT, peer, ctx->directory->client_count);

    /* Its TLS would take it for garbage. */
    if (ctx->settings.client_policy == TLS_REQUIRED)
        answer.line = NULL;
    return answer;
}

static bool make_room(void *owner)
{
    return vm_session_make_room(owner);
}

void gate_init(struct session_context *ctx, const struct gate_settings *s)
{
    struct gate *g = &ctx->gate;

    admission_init(&g->admission, &s->admission);
    newcomers_init(&g->newcomers, s->admission.seed);
    g->of_vms = (struct listener_guard){ judge_vm, make_room, ctx };
    g->of_clients = (struct listener_guard){ judge_client, NULL, ctx };
    gate_set(g, s);
}

void gate_set(struct gate *g, const struct gate_settings *s)
{
    admission_set(&g->admission, &s->admission);
    g->newcomers.limit = s->newcomer_limit;
    g->newcomers.site_limit = s->newcomer_site_limit;
}

void gate_done(struct gate *g)
{
    newcomers_done(&g->newcomers);
    admission_done(&g->admission);
}

void gate_tell_pushed_out(struct gate *g, const struct newcomer *n,
                          const char *peer)
{
    uint32_t others;

    g->newcomers.closed++;
    if (admission_tells(&g->admission, ADMISSION_VM, n->site, GATE_UNIDENTIFIED,
                        clock_now_us(), &others))
        log_warning("connection closed for a newer one side=vm peer=%s "
                    "unidentified=%u others=%u reason=%s",
                    peer, g->newcomers.count, others,
                    LOG_TEXT("it has not said which VM it is, and there are "
                             "more such connections than --unidentified-limit "
                             "and --unidentified-per-address allow, or too few "
                             "open files"));
}

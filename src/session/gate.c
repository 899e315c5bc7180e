/*
 * What a connection that the gate refuses is told, and what the log says of it,
 * is in one table here; the decision is in access/ (pure). The reason for a
 * newcomer that is closed is in tell_pushed_out. Other refusals:
 * refuse_by_console in client_serving.c, client_session_refuse_clear,
 * service_listen.c, refuse_one in net/listener.c.
 *
 * The guards are asked right after accept, before anything is read or kept: a
 * refused connection costs a descriptor for a moment and no memory.
 */
#include "session/gate.h"

#include "base/clock.h"
#include "core/directory.h"
#include "log/log.h"
#include "log/log_words.h"

/* A connection is not closed for want of descriptors before this time. Hosts
 * have identified their VMs long before, also hosts that wait for the greeting
 * (SECURE_FIRST_BYTE_US); and clients are served, but for slow handshakes. */
enum { GATE_NEWCOMER_GRACE_US = 3000 * 1000 };

/* What an administrator is told (reason), and a person who is turned away
 * (line). line NULL: a program is turned away, for a person does not connect so
 * often; or a host, which shows text to nobody. */
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
            "the limit of all clients is reached (--client-total, or half of "
            "the open files)",
            "[vspcd: too many clients are connected; try again later]\r\n" },
        [ADMISSION_TOO_MANY_OF_SITE] = {
            "the address has as many clients as --clients-per-address allows",
            "[vspcd: too many clients of your address are connected; try again "
            "later]\r\n" },
        [ADMISSION_RESERVED] = {
            "the limit of clients without a certificate is reached "
            "(--client-total less --client-reserve)",
            "[vspcd: too many clients are connected; try again later]\r\n" },
        [ADMISSION_CLOSED] = {
            "the audit log cannot be written, and audit-required is on",
            "[vspcd: no new clients are served at present; try again later]"
            "\r\n" },
    },
};

static const char *const side_names[ADMISSION_SIDES] = {
    [ADMISSION_VM] = "vm",
    [ADMISSION_CLIENT] = "client",
};

/* limit 0: none of its own. */
static uint32_t at_most(uint32_t limit, uint32_t bound)
{
    bound += bound == 0;
    return limit == 0 || limit > bound ? bound : limit;
}

/* Of one that was let in, and was to be served. A connection that nobody has
 * looked at is no audit line: whoever scans ports would use up the room of
 * others' lines. */
static bool is_of_client(enum admission_verdict verdict)
{
    return verdict >= ADMISSION_TOO_MANY;
}

static void tell(enum admission_side side, enum admission_verdict verdict,
                 const struct address *address)
{
    struct address_text peer = address_format(address);
    const char *reason = words[side][verdict].reason;

    if (is_of_client(verdict))
        log_audit(LOG_WARNING, peer.text, NULL,
                  LOG_CONNECTION_REFUSED " side=%s peer=%s reason=%s",
                  side_names[side], peer.text, LOG_TEXT(reason));
    else
        log_limited(LOG_WARNING, peer.text, NULL,
                    LOG_CONNECTION_REFUSED " side=%s peer=%s reason=%s",
                    side_names[side], peer.text, LOG_TEXT(reason));
}

/* A peer without an IP address (a Unix socket) is judged by nothing here. */
static struct listener_answer judge(struct gate *g, enum admission_side side,
                                    const struct address *peer)
{
    struct listener_answer answer = { .is_refused = false };
    enum admission_verdict verdict;
    struct ip ip;

    if (!address_ip(peer, &ip))
        return answer;
    verdict = admission_judge(&g->admission, side, ip, clock_now_us());
    if (verdict == ADMITTED)
        return answer;
    tell(side, verdict, peer);
    answer.is_refused = true;
    answer.line = words[side][verdict].line;
    return answer;
}

static struct listener_answer gate_judge_vm(void *owner,
                                            const struct address *peer)
{
    return judge(owner, ADMISSION_VM, peer);
}

static struct listener_answer gate_judge_client(void *owner,
                                                const struct address *peer)
{
    return judge(owner, ADMISSION_CLIENT, peer);
}

bool gate_allows(const struct gate *g, enum admission_side side,
                 const struct address *peer)
{
    struct ip ip;

    return !address_ip(peer, &ip) ||
           admission_is_allowed(&g->admission, side, ip);
}

/* Counts the newcomer that is closed for a newer one, and logs it. */
static void tell_pushed_out(struct gate *g, const struct gate_newcomer *n)
{
    static const char *const reasons[ADMISSION_SIDES] = {
        [ADMISSION_VM] =
            "it has not identified its VM, and more such connections are open "
            "than --unidentified-limit, --unidentified-per-address or the open "
            "files allow",
        [ADMISSION_CLIENT] =
            "it has not shown what it is, and more such connections are open "
            "than --client-total, --clients-per-address or the open files "
            "allow",
    };
    enum admission_side side = (enum admission_side)n->side;
    struct newcomers *all = &g->newcomers[side];

    all->closed++;
    log_limited(LOG_WARNING, n->peer, NULL,
                LOG_UNIDENTIFIED_CLOSED
                " side=%s peer=%s unidentified=%u reason=%s",
                side_names[side], n->peer, all->count, LOG_TEXT(reasons[side]));
}

static struct session *push_out(struct gate *g, struct newcomer *newcomer)
{
    struct gate_newcomer *n =
        CONTAINER_OF(newcomer, struct gate_newcomer, newcomer);
    struct session *session = n->session;

    tell_pushed_out(g, n);
    session->ops->close(session, "closed to make room for newer connections");
    return session;
}

/*
 * Without file descriptors: the descriptor of the newcomer that has waited
 * longest is needed now, and not at the end of the turn. The listener calls
 * this with no console at work, which session_end_now wants.
 */
static bool make_room_of(struct gate *g, enum admission_side side)
{
    struct newcomer *n = newcomers_find_old(
        &g->newcomers[side], GATE_NEWCOMER_GRACE_US, clock_now_us());

    if (n == NULL)
        return false;
    session_end_now(g->all, push_out(g, n));
    return true;
}

static bool gate_make_room_for_client(void *owner)
{
    return make_room_of(owner, ADMISSION_CLIENT);
}

/* A VM goes before clients that are not served yet, and no client before a VM.
 */
static bool gate_make_room_for_vm(void *owner)
{
    return make_room_of(owner, ADMISSION_VM) ||
           make_room_of(owner, ADMISSION_CLIENT);
}

/* Those at the menu's list are no client of a console. */
static uint32_t client_count(const struct gate *g)
{
    return g->all->directory->client_count + g->at_no_console;
}

/*
 * Clients that are not served yet and those that are share the open files that
 * clients may have: the more are served, the fewer may wait. places.all leaves
 * some, or a client with proof could not show it.
 */
static void limit_newcomers(struct gate *g, enum admission_side side)
{
    struct newcomers *all = &g->newcomers[side];
    uint32_t files = g->client_files;
    uint32_t served;
    uint32_t left;

    all->limit = g->newcomer_limits[side].all;
    all->site_limit = g->newcomer_limits[side].of_site;
    /* --check-uri asks a gate without a directory. */
    if (side != ADMISSION_CLIENT || files == 0)
        return;
    served = client_count(g);
    left = files - (served < files ? served : files);
    all->limit = at_most(all->limit, left);
    all->site_limit = at_most(all->site_limit, (left + 1) / 2);
}

/* access/newcomers.h says why the oldest one goes. It only marks itself: this
 * is the middle of an accept. */
void gate_add_newcomer(struct gate *g, enum admission_side side,
                       struct gate_newcomer *n, struct session *session,
                       const char *peer, const struct address *address)
{
    struct newcomer *oldest;
    struct ip ip;

    n->session = session;
    n->peer = peer;
    n->side = (uint8_t)side;
    if (!address_ip(address, &ip))
        return;
    limit_newcomers(g, side);
    if (!newcomers_have_room(&g->newcomers[side])) {
        session->ops->close(session, "no memory for another connection");
        return;
    }
    oldest =
        newcomers_add(&g->newcomers[side], &n->newcomer, ip, clock_now_us());
    if (oldest != NULL)
        (void)push_out(g, oldest);
}

void gate_remove_newcomer(struct gate *g, struct gate_newcomer *n)
{
    newcomers_remove(&g->newcomers[n->side], &n->newcomer);
}

bool gate_admits_console(struct gate *g, struct ip ip)
{
    return ip_is_none(ip) ||
           admission_admits_console(&g->admission, ip, clock_now_us());
}

bool gate_keep_for_newcomer(struct gate *g, struct gate_newcomer *n, size_t len)
{
    return newcomers_keep(&g->newcomers[n->side], &n->newcomer, len,
                          LIMIT_EARLY_TOTAL);
}

static bool refuse_client(struct gate *g, enum admission_verdict verdict,
                          const struct address *peer, const char **ret_line)
{
    admission_count(&g->admission, ADMISSION_CLIENT, verdict);
    tell(ADMISSION_CLIENT, verdict, peer);
    *ret_line = words[ADMISSION_CLIENT][verdict].line;
    return false;
}

bool gate_serves_clients(struct gate *g, const struct address *peer,
                         const char **ret_line)
{
    return !g->is_closed_to_clients ||
           refuse_client(g, ADMISSION_CLOSED, peer, ret_line);
}

bool gate_take_place(struct gate *g, struct site_member *place,
                     const struct address *peer, bool has_proof,
                     const char **ret_line)
{
    struct ip ip = { 0 };
    const struct ip *known = address_ip(peer, &ip) ? &ip : NULL;
    enum admission_verdict verdict;

    if (!gate_serves_clients(g, peer, ret_line))
        return false;
    verdict = places_take(&g->places, place, known, client_count(g), has_proof);
    return verdict == ADMITTED || refuse_client(g, verdict, peer, ret_line);
}

void gate_leave_place(struct gate *g, struct site_member *place)
{
    places_leave(&g->places, place);
}

void gate_init(struct gate *g, struct session_list *all,
               const struct gate_settings *s)
{
    g->all = all;
    admission_init(&g->admission, &s->admission);
    places_init(&g->places, s->admission.seed);
    for (int side = 0; side < ADMISSION_SIDES; side++)
        newcomers_init(&g->newcomers[side], s->admission.seed);
    g->of_vms = (struct listener_guard){
        .judge = gate_judge_vm,
        .make_room = gate_make_room_for_vm,
        .owner = g,
    };
    g->of_clients = (struct listener_guard){
        .judge = gate_judge_client,
        .make_room = gate_make_room_for_client,
        .owner = g,
    };
    gate_set(g, s);
}

void gate_set(struct gate *g, const struct gate_settings *s)
{
    /* The client's TLS would take a line for garbage. */
    g->of_clients.is_mute = s->clients_need_tls;
    admission_set(&g->admission, &s->admission);
    g->client_files = s->client_files;
    g->places.limits = s->places;
    for (int side = 0; side < ADMISSION_SIDES; side++) {
        g->newcomer_limits[side] = s->newcomers[side];
        limit_newcomers(g, (enum admission_side)side);
    }
}

void gate_done(struct gate *g)
{
    places_done(&g->places);
    for (int side = 0; side < ADMISSION_SIDES; side++)
        newcomers_done(&g->newcomers[side]);
    admission_done(&g->admission);
}

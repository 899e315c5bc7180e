/*
 * The states and inputs are a table; who does what afterwards is in two
 * functions: take (every step) and end (every way a move ends). A new reason
 * for an end is a verdict in the table and a case in end, and nothing else.
 *
 * A move belongs to the console and not to a connection: either may be lost,
 * and the secret stays good for another destination until the time-out.
 */
#include "core/move.h"

#include "base/mem.h"
#include "core/console_private.h"
#include "core/directory.h"

#include <assert.h>
#include <stdlib.h>

/* A row per state; columns as in enum move_input. */
/* clang-format off */
#define NO            { 0, MOVE_REFUSED }
#define TO(state)     { MOVE_##state, MOVE_GOES_ON }
#define OVER(verdict) { MOVE_NONE, MOVE_##verdict }

static const struct move_step steps[MOVE_STATE_COUNT][MOVE_INPUT_COUNT] = {
    /* BEGIN, PEER, COMPLETE, ABORT,
     * SOURCE_LOST, DESTINATION_LOST, RETURN, TIME_OUT, SHUT_DOWN */
    [MOVE_NONE] = {
        TO(BEGUN), NO, NO, NO,
        NO, NO, NO, NO, NO },
    [MOVE_BEGUN] = {
        NO, TO(JOINED), NO, OVER(ABORTED),
        TO(ORPHANED), NO, OVER(RETURNED), OVER(TIMED_OUT), OVER(INTERRUPTED) },
    [MOVE_JOINED] = {
        NO, TO(JOINED), OVER(COMPLETED), OVER(ABORTED),
        TO(ADOPTED), TO(BEGUN), OVER(RETURNED), OVER(TIMED_OUT),
        OVER(INTERRUPTED) },
    [MOVE_ORPHANED] = {
        NO, TO(ADOPTED), NO, NO,
        NO, NO, OVER(RETURNED), OVER(LOST), OVER(INTERRUPTED) },
    [MOVE_ADOPTED] = {
        NO, TO(ADOPTED), OVER(COMPLETED), NO,
        NO, TO(ORPHANED), OVER(RETURNED), OVER(TAKEN_OVER),
        OVER(INTERRUPTED) },
};
/* clang-format on */

const char *move_state_name(enum move_state state)
{
    static const char *const names[MOVE_STATE_COUNT] = {
        [MOVE_NONE] = "none",       [MOVE_BEGUN] = "begun",
        [MOVE_JOINED] = "joined",   [MOVE_ORPHANED] = "orphaned",
        [MOVE_ADOPTED] = "adopted",
    };

    return (unsigned)state < MOVE_STATE_COUNT ? names[state] : "?";
}

const char *move_input_name(enum move_input input)
{
    static const char *const names[MOVE_INPUT_COUNT] = {
        [MOVE_BEGIN] = "begin",
        [MOVE_PEER] = "peer",
        [MOVE_COMPLETE] = "complete",
        [MOVE_ABORT] = "abort",
        [MOVE_SOURCE_LOST] = "source-lost",
        [MOVE_DESTINATION_LOST] = "destination-lost",
        [MOVE_RETURN] = "return",
        [MOVE_TIME_OUT] = "time-out",
        [MOVE_SHUT_DOWN] = "shut-down",
    };

    return (unsigned)input < MOVE_INPUT_COUNT ? names[input] : "?";
}

const char *move_verdict_name(enum move_verdict verdict)
{
    static const char *const names[MOVE_VERDICT_COUNT] = {
        [MOVE_REFUSED] = "refused",         [MOVE_GOES_ON] = "goes-on",
        [MOVE_COMPLETED] = "completed",     [MOVE_TAKEN_OVER] = "taken-over",
        [MOVE_ABORTED] = "aborted",         [MOVE_TIMED_OUT] = "timed-out",
        [MOVE_RETURNED] = "returned",       [MOVE_LOST] = "lost",
        [MOVE_INTERRUPTED] = "interrupted",
    };

    return (unsigned)verdict < MOVE_VERDICT_COUNT ? names[verdict] : "?";
}

struct move_step move_step(enum move_state state, enum move_input input)
{
    struct move_step step = steps[state][input];

    if (step.verdict == MOVE_REFUSED)
        step.next = (uint8_t)state;
    return step;
}

/* The VM has no connection that serves it. */
static bool is_between(uint8_t state)
{
    return state == MOVE_ORPHANED || state == MOVE_ADOPTED;
}

/* A move takes as long as the VM's memory takes to another host: seconds or
 * minutes. */
void move_counts_init(struct move_counts *counts)
{
    static const struct histogram_bounds bounds = {
        { 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000,
          60000000, 120000000, 300000000, 600000000 },
    };

    *counts = (struct move_counts){ .begun = 0 };
    histogram_init(&counts->times, &bounds);
}

uint64_t move_count_failed(const struct move_counts *counts)
{
    uint64_t failed = 0;

    for (int i = MOVE_COMPLETED + 1; i < MOVE_VERDICT_COUNT; i++)
        failed += counts->ended[i];
    return failed;
}

static enum move_state state_of(const struct console *c)
{
    return c->move != NULL ? (enum move_state)c->move->state : MOVE_NONE;
}

/* The map's hash is keyed, and the comparison takes as long for any difference:
 * the time that a wrong guess takes tells nothing about the right key. */
static bool has_key(const void *value, const void *wanted)
{
    const struct move *m = value;

    return slice_is_same_secret(slice_of(m->key, m->key_len),
                                *(const struct slice *)wanted);
}

static uint64_t key_hash(const struct directory *d, struct slice key)
{
    return map_hash(&d->moves, key);
}

static struct slice key_of(const struct move *m)
{
    return slice_of(m->key, m->key_len);
}

static struct directory *directory_of(const struct move *m)
{
    return m->console->directory;
}

/* While the key is there: the map finds the move by it. */
static void unhook(struct move *m)
{
    struct directory *d = directory_of(m);

    map_remove(&d->moves, key_hash(d, key_of(m)), m);
    deadline_stop(&m->deadline);
    m->console->move = NULL;
}

void move_free(struct move *m)
{
    if (m == NULL)
        return;
    unhook(m);
    free(m);
}

static void report(const struct move *m, enum move_verdict verdict,
                   uint64_t now_us)
{
    struct directory *d = directory_of(m);
    struct fact fact = {
        .kind = FACT_MOVE_ENDED,
        .console = m->console,
        .move_ended = {
            .took_us = now_us - m->begun_us,
            .held = m->console->held_input.len,
            .verdict = (uint8_t)verdict,
        },
    };
    struct fact_move_ended *ended = &fact.move_ended;

    d->move_counts.ended[verdict]++;
    if (verdict == MOVE_COMPLETED)
        histogram_add(&d->move_counts.times, fact.move_ended.took_us);
    /* Only failures are throttled: a move that completes takes a new
     * connection, while BEGIN and ABORT are 15 bytes that a host can repeat for
     * ever. */
    if (verdict != MOVE_COMPLETED &&
        !throttle_passes(&m->console->failed_moves, now_us, &ended->others))
        return;
    memcpy(ended->from, m->from, sizeof ended->from);
    memcpy(ended->to, m->to, sizeof ended->to);
    fact_add(&d->facts, fact);
}

static struct vm_link *release_destination(struct move *m)
{
    struct vm_link *link = m->destination;

    m->destination = NULL;
    if (link != NULL)
        link->move = NULL;
    return link;
}

static void dismiss(struct vm_link *link, const char *reason)
{
    if (link != NULL)
        link->ops->dismiss(link, reason);
}

/*
 * Ends the move: the one place where a move ends.
 *
 * The order is fixed. The destination is released first: what is told to it
 * below must not find it in a move that is over. The report comes before
 * console_move_over, which may drop the held input that the report counts.
 * unhook comes before it too: while c->move is there, the console has a VM and
 * its input is held. console_move_over comes last: by then the console has the
 * link that gets the held input.
 */
static void end(struct move *m, enum move_verdict verdict, uint64_t now_us)
{
    struct console *c = m->console;
    struct vm_link *destination = release_destination(m);

    report(m, verdict, now_us);
    unhook(m);
    console_mark(c, CONSOLE_DUE_PEOPLE);
    switch (verdict) {
    case MOVE_COMPLETED:
    case MOVE_TAKEN_OVER:
        console_hand_over(c, destination, m->begun_at, now_us);
        break;
    case MOVE_LOST:
    case MOVE_RETURNED:
        /* Only now it is known that the VM was away: until here the lost
         * source could be a host that had closed a moment early. */
        if (m->source_lost != NULL)
            console_tell_detached(c, m->from, m->source_lost);
        dismiss(destination, "its VM did not come with this move");
        break;
    default:
        dismiss(destination, "the move failed: its VM is elsewhere");
        break;
    }
    free(m);
    console_move_over(c, now_us);
}

/* Takes the step. m is freed if the move has ended; callers use the verdict and
 * not m. The deadline starts anew with each step: the time-out is a silence. */
static enum move_verdict take(struct move *m, enum move_input input,
                              uint64_t now_us)
{
    struct move_step step = move_step((enum move_state)m->state, input);
    struct move_counts *counts = &directory_of(m)->move_counts;

    if (step.verdict == MOVE_REFUSED)
        return MOVE_REFUSED;
    counts->between -= is_between(m->state);
    counts->between += is_between(step.next);
    m->state = step.next;
    if (step.verdict == MOVE_GOES_ON)
        deadline_start(&directory_of(m)->move_timeouts, &m->deadline, now_us);
    else
        end(m, (enum move_verdict)step.verdict, now_us);
    return (enum move_verdict)step.verdict;
}

static struct move *move_new(struct vm_link *link, struct slice sequence,
                             const uint8_t *secret, uint64_t now_us)
{
    struct move *m = xcalloc(1, sizeof *m);

    m->console = link->console;
    m->begun_us = now_us;
    m->begun_at = m->console->output.head;
    memcpy(m->from, link->peer, sizeof m->from);
    memcpy(m->key, sequence.data, sequence.len);
    memcpy(m->key + sequence.len, secret, MOVE_SECRET_LEN);
    m->key_len = (uint8_t)(sequence.len + MOVE_SECRET_LEN);
    deadline_init(&m->deadline);
    return m;
}

const char *move_why_not(const struct vm_link *link, struct slice sequence)
{
    const struct console *c = link->console;

    if (c == NULL)
        return link->move != NULL
                   ? "the connection is the destination of a move"
                   : "the connection serves no console";
    if (move_step(state_of(c), MOVE_BEGIN).verdict == MOVE_REFUSED)
        return "a move of this console is under way";
    if (c->leaving != NULL)
        return "output of the VM's former host is still being delivered";
    if (sequence.len == 0)
        return "the request has no sequence";
    if (sequence.len > MOVE_SEQUENCE_MAX)
        return "the sequence is longer than 64 bytes";
    return NULL;
}

const char *move_begin(struct vm_link *link, struct slice sequence,
                       const uint8_t secret[MOVE_SECRET_LEN], uint64_t now_us)
{
    const char *why_not = move_why_not(link, sequence);
    struct console *c = link->console;
    struct directory *d;
    struct move *m;

    if (why_not != NULL)
        return why_not;
    d = c->directory;
    /* Before c->move is set, which holds input back: input from before BEGIN
     * goes out before GOAHEAD, and the queue of the same stream keeps that
     * order. A link that does not take it cannot be moved; nothing has changed
     * yet. */
    if (!console_queue_input(c))
        return "the host does not read the input that came before";
    if (!map_reserve(&d->moves))
        return "no memory for another move";
    m = move_new(link, sequence, secret, now_us);
    map_add(&d->moves, key_hash(d, key_of(m)), m);
    c->move = m;
    console_mark(c, CONSOLE_DUE_PEOPLE);
    d->move_counts.begun++;
    take(m, MOVE_BEGIN, now_us);
    return NULL;
}

static void report_replaced(const struct move *m, const struct vm_link *by)
{
    struct fact fact = { .kind = FACT_DESTINATION_REPLACED,
                         .console = m->console };
    struct fact_destination_replaced *replaced = &fact.destination_replaced;

    memcpy(replaced->older, m->destination->peer, sizeof replaced->older);
    memcpy(replaced->newer, by->peer, sizeof replaced->newer);
    fact_add(&directory_of(m)->facts, fact);
}

static struct move *find(const struct directory *d, struct slice key)
{
    return map_find(&d->moves, key_hash(d, key), has_key, &key);
}

struct console *move_find_console(const struct directory *d, struct slice key)
{
    const struct move *m = find(d, key);

    return m != NULL ? m->console : NULL;
}

const char *move_join(struct directory *d, struct vm_link *link,
                      struct slice key, uint64_t now_us)
{
    struct move *m = find(d, key);
    struct vm_link *before;

    if (m == NULL)
        return "no current move has this sequence and secret";
    if (link->console != NULL)
        return "the connection already serves a console";
    if (link->move == m)
        return NULL; /* a PEER that is repeated gets PEER-OK again */
    if (link->move != NULL)
        return "the connection is the destination of another move";
    if (console_needs_tls(m->console, link))
        return "its VM has come by TLS, and this connection is in the clear "
               "(--vm-tls-keep): the new host must connect by TLS too";
    /* A peer that knows the secret is the VM's new host, and its former
     * connection may have died silently. So the newest wins; to wait for the
     * end of the older one would wait for a keepalive. */
    if (m->destination != NULL)
        report_replaced(m, link);
    before = release_destination(m);
    m->destination = link;
    link->move = m;
    memcpy(m->to, link->peer, sizeof m->to);
    take(m, MOVE_PEER, now_us);
    /* Behind the step: the move has its new destination already. */
    dismiss(before, "its host reconnected for the same move");
    return NULL;
}

bool move_complete(struct vm_link *link, struct slice sequence, uint64_t now_us)
{
    struct move *m = link->move;

    /* COMPLETE carries the sequence and no secret. Only the connection that
     * joined with the secret has a move here, so the connection is the proof.
     */
    if (m == NULL || sequence.len + MOVE_SECRET_LEN != m->key_len ||
        memcmp(sequence.data, m->key, sequence.len) != 0)
        return false;
    return take(m, MOVE_COMPLETE, now_us) != MOVE_REFUSED;
}

bool move_abort(struct vm_link *link, uint64_t now_us)
{
    struct console *c = link->console;

    return c != NULL && c->move != NULL &&
           take(c->move, MOVE_ABORT, now_us) != MOVE_REFUSED;
}

/* The destination is released before the step: a step that ends the move would
 * dismiss the link that is about to go. */
void move_leave(struct vm_link *link, uint64_t now_us)
{
    struct move *m = link->move;

    if (m == NULL)
        return;
    release_destination(m);
    take(m, MOVE_DESTINATION_LOST, now_us);
}

void move_lose_source(struct console *c, const char *reason, uint64_t now_us)
{
    c->move->source_lost = reason;
    take(c->move, MOVE_SOURCE_LOST, now_us);
}

void move_return(struct console *c, uint64_t now_us)
{
    if (c->move != NULL)
        take(c->move, MOVE_RETURN, now_us);
}

void move_due(struct move *m, uint64_t now_us)
{
    take(m, MOVE_TIME_OUT, now_us);
}

void move_interrupt(struct console *c, uint64_t now_us)
{
    if (c->move != NULL)
        take(c->move, MOVE_SHUT_DOWN, now_us);
}

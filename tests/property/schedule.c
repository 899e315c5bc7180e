#include "schedule.h"

#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

/* What the server takes for random, so that a seed is played again as it was.
 * Never the same twice, and full of 255. */
static uint64_t secrets;

ssize_t getrandom(void *to, size_t len, unsigned flags)
{
    uint8_t *bytes = to;
    uint64_t x = ++secrets * UINT64_C(0x9e3779b97f4a7c15);

    (void)flags;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i % 3 == 2 ? 255 : x >> 8 * (i % 8));
    return (ssize_t)len;
}

static void after_event(struct peer *peer, void *owner)
{
    struct play *p = owner;
    struct remote_lookup lookup = { play_find_remote, p };

    if (play_has_failed(p))
        return;
    /* Each event is a turn of its own. */
    site_turn_end(&p->site);
    play_tell_leaving(p);
    for (int i = 0; i < p->remote_count; i++) {
        if (p->remotes[i]->peer == peer)
            remote_tell_read(p->remotes[i], &lookup);
    }
    play_tell_leaving(p);
    play_check_ends(p);
}

static void open_play(struct play *p, uint64_t seed)
{
    static const uint32_t rings[] = { 4 * KIB, 8 * KIB, 16 * KIB, 64 * KIB };
    static const uint32_t helds[] = { 1 * KIB, 4 * KIB, 64 * KIB };
    static const uint32_t datas[] = { 3000, 3000, 3000,     3000,
                                      3000, 3000, 50 * KIB, 200 * KIB };
    struct directory_settings settings = site_settings();

    p->dice = seed * UINT64_C(0x2545f4914f6cdd1d);
    secrets = seed << 20;
    settings.ring_max = rings[play_dice(p, 4)];
    settings.held_input_max = helds[play_dice(p, 3)];
    settings.hold_us = UINT64_C(3600) * 1000 * 1000;
    model_init(&p->model, 1 + (int)play_dice(p, MODEL_CONSOLES_MAX));
    p->model.ring = settings.ring_max;
    p->model.held_max = settings.held_input_max;
    p->data_max = datas[play_dice(p, 8)];
    site_open(&p->site, &settings);
    p->site.after_event = after_event;
    p->site.owner = p;
    for (int i = 0; i < p->model.console_count; i++)
        play_connect(play_new_vm(p, i), &p->model.consoles[i]);
    play_run_all(p);
    for (int i = 0; i < p->model.console_count; i++) {
        char uuid[64];
        char label[4];

        snprintf(uuid, sizeof uuid, "500c1e2f-3341-5a6b-7c8d-9eafb0c1d2%02x",
                 i / 2);
        snprintf(label, sizeof label, "s%d", i % 2);
        p->consoles[i] = directory_find(&p->site.directory, uuid, label);
        if (p->consoles[i] == NULL)
            model_fail(&p->model, "there is no console %d", i);
    }
}

static void close_play(struct play *p)
{
    site_close(&p->site);
    for (int i = 0; i < p->remote_count; i++)
        remote_free(p->remotes[i]);
    model_done(&p->model);
}

/* A piece of what was said goes onto the wire, a session is told of an event,
 * or all of them are. */
static void shuffle(struct play *p)
{
    struct remote *r;

    if (p->remote_count == 0)
        return;
    r = p->remotes[play_dice(p, (uint32_t)p->remote_count)];
    switch (play_dice(p, 8)) {
    case 0:
        remote_give(r, 1 + play_dice(p, 3));
        break;
    case 1:
    case 2:
        remote_give(r, 1 + play_dice(p, r->pending.len + 1));
        break;
    case 3:
    case 4:
        remote_give(r, SIZE_MAX);
        break;
    case 5:
    case 6:
        peer_turn(r->peer);
        break;
    default:
        site_run(&p->site);
        break;
    }
}

static const struct action *pick(struct play *p, const uint32_t *weights)
{
    uint32_t sum = 0;
    uint32_t at;

    for (int i = 0; i < ACTION_COUNT; i++)
        sum += weights[i];
    at = play_dice(p, sum);
    for (int i = 0;; i++) {
        if (at < weights[i])
            return &actions[i];
        at -= weights[i];
    }
}

/* Each schedule has its own taste: some things happen often in it, others
 * never. That finds more than a mixture of everything. */
static void choose_weights(struct play *p, uint32_t *weights)
{
    static const uint32_t factors[] = { 0, 1, 1, 1, 4 };

    for (int i = 0; i < ACTION_COUNT; i++)
        weights[i] = actions[i].weight * factors[play_dice(p, 5)];
    weights[ACTION_GO_ON] += 10;
}

static void play_step(struct play *p, const uint32_t *weights)
{
    const struct action *action = pick(p, weights);

    if (!action->run(p))
        return;
    for (uint32_t n = play_dice(p, 6); n > 0; n--)
        shuffle(p);
    play_listen(p);
}

static bool is_at_rest(const struct play *p)
{
    for (int i = 0; i < p->remote_count; i++) {
        if (p->remotes[i]->was_ended || remote_unread(p->remotes[i]) > 0)
            return false;
    }
    for (int i = 0; i < p->model.console_count; i++) {
        if (p->model.consoles[i].move.is_live ||
            p->model.consoles[i].leaving != NULL)
            return false;
    }
    return true;
}

/* Everybody takes everything, and whoever waited long enough is served. Some
 * moves get time to work, the others are over. */
static void come_to_rest(struct play *p)
{
    play_negotiations_due(p);
    for (int i = 0; i < p->remote_count; i++)
        p->remotes[i]->peer->stream.room = SIZE_MAX;
    play_run_all(p);
    play_negotiations_due(p);
    for (uint32_t n = play_dice(p, 8); n > 0 && !play_has_failed(p); n--) {
        actions[ACTION_GO_ON].run(p);
        play_run_all(p);
    }
    /* A move that is over lets its clients be read, they let the VM be read,
     * and that may have one more BEGIN to say. */
    for (int i = 0; i < MODEL_ANSWERS_MAX && !is_at_rest(p); i++) {
        play_moves_due(p);
        play_leaves_due(p);
        play_negotiations_due(p);
        site_drains_due(&p->site);
        play_listen(p);
        play_run_all(p);
    }
}

static void say_last_words(struct play *p)
{
    for (int i = 0; i < p->remote_count; i++) {
        struct remote *r = p->remotes[i];

        if (remote_may_say(r) && (!r->is_vm || r->vm.role == MODEL_SERVES))
            remote_say_data(r, 20);
    }
    play_run_all(p);
}

static void check_rest(struct play *p)
{
    for (int i = 0; i < p->remote_count; i++) {
        struct remote *r = p->remotes[i];
        const char *kind = r->is_vm ? "vm" : "client";

        if (r->was_ended)
            model_fail(&p->model, "%s %d is still there", kind, r->vm.number);
        if (remote_unread(r) > 0)
            model_fail(&p->model, "%zu bytes of %s %d were not read",
                       remote_unread(r), kind, r->vm.number);
        if (r->is_vm)
            model_check_vm_rest(&p->model, &r->vm);
        else
            model_check_client_rest(&p->model, &r->client);
    }
}

static void count(const struct play *p, struct schedule_totals *totals)
{
    totals->schedules++;
    totals->begun += p->model.moves;
    totals->skipped += p->model.skipped;
    for (int i = 0; i < 5; i++)
        totals->verdicts[i] += p->model.verdicts[i];
    for (int i = 0; i < p->model.console_count; i++) {
        totals->printed += p->model.consoles[i].output.len;
        totals->typed += p->model.consoles[i].input.len;
    }
}

bool schedule_run(uint64_t seed, int steps, bool is_verbose,
                  struct schedule_totals *totals)
{
    struct play *p = calloc(1, sizeof *p);
    uint32_t weights[ACTION_COUNT];
    bool is_good;

    if (p == NULL)
        abort();
    p->is_verbose = is_verbose;
    open_play(p, seed);
    choose_weights(p, weights);
    for (p->step = 1; p->step <= steps && !play_has_failed(p); p->step++)
        play_step(p, weights);
    /* Some are shut down in the midst of it. */
    if (play_dice(p, 8) > 0) {
        if (!play_has_failed(p))
            come_to_rest(p);
        if (!play_has_failed(p))
            say_last_words(p);
        if (!play_has_failed(p))
            check_rest(p);
    }
    is_good = !play_has_failed(p);
    if (!is_good)
        printf("# seed %llu, step %d of %d (ring %u, held %u): %s\n",
               (unsigned long long)seed, p->step, steps, p->model.ring,
               p->model.held_max, p->model.failure);
    count(p, totals);
    p->site.after_event = NULL;
    close_play(p);
    free(p);
    return is_good;
}

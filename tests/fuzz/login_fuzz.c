/*
 * A login from the first question to its end, whatever is typed and whatever
 * PAM and the name service answer, and given up wherever the input ends. What
 * is said is never more than a few bytes for each that is typed, and has no
 * password in it where the terminal shows what it is sent.
 *
 * The first byte of an input has the terminal's two bits. Of the others, 0xfe
 * and a byte behind it are an event (enum event), the rest is typed.
 */
#include "session/login.h"

#include "../unit/fake_means.h"
#include "base/clock.h"
#include "log/log.h"

#include <stdlib.h>

enum event {
    EVENT_STEP, /* a step passes */
    EVENT_ACCEPT,
    EVENT_DENY,
    EVENT_ASK_SEEN,
    EVENT_ASK_HIDDEN,
    EVENT_TELL,
    EVENT_BUSY,
    EVENT_GROUPS,
    EVENT_NO_GROUPS,
    EVENT_GROUPS_FULL,
    EVENT_LATE,
    EVENT_TOKEN, /* a token that holds is typed, with its Enter */
    EVENT_COUNT,
};

enum { EVENT_BYTE = 0xfe, STEPS_MAX = 2000 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void on_change(void *owner)
{
    *(bool *)owner = true;
}

static void step(struct authenticate *all)
{
    struct deadline *d = deadline_first(authenticate_steps(all));

    if (d != NULL)
        deadline_queue_fire(authenticate_steps(all), d->due_us);
}

static void type(struct login *l, struct slice in, bool is_seen)
{
    require(login_take(l, &in, is_seen) == 0);
    require(in.len == 0 || !login_takes(l));
}

static void answer(struct login *l, enum event event, bool is_seen)
{
    bool is_asked = fake.asked_count > 0;
    bool is_looked_up = fake.looked_up_count > 0;

    if (event == EVENT_ACCEPT && is_asked)
        fake_pam_done(PAM_OUTCOME_ACCEPTED, "alice");
    else if (event == EVENT_DENY && is_asked)
        fake_pam_done(PAM_OUTCOME_DENIED, "");
    else if (event == EVENT_BUSY && is_asked)
        fake_pam_done(PAM_OUTCOME_BUSY, "");
    else if (event == EVENT_ASK_SEEN && is_asked && l->stage == LOGIN_CHECK)
        fake_pam_ask("Code: ", false);
    else if (event == EVENT_ASK_HIDDEN && is_asked && l->stage == LOGIN_CHECK)
        fake_pam_ask("PIN", true);
    else if (event == EVENT_TELL && is_asked)
        fake_pam_tell("words");
    else if (event == EVENT_GROUPS && is_looked_up)
        fake_groups_done(GROUPS_FOUND);
    else if (event == EVENT_NO_GROUPS && is_looked_up)
        fake_groups_done(GROUPS_FAILED);
    else if (event == EVENT_GROUPS_FULL)
        fake.groups_are_full = true;
    else if (event == EVENT_LATE && !login_is_over(l))
        login_end_late(l);
    else if (event == EVENT_TOKEN) {
        type(l, slice_of_text(fake_token()), is_seen);
        type(l, slice_of("\r", 1), is_seen);
    }
}

static void play(struct authenticate *all, struct login *l, struct slice in,
                 bool is_seen)
{
    while (in.len > 0) {
        const uint8_t *at = memchr(in.data, EVENT_BYTE, in.len);
        size_t len = at != NULL ? (size_t)(at - in.data) : in.len;

        type(l, slice_of(in.data, len), is_seen);
        in = slice_after(in, len);
        if (in.len < 2)
            break;
        if (in.data[1] % EVENT_COUNT == EVENT_STEP)
            step(all);
        else
            answer(l, (enum event)(in.data[1] % EVENT_COUNT), is_seen);
        in = slice_after(in, 2);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const uint64_t seed[2] = { 7, 8 };
    const struct authenticate_means means = fake_means_begin();
    struct authenticate *all;
    struct principal from = principal_of_address(false, (struct ip){ 0 });
    struct login_setup setup = {
        .who = { .from = &from, .door = "port", .peer = "" },
        .on_change = on_change,
    };
    struct buf out;
    struct login *l;
    bool has_changed, is_seen;

    if (len < 1 || len > STEPS_MAX)
        return 0;
    log_set_level(LOG_ERROR);
    all = authenticate_new(NULL, &means, seed);
    buf_init(&out, 1 << 20);
    is_seen = bytes[0] & 1;
    setup.authenticate = all;
    setup.out = &out;
    setup.may_skip = bytes[0] & 2;
    setup.owner = &has_changed;
    l = login_new(&setup);
    play(all, l, slice_of(bytes + 1, len - 1), is_seen);
    require(out.len < 1000 + 100 * len);
    require(l->tries <= LOGIN_TRIES);
    login_free(l);
    require(fake.asked_count == 0 && fake.looked_up_count == 0);
    authenticate_free(all);
    buf_done(&out);
    return 0;
}

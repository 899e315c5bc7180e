/* What came, against what the model says: the second half of model.h. */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>

/* Enough bytes to see where they belong. */
enum { SHOWN = 12, PROBE = 6 };

struct shown {
    char text[3 * SHOWN + 1];
};

static struct shown show(struct slice bytes)
{
    struct shown s = { "" };

    for (size_t i = 0; i < bytes.len && i < SHOWN; i++)
        snprintf(s.text + 3 * i, sizeof s.text - 3 * i, "%02x ", bytes.data[i]);
    return s;
}

static struct slice from(const struct buf *b, uint64_t at)
{
    return at < b->len ? slice_after(buf_bytes(b), at) : (struct slice){ 0 };
}

/* Bytes tell their position: where in the stream these belong, or -1. */
static long long position_of(const struct buf *stream, struct slice bytes)
{
    struct slice all = buf_bytes(stream);
    const uint8_t *found =
        bytes.len < PROBE ? NULL : memmem(all.data, all.len, bytes.data, PROBE);

    return found != NULL ? found - all.data : -1;
}

static size_t common(struct slice a, struct slice b)
{
    size_t n = 0;

    while (n < a.len && n < b.len && a.data[n] == b.data[n])
        n++;
    return n;
}

static void fail_at(struct model *m, const char *who, int number,
                    const struct buf *stream, uint64_t at, struct slice came)
{
    struct slice due = from(stream, at);

    model_fail(m,
               "%s %d: position %llu of %u: expected %s(%zu bytes), came %s"
               "(%zu bytes), which belong to position %lld",
               who, number, (unsigned long long)at, stream->len, show(due).text,
               due.len, show(came).text, came.len, position_of(stream, came));
}

/* Whether its first byte may be at this position. */
static bool may_start_at(const struct model_vm *vm, uint64_t at,
                         struct slice bytes)
{
    return common(from(&vm->console->input, at), bytes) == bytes.len;
}

static void narrow(struct model_vm *vm, struct slice bytes)
{
    while (vm->first_lo < vm->first_hi &&
           !may_start_at(vm, vm->first_lo, bytes))
        vm->first_lo++;
    while (vm->first_lo < vm->first_hi &&
           !may_start_at(vm, vm->first_hi, bytes))
        vm->first_hi--;
    vm->unsure = vm->first_lo < vm->first_hi ? bytes.len : 0;
}

size_t model_vm_got(struct model *m, struct model_vm *vm, struct slice bytes)
{
    struct model_console *c = vm->console;
    uint64_t at;
    size_t good;

    if (bytes.len == 0)
        return 0;
    if (!vm->has_served) {
        model_fail(m, "vm %d got %zu bytes and has no console: %s", vm->number,
                   bytes.len, show(bytes).text);
        return 0;
    }
    if (vm->first_lo < vm->first_hi)
        narrow(vm, bytes);
    if (vm->unsure > 0)
        return 0;
    at = vm->first_lo + vm->got;
    good = common(from(&c->input, at), bytes);
    if (good < bytes.len)
        fail_at(m, "vm", vm->number, &c->input, at + good,
                slice_after(bytes, good));
    vm->got += good;
    if (c->link == vm && c->move.is_live &&
        vm->first_lo + vm->got > c->move.held_from)
        model_fail(m,
                   "vm %d, the source of a move, got input up to %llu, held "
                   "from %llu on",
                   vm->number, (unsigned long long)(vm->first_lo + vm->got),
                   (unsigned long long)c->move.held_from);
    return good;
}

static void learn_secret(struct model *m, struct model_vm *vm,
                         const struct model_answer *answer, struct slice secret)
{
    struct model_move *move = &vm->console->move;

    if (secret.len != SECRET_LEN)
        model_fail(m, "vm %d: a secret of %zu bytes", vm->number, secret.len);
    else if (move->is_live && move->number == answer->move) {
        move->is_key_known = true;
        memcpy(move->key.secret, secret.data, SECRET_LEN);
    }
}

static void judge_answer(struct model *m, struct model_vm *vm,
                         const struct model_answer *answer, struct slice body)
{
    struct slice sequence =
        slice_of(answer->sequence.bytes, answer->sequence.len);
    static const uint8_t peer = VMOTION_PEER;

    if (answer->code == UNKNOWN_SUBOPTION_RCVD_2)
        sequence = slice_of(&peer, 1);
    if (body.len < sequence.len ||
        !slice_is_equal(sequence, slice_of(body.data, sequence.len)))
        model_fail(m, "vm %d: answer %u with %s, expected %s", vm->number,
                   answer->code, show(body).text, show(sequence).text);
    else if (answer->code == VMOTION_GOAHEAD)
        learn_secret(m, vm, answer, slice_after(body, sequence.len));
    else if (body.len > sequence.len)
        model_fail(m, "vm %d: answer %u is too long", vm->number, answer->code);
}

void model_vm_heard(struct model *m, struct model_vm *vm, uint8_t code,
                    struct slice body)
{
    const struct model_answer *answer = &vm->awaited[0];

    if (vm->awaited_count == 0) {
        model_fail(m, "vm %d was told %u without a question", vm->number, code);
        return;
    }
    if (answer->code != code)
        model_fail(m, "vm %d was told %u, expected %u", vm->number, code,
                   answer->code);
    else
        judge_answer(m, vm, answer, body);
    vm->awaited_count--;
    memmove(&vm->awaited[0], &vm->awaited[1],
            (size_t)vm->awaited_count * sizeof vm->awaited[0]);
}

static const char notice_start[] = "\r\n[vspcd: ";
static const char notice_end[] = "]\r\n";

enum { NOTICE_MAX = 300 };

/* A notice at the front: its text, between start and end, and its length; 0:
 * it is not there to its end. -1: this is none. */
static int take_notice(struct slice bytes, char text[NOTICE_MAX])
{
    struct slice start = slice_of_text(notice_start);
    const char *end;
    size_t len;

    len = common(bytes, start);
    if (len < start.len)
        return len == bytes.len ? 0 : -1;
    end = memmem(bytes.data, bytes.len, notice_end, strlen(notice_end));
    if (end == NULL)
        return bytes.len < NOTICE_MAX ? 0 : -1;
    len = (size_t)(end - (const char *)bytes.data) - start.len;
    if (len >= NOTICE_MAX)
        return -1;
    memcpy(text, bytes.data + start.len, len);
    text[len] = '\0';
    return (int)(start.len + len + strlen(notice_end));
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);

    return len >= strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

/* Whether that is said of these news, told together. */
static bool says(const char *text, const struct model_news *news, int count)
{
    if (!news[count - 1].is_there)
        return ends_with(text,
                         ": VM disconnected; this connection waits for it");
    return ends_with(text, count == 1
                               ? ": VM connected"
                               : ": VM disconnected, and connected again");
}

static bool is_news_place(const struct model_client *client,
                          const struct model_news *news)
{
    return news->at == client->at ||
           (client->has_lagged && news->at < client->at);
}

static void judge_news(struct model *m, struct model_client *client,
                       const char *text)
{
    uint64_t told = 0;

    for (int i = 0; i < client->news_count; i++) {
        if (!(client->told & UINT64_C(1) << i) ||
            !is_news_place(client, &client->news[i]))
            continue;
        for (int j = i + 1; j <= client->news_count; j++)
            if (says(text, &client->news[i], j - i))
                told |= UINT64_C(1) << j;
    }
    if ((told == 0 && client->news_count < MODEL_NEWS_MAX) ||
        !client->is_telnet)
        model_fail(m, "client %d at position %llu was told \"%s\"",
                   client->number, (unsigned long long)client->at, text);
    client->told = told;
}

/* Both bounds: a position that is known stays known. */
static void move_on(struct model_client *client, uint64_t len)
{
    client->at += len;
    client->at_least += len;
}

static void judge_notice(struct model *m, struct model_client *client,
                         const char *text)
{
    uint64_t left = client->console->output.len - client->at;
    unsigned long long lost;
    int end = 0;

    if (sscanf(text, "%llu bytes skipped%n", &lost, &end) < 1 ||
        text[end] != '\0') {
        judge_news(m, client, text);
        return;
    }
    if (!client->may_lag)
        model_fail(m,
                   "client %d at position %llu was skipped %llu bytes, and "
                   "was never behind for long",
                   client->number, (unsigned long long)client->at, lost);
    if (lost == 0 || lost > left)
        model_fail(m, "client %d was skipped %llu bytes of %llu",
                   client->number, lost, (unsigned long long)left);
    move_on(client, lost);
    client->has_lagged = true;
    m->skipped += lost;
}

/* Where from first to last the output goes on as these bytes do, for longest:
 * the bytes may come from two places, if more was lost between them.
 * UINT64_MAX: nowhere. */
static uint64_t find_likeness(const struct buf *output, uint64_t first,
                              uint64_t last, struct slice bytes)
{
    uint64_t best = first;
    size_t most = 0;

    for (uint64_t at = first;
         at <= last && at + PROBE <= output->len && most < bytes.len; at++) {
        size_t like = common(from(output, at), bytes);

        if (like > most) {
            most = like;
            best = at;
        }
    }
    return most >= PROBE ? best : UINT64_MAX;
}

static bool goes_on_so(const struct buf *output, uint64_t at,
                       struct slice bytes)
{
    return common(from(output, at), bytes) == bytes.len;
}

/*
 * Where one that came while early output waited has begun; false: too little
 * has come to say. PROBE bytes do not always tell their position: in a longer
 * run of 255 they have several. So all that has come counts, and while all of
 * it has two positions, more is waited for.
 */
static bool find_start(struct model_client *client, struct slice bytes)
{
    const struct buf *output = &client->console->output;
    uint64_t start;
    uint64_t other;

    if (client->at_least == client->at || bytes.data[0] == notice_start[0])
        return true;
    client->waiting = bytes.len;
    if (bytes.len < PROBE)
        return false;
    start = find_likeness(output, client->at_least, client->at, bytes);
    if (start == UINT64_MAX)
        start = client->at;
    other = find_likeness(output, start + 1, client->at, bytes);
    if (other != UINT64_MAX && goes_on_so(output, other, bytes))
        return false;
    client->at_least = client->at = start;
    client->waiting = 0;
    return true;
}

/*
 * A raw client is a program, which is not told in its data what it has lost:
 * where it is now, the bytes say. Fewer than PROBE between two losses say
 * nothing, and are passed over. Returns how many; negative: too few have come,
 * or none of the output goes on so.
 */
static int find_after_skip(struct model *m, struct model_client *client,
                           struct slice bytes)
{
    enum { SKIP_PROBE = 5 * PROBE };
    const struct buf *output = &client->console->output;
    uint64_t at = UINT64_MAX;
    int passed = -1;

    client->waiting = bytes.len;
    if (bytes.len < SKIP_PROBE)
        return -1;
    client->waiting = 0;
    while (at == UINT64_MAX && ++passed < PROBE)
        at = find_likeness(output, client->at + 1, output->len,
                           slice_of(bytes.data + passed, SKIP_PROBE - PROBE));
    if (at == UINT64_MAX) {
        fail_at(m, "client", client->number, output, client->at, bytes);
        return -1;
    }
    m->skipped += at - client->at;
    move_on(client, at - client->at);
    client->has_lagged = true;
    return passed;
}

size_t model_client_got(struct model *m, struct model_client *client,
                        struct slice bytes)
{
    const struct buf *output;
    size_t done = 0;

    if (client->console == NULL || client->is_unjudged)
        return bytes.len;
    output = &client->console->output;
    model_distrusts(m, client);
    while (done < bytes.len && m->failure[0] == '\0') {
        char text[NOTICE_MAX];
        struct slice rest = slice_after(bytes, done);
        size_t good;
        int len;

        if (!find_start(client, rest))
            break;
        good = common(from(output, client->at), rest);
        move_on(client, good);
        done += good;
        rest = slice_after(rest, good);
        if (rest.len == 0)
            break;
        if (!client->is_telnet && client->may_lag) {
            len = find_after_skip(m, client, rest);
            if (len < 0)
                break;
            done += (size_t)len;
            continue;
        }
        len = take_notice(rest, text);
        if (len < 0 && client->is_program && client->may_lag) {
            len = find_after_skip(m, client, rest);
            if (len < 0)
                break;
            done += (size_t)len;
            continue;
        }
        if (len == 0)
            break;
        if (len < 0)
            fail_at(m, "client", client->number, output, client->at, rest);
        else
            judge_notice(m, client, text);
        done += len > 0 ? (size_t)len : 0;
    }
    if (client->at == output->len)
        client->may_lag = false;
    return done;
}

void model_check_ahead(struct model *m, const struct model_vm *vm)
{
    const struct model_console *c = vm->console;
    uint64_t due = m->ring < MODEL_AHEAD ? MODEL_AHEAD : 2 * (uint64_t)m->ring;

    /* Half of a doubled byte may be the last that was read. */
    if ((vm->role == MODEL_LEAVES ||
         (vm->role == MODEL_SERVES && c->leaving == NULL)) &&
        c->ahead + 1 < due)
        model_fail(m, "vm %d is not read on, %llu bytes ahead of its clients",
                   vm->number, (unsigned long long)c->ahead);
}

void model_check_vm_rest(struct model *m, const struct model_vm *vm)
{
    const struct model_console *c = vm->console;

    if (vm->role == MODEL_GONE)
        return;
    if (vm->awaited_count > 0)
        model_fail(m, "vm %d was not told %u", vm->number, vm->awaited[0].code);
    if (vm->role == MODEL_SERVES && !c->move.is_live &&
        vm->first_hi + vm->got + vm->unsure != c->input.len)
        model_fail(m, "vm %d got input up to %llu of %u", vm->number,
                   (unsigned long long)(vm->first_hi + vm->got + vm->unsure),
                   c->input.len);
}

void model_check_client_output(struct model *m,
                               const struct model_client *client,
                               bool others_may_be_slow)
{
    const struct model_console *c = client->console;
    uint64_t due;

    if (c == NULL || client->is_unjudged)
        return;
    due = c->output.len;
    if (others_may_be_slow && due - c->early_from <= MODEL_EARLY_MAX)
        due = c->early_from;
    if (client->at + client->waiting < due)
        model_fail(m, "client %d got output up to %llu of %u", client->number,
                   (unsigned long long)client->at, c->output.len);
}

void model_check_client_rest(struct model *m, const struct model_client *client)
{
    const struct model_console *c = client->console;

    if (c == NULL)
        return;
    model_check_client_output(m, client, false);
    if (client->is_telnet && !client->is_program &&
        client->news_count < MODEL_NEWS_MAX &&
        !(client->told & UINT64_C(1) << client->news_count))
        model_fail(m, "client %d was not told that its VM is %s",
                   client->number,
                   client->news[client->news_count - 1].is_there ? "connected"
                                                                 : "gone");
}

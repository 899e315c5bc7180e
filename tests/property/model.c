#include "model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void model_init(struct model *m, int consoles)
{
    *m = (struct model){ .console_count = consoles };
    for (int i = 0; i < consoles; i++) {
        m->consoles[i].number = i;
        buf_init(&m->consoles[i].output, MODEL_STREAM_MAX);
        buf_init(&m->consoles[i].input, MODEL_STREAM_MAX);
    }
}

void model_done(struct model *m)
{
    for (int i = 0; i < m->console_count; i++) {
        buf_done(&m->consoles[i].output);
        buf_done(&m->consoles[i].input);
    }
}

void model_fail(struct model *m, const char *format, ...)
{
    va_list args;

    if (m->failure[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(m->failure, sizeof m->failure, format, args);
    va_end(args);
}

static void append(struct buf *to, struct slice bytes)
{
    if (buf_append(to, bytes) < 0)
        abort();
}

static void add_news(struct model_console *c, bool is_there)
{
    for (int i = 0; i < MODEL_CLIENTS_MAX; i++) {
        struct model_client *client = c->clients[i];

        if (client != NULL && client->is_served &&
            client->news_count < MODEL_NEWS_MAX)
            client->news[client->news_count++] =
                (struct model_news){ is_there, c->output.len };
    }
}

static void show(struct model_console *c, struct slice bytes)
{
    if (bytes.len == 0)
        return;
    append(&c->output, bytes);
    c->ahead = 0;
    for (int i = 0; i < MODEL_CLIENTS_MAX; i++) {
        const struct model_client *client = c->clients[i];

        if (client != NULL && client->is_served &&
            c->output.len - client->at > c->ahead)
            c->ahead = c->output.len - client->at;
    }
}

void model_prints(struct model *m, struct model_vm *vm, struct slice bytes)
{
    if (vm->role == MODEL_GONE)
        model_fail(m, "vm %d was read after its end", vm->number);
    else if (vm->role == MODEL_LEAVES ||
             (vm->role == MODEL_SERVES && vm->console->leaving == NULL))
        show(vm->console, bytes);
    else
        append(&vm->early, bytes);
}

void model_types(struct model *m, struct model_client *client,
                 struct slice bytes)
{
    struct model_console *c = client->console;

    if (c == NULL)
        model_fail(m, "client %d was read after its end", client->number);
    else if (c->link != NULL || c->move.is_live)
        append(&c->input, bytes);
}

void model_reads_client(struct model *m, const struct model_client *client,
                        uint64_t len)
{
    const struct model_console *c = client->console;

    if (c != NULL && c->move.is_live && len > MODEL_PEEK &&
        c->input.len - c->move.held_from >= m->held_max)
        model_fail(m, "client %d was read although %llu bytes are held",
                   client->number,
                   (unsigned long long)(c->input.len - c->move.held_from));
}

/* The console's connection goes. What it was handed and has not taken is lost
 * with it; what was never handed to it is the next one's. */
static void part(struct model_console *c)
{
    struct model_vm *vm = c->link;
    uint64_t got = vm->got + vm->unsure;

    c->rest_lo = vm->first_lo + got;
    c->rest_hi = c->input.len;
    if (c->move.is_live)
        c->rest_hi =
            c->move.is_key_known ? vm->first_hi + got : c->move.held_from;
    vm->role = MODEL_GONE;
    c->link = NULL;
}

static void link_to(struct model_console *c, struct model_vm *vm)
{
    if (c->link != NULL)
        part(c);
    c->link = vm;
    vm->role = MODEL_SERVES;
    vm->has_served = true;
    vm->console = c;
    vm->first_lo = c->rest_lo;
    vm->first_hi = c->rest_hi;
}

static void print_early(struct model_vm *vm)
{
    struct model_console *c = vm->console;

    c->early_from = c->output.len;
    show(c, buf_bytes(&vm->early));
    buf_take(&vm->early, vm->early.len);
}

static void end_move(struct model *m, struct model_console *c, int verdict)
{
    struct model_vm *destination = c->move.destination;

    if (destination != NULL && destination != c->link)
        destination->role = MODEL_GONE;
    c->move = (struct model_move){ 0 };
    m->verdicts[verdict]++;
}

static void take_over(struct model *m, struct model_console *c, int verdict)
{
    struct model_vm *vm = c->move.destination;
    struct model_vm *source = c->link;

    link_to(c, vm);
    end_move(m, c, verdict);
    if (source != NULL) {
        source->role = MODEL_LEAVES;
        c->leaving = source;
    } else {
        print_early(vm);
    }
}

void model_has_left(struct model *m, struct model_console *c)
{
    (void)m;
    c->leaving->role = MODEL_GONE;
    c->leaving = NULL;
    if (c->link != NULL)
        print_early(c->link);
}

static void await(struct model *m, struct model_vm *vm, uint8_t code,
                  const struct sequence *sequence)
{
    struct model_answer *answer = &vm->awaited[vm->awaited_count];

    if (vm->awaited_count == MODEL_ANSWERS_MAX) {
        model_fail(m, "vm %d: too many questions for the model", vm->number);
        return;
    }
    *answer = (struct model_answer){ .code = code, .move = m->moves };
    if (sequence != NULL)
        answer->sequence = *sequence;
    vm->awaited_count++;
}

void model_begins(struct model *m, struct model_vm *vm,
                  const struct sequence *sequence)
{
    struct model_console *c = vm->console;

    if (vm->role != MODEL_SERVES || c->move.is_live || c->leaving != NULL ||
        sequence->len > SEQUENCE_ALLOWED) {
        await(m, vm, VMOTION_NOTNOW, sequence);
        return;
    }
    m->moves++;
    c->move = (struct model_move){
        .is_live = true,
        .number = m->moves,
        .key.sequence = *sequence,
        .held_from = c->input.len,
    };
    await(m, vm, VMOTION_GOAHEAD, sequence);
}

static bool is_same_sequence(const struct sequence *a, const struct sequence *b)
{
    return slice_is_equal(slice_of(a->bytes, a->len),
                          slice_of(b->bytes, b->len));
}

static struct model_console *find_move(struct model *m, const struct key *key)
{
    for (int i = 0; i < m->console_count; i++) {
        const struct model_move *move = &m->consoles[i].move;

        if (move->is_live && move->is_key_known &&
            is_same_sequence(&move->key.sequence, &key->sequence) &&
            memcmp(move->key.secret, key->secret, SECRET_LEN) == 0)
            return &m->consoles[i];
    }
    return NULL;
}

void model_joins(struct model *m, struct model_vm *vm, const struct key *key)
{
    struct model_console *c = find_move(m, key);

    if (c != NULL && vm->role == MODEL_STRANGER) {
        if (c->move.destination != NULL)
            c->move.destination->role = MODEL_GONE;
        c->move.destination = vm;
        vm->role = MODEL_JOINED;
        vm->console = c;
    }
    if (c != NULL && c->move.destination == vm)
        await(m, vm, VMOTION_PEER_OK, &key->sequence);
    else
        await(m, vm, UNKNOWN_SUBOPTION_RCVD_2, NULL);
}

static bool may_complete(const struct model_vm *vm,
                         const struct sequence *sequence)
{
    return vm->role == MODEL_JOINED &&
           is_same_sequence(&vm->console->move.key.sequence, sequence);
}

void model_completes(struct model *m, struct model_vm *vm,
                     const struct sequence *sequence)
{
    if (may_complete(vm, sequence))
        take_over(m, vm->console, COMPLETED);
}

void model_aborts(struct model *m, struct model_vm *vm)
{
    if (vm->role == MODEL_SERVES && vm->console->move.is_live)
        end_move(m, vm->console, ABORTED);
}

void model_connects(struct model *m, struct model_vm *vm,
                    struct model_console *c)
{
    bool was_there = c->link != NULL || c->move.is_live;

    if (was_there)
        add_news(c, false);
    link_to(c, vm);
    if (c->move.is_live)
        end_move(m, c, RETURNED);
    add_news(c, true);
    print_early(vm);
}

/* What was for it is for nobody. */
static void disconnect(struct model_console *c)
{
    c->rest_lo = c->rest_hi = c->input.len;
    add_news(c, false);
}

void model_is_lost(struct model *m, struct model_vm *vm)
{
    struct model_console *c = vm->console;

    if (vm->role == MODEL_JOINED)
        c->move.destination = NULL;
    if (vm->role == MODEL_SERVES) {
        /* It may have had something to say yet. */
        model_lets_lag(m, c);
        part(c);
        if (!c->move.is_live)
            disconnect(c);
    }
    vm->role = MODEL_GONE;
}

void model_times_out(struct model *m, struct model_console *c)
{
    if (!c->move.is_live)
        return;
    if (c->link != NULL) {
        end_move(m, c, ABORTED);
    } else if (c->move.destination != NULL) {
        take_over(m, c, TAKEN_OVER);
    } else {
        end_move(m, c, LOST);
        disconnect(c);
    }
}

void model_client_comes(struct model_console *c, struct model_client *client)
{
    int i = 0;

    while (c->clients[i] != NULL)
        if (++i == MODEL_CLIENTS_MAX)
            abort();
    c->clients[i] = client;
    client->console = c;
    client->at = client->at_least = c->output.len;
    if (c->output.len - c->early_from <= MODEL_EARLY_MAX)
        client->at_least = c->early_from;
    client->told = 1;
}

/* Who is served while there is no VM is told so. */
static void note_absence(struct model_client *client)
{
    const struct model_console *c = client->console;

    if (client->is_served && client->is_telnet && c->link == NULL &&
        !c->move.is_live && client->news_count == 0)
        client->news[client->news_count++] =
            (struct model_news){ false, c->output.len };
}

void model_client_is_telnet(struct model_client *client)
{
    client->is_telnet = true;
    note_absence(client);
}

/* Nobody has waited for it so far: it gets what has come since it came, but a
 * quarter of a ring at most. */
void model_client_is_served(const struct model *m, struct model_client *client)
{
    const struct model_console *c = client->console;

    if (c == NULL || client->is_served)
        return;
    client->is_served = true;
    if (c->output.len - client->at > m->ring / 4)
        client->at = c->output.len - m->ring / 4;
    note_absence(client);
}

static bool is_late(const struct model *m, const struct model_client *client)
{
    return client != NULL && client->is_served && !client->keeps_up &&
           client->console->output.len - client->at > m->ring / 2;
}

/* That a client has proved itself is known for certain once it has gone on
 * behind a loss. */
static void hold_was_for_nothing(const struct model *m,
                                 const struct model_client *client)
{
    if (is_late(m, client) && !client->has_lagged)
        client->console->has_no_trust = true;
}

void model_client_leaves(const struct model *m, struct model_client *client)
{
    struct model_console *c = client->console;

    if (c != NULL)
        hold_was_for_nothing(m, client);
    for (int i = 0; c != NULL && i < MODEL_CLIENTS_MAX; i++)
        if (c->clients[i] == client)
            c->clients[i] = NULL;
    client->console = NULL;
}

void model_lets_lag(const struct model *m, struct model_console *c)
{
    for (int i = 0; i < MODEL_CLIENTS_MAX; i++) {
        if (is_late(m, c->clients[i]))
            c->clients[i]->may_lag = true;
    }
}

void model_hold_is_over(const struct model *m, struct model_console *c)
{
    for (int i = 0; i < MODEL_CLIENTS_MAX; i++)
        hold_was_for_nothing(m, c->clients[i]);
    model_lets_lag(m, c);
}

void model_distrusts(const struct model *m, struct model_client *client)
{
    if (client->console->has_no_trust && !client->has_lagged &&
        is_late(m, client))
        client->may_lag = true;
}

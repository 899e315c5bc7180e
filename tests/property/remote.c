#include "remote.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * A byte of a line's data: no two places look alike, so that a byte that is
 * lost, repeated or elsewhere is seen at once. Rich in 255. It has no line
 * feed, with which notices begin, and nothing that would be an option behind
 * 255, where a raw client would be taken for telnet.
 */
static uint8_t data_at(uint32_t pattern, uint64_t at)
{
    uint64_t x = (at + 1) * UINT64_C(0x9e3779b97f4a7c15) +
                 pattern * UINT64_C(0xd1b54a32d192ed03);
    uint8_t byte;

    x = (x ^ (x >> 31)) * UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 29;
    byte = (uint8_t)(x >> 8);
    if (at > 0 && ((x & 7) == 0 || byte >= 250))
        return 255;
    return byte == '\n' || byte == '\r' || byte >= 250 ? 'x' : byte;
}

/* What may be half of an answer, or of another protocol's beginning, is kept
 * from the VM for a moment while it is not known yet what a raw client is:
 * others' bytes would go before it. */
static uint8_t said_at(const struct remote *r, uint64_t at)
{
    enum { TRIAL = 2 * KIB };
    uint8_t byte = data_at(r->pattern, at);

    return r->is_raw && (at == 0 || (at < TRIAL && byte == 255)) ? 'y' : byte;
}

static void append(struct buf *to, struct slice bytes)
{
    if (buf_append(to, bytes) < 0)
        abort();
}

struct remote *remote_new(struct model *m, struct peer *p, int number,
                          bool is_vm)
{
    struct remote *r = xcalloc(1, sizeof *r);

    r->model = m;
    r->peer = p;
    r->is_vm = is_vm;
    r->pattern = (uint32_t)number;
    r->vm.number = number;
    r->client.number = number;
    buf_init(&r->pending, MODEL_STREAM_MAX);
    buf_init(&r->vm.early, MODEL_STREAM_MAX);
    return r;
}

void remote_free(struct remote *r)
{
    buf_done(&r->pending);
    buf_done(&r->vm.early);
    free(r);
}

bool remote_may_say(const struct remote *r)
{
    return !r->was_ended && r->item_count < REMOTE_ITEMS_MAX &&
           !r->peer->stream.is_closed;
}

void remote_say(struct remote *r, struct item item, struct slice wire)
{
    if (item.kind != ITEM_DATA)
        item.len = (uint32_t)wire.len;
    append(&r->pending, wire);
    r->items[r->item_count++] = item;
}

static size_t wire_len(const struct remote *r, uint8_t byte)
{
    return byte == 255 && !r->is_raw ? 2 : 1;
}

void remote_say_data(struct remote *r, size_t len)
{
    static uint8_t wire[2 * REMOTE_DATA_MAX];
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        uint8_t byte = said_at(r, r->data_said++);

        wire[n++] = byte;
        if (wire_len(r, byte) == 2)
            wire[n++] = byte;
    }
    remote_say(r, (struct item){ .kind = ITEM_DATA, .len = (uint32_t)len },
               slice_of(wire, n));
}

static size_t put_doubled(uint8_t *to, const uint8_t *bytes, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        to[n++] = bytes[i];
        if (bytes[i] == 255)
            to[n++] = 255;
    }
    return n;
}

void remote_say_move(struct remote *r, enum item_kind kind,
                     const struct key *key)
{
    static const uint8_t codes[] = {
        [ITEM_BEGIN] = VMOTION_BEGIN,
        [ITEM_PEER] = VMOTION_PEER,
        [ITEM_COMPLETE] = VMOTION_COMPLETE,
        [ITEM_ABORT] = VMOTION_ABORT,
    };
    uint8_t wire[2 * (SEQUENCE_MAX + SECRET_LEN) + 8] = { 255, 250, 232,
                                                          codes[kind] };
    size_t n = 4;

    if (kind != ITEM_ABORT)
        n += put_doubled(wire + n, key->sequence.bytes, key->sequence.len);
    if (kind == ITEM_PEER)
        n += put_doubled(wire + n, key->secret, SECRET_LEN);
    wire[n++] = 255;
    wire[n++] = 240;
    remote_say(r, (struct item){ .kind = (uint8_t)kind, .key = *key },
               slice_of(wire, n));
}

void remote_give(struct remote *r, size_t len)
{
    struct slice bytes = buf_bytes(&r->pending);

    if (r->was_ended || r->peer->stream.is_closed)
        return;
    if (bytes.len > len)
        bytes.len = len;
    if (stream_mem_give(&r->peer->stream, bytes) < 0)
        abort();
    r->given += bytes.len;
    buf_take(&r->pending, bytes.len);
}

void remote_end(struct remote *r, enum remote_end how)
{
    r->was_ended = true;
    /* Whether it would have been served raw is not known any more. */
    if (!r->is_vm && !r->is_served) {
        r->client.is_unjudged = true;
        r->peer->is_raw = true;
    }
    r->peer->stream.is_ended = true;
    r->peer->stream.is_broken = how != REMOTE_CLOSES;
    if (how == REMOTE_BREAKS) {
        r->given -= remote_unread(r);
        buf_take(&r->peer->stream.to_session, remote_unread(r));
    }
    buf_take(&r->pending, r->pending.len);
}

size_t remote_unread(const struct remote *r)
{
    return r->peer->stream.to_session.len;
}

void remote_is_served(struct remote *r)
{
    r->is_served = true;
    if (!r->is_vm)
        model_client_is_served(r->model, &r->client);
}

static void tell_bytes(struct remote *r, struct slice bytes)
{
    if (r->is_vm)
        model_prints(r->model, &r->vm, bytes);
    else
        model_types(r->model, &r->client, bytes);
    if (r->is_raw && bytes.len > 0)
        remote_is_served(r);
}

/* As many bytes of the item as are read to their end. */
static void tell_data(struct remote *r, struct item *item, uint64_t read)
{
    static uint8_t bytes[REMOTE_DATA_MAX];
    size_t n = 0;

    while (n < item->len) {
        uint8_t byte = said_at(r, r->data_told);

        if (r->told + wire_len(r, byte) > read)
            break;
        r->told += wire_len(r, byte);
        r->data_told++;
        bytes[n++] = byte;
    }
    item->len -= (uint32_t)n;
    tell_bytes(r, slice_of(bytes, n));
}

static void tell_items(struct remote *r, uint64_t read,
                       const struct remote_lookup *lookup);

/* Up to where one is output that has to go at once. What is left of more than
 * that may be read, but not output; of one that is broken the server may have
 * learned so by a write, and have read no more. */
static uint64_t end_of_last_word(const struct remote *r)
{
    uint64_t end = r->given;

    if (r->peer->stream.is_broken)
        end -= remote_unread(r);
    if (end - r->read > REMOTE_LAST_WORD)
        return r->read + REMOTE_LAST_WORD;
    return end;
}

/* Of a connection that was replaced. */
static void tell_last_word(struct model_vm *vm,
                           const struct remote_lookup *lookup)
{
    struct model_console *c;
    struct remote *r;

    if (vm == NULL)
        return;
    c = vm->console;
    r = lookup->remote_of(lookup->owner, vm);
    r->vm.role = MODEL_LEAVES;
    tell_items(r, end_of_last_word(r), lookup);
    r->vm.role = MODEL_SERVES;
    model_lets_lag(r->model, c);
    remote_listen(r);
}

void remote_tell_leaving(struct model_console *c, bool must_go,
                         const struct remote_lookup *lookup)
{
    struct remote *r;
    uint64_t read;

    if (c->leaving == NULL)
        return;
    r = lookup->remote_of(lookup->owner, c->leaving);
    read = must_go ? end_of_last_word(r) : r->given - remote_unread(r);
    tell_items(r, read, lookup);
    r->read = read;
    if (!r->peer->stream.is_closed)
        return;
    if (!must_go && !r->peer->stream.is_broken && read < r->given)
        model_fail(r->model, "vm %d left, and %llu bytes of it were not read",
                   r->vm.number, (unsigned long long)(r->given - read));
    if (must_go)
        model_lets_lag(r->model, c);
    remote_listen(r);
    model_has_left(r->model, c);
}

static void tell_connect(struct remote *r, const struct item *item,
                         const struct remote_lookup *lookup)
{
    remote_tell_leaving(item->console, true, lookup);
    tell_last_word(item->console->link, lookup);
    model_connects(r->model, &r->vm, item->console);
}

static void tell_complete(struct remote *r, const struct item *item,
                          const struct remote_lookup *lookup)
{
    model_completes(r->model, &r->vm, &item->key.sequence);
    if (r->vm.role != MODEL_SERVES || r->vm.console->leaving == NULL)
        return;
    /* The destination may have ended by what it said last. */
    remote_tell_leaving(r->vm.console, r->peer->stream.is_closed, lookup);
}

static void tell_item(struct remote *r, const struct item *item,
                      const struct remote_lookup *lookup)
{
    switch ((enum item_kind)item->kind) {
    case ITEM_DATA:
    case ITEM_LINES:
        break;
    case ITEM_NOTHING:
        remote_is_served(r);
        break;
    case ITEM_TELNET:
        if (r->client.console != NULL)
            model_client_is_telnet(&r->client);
        break;
    case ITEM_CONNECT:
        tell_connect(r, item, lookup);
        break;
    case ITEM_BEGIN:
        model_begins(r->model, &r->vm, &item->key.sequence);
        break;
    case ITEM_PEER:
        model_joins(r->model, &r->vm, &item->key);
        break;
    case ITEM_COMPLETE:
        tell_complete(r, item, lookup);
        break;
    case ITEM_ABORT:
        model_aborts(r->model, &r->vm);
        break;
    }
}

static struct item take_item(struct remote *r)
{
    struct item item = r->items[0];

    r->item_count--;
    memmove(&r->items[0], &r->items[1],
            (size_t)r->item_count * sizeof r->items[0]);
    return item;
}

static void tell_items(struct remote *r, uint64_t read,
                       const struct remote_lookup *lookup)
{
    while (r->item_count > 0 && r->model->failure[0] == '\0' &&
           !(r->is_vm && r->vm.role == MODEL_GONE)) {
        struct item item;

        if (r->items[0].kind == ITEM_DATA) {
            tell_data(r, &r->items[0], read);
            if (r->items[0].len > 0)
                return;
            take_item(r);
            continue;
        }
        if (r->told + r->items[0].len > read)
            return;
        item = take_item(r);
        r->told += item.len;
        /* Of one that leaves, only the output counts. */
        if (!r->is_vm || r->vm.role != MODEL_LEAVES)
            tell_item(r, &item, lookup);
    }
}

void remote_tell_read(struct remote *r, const struct remote_lookup *lookup)
{
    uint64_t read = r->given - remote_unread(r);

    if (!r->is_vm && read > r->read)
        model_reads_client(r->model, &r->client, read - r->read);
    r->read = read;
    tell_items(r, read, lookup);
}

/* "SB 232 41 1 2 ...": the numbers behind 232. False: something else. */
static bool parse_words(const char *words, uint8_t *code, uint8_t *body,
                        size_t *len)
{
    static const char start[] = "SB 232 ";
    char *end = NULL;

    if (strncmp(words, start, strlen(start)) != 0)
        return false;
    words += strlen(start);
    *code = (uint8_t)strtoul(words, &end, 10);
    for (*len = 0; *end == ' ' && *len < 2 * SEQUENCE_MAX; (*len)++)
        body[*len] = (uint8_t)strtoul(end + 1, &end, 10);
    return true;
}

static bool is_of_a_move(uint8_t code)
{
    return (code >= VMOTION_BEGIN && code <= VMOTION_ABORT) ||
           code == UNKNOWN_SUBOPTION_RCVD_2;
}

static void keep_key(struct remote *r, const uint8_t *body, size_t len)
{
    struct key *key;

    if (r->key_count == REMOTE_KEYS_MAX)
        return;
    key = &r->keys[r->key_count++];
    key->sequence.len = (uint8_t)(len - SECRET_LEN);
    memcpy(key->sequence.bytes, body, len - SECRET_LEN);
    memcpy(key->secret, body + len - SECRET_LEN, SECRET_LEN);
}

static void hear_words(struct remote *r, const char *words)
{
    uint8_t body[2 * SEQUENCE_MAX];
    uint8_t code;
    size_t len;

    if (!parse_words(words, &code, body, &len) || !is_of_a_move(code))
        return;
    model_vm_heard(r->model, &r->vm, code, slice_of(body, len));
    if (code == VMOTION_GOAHEAD && r->model->failure[0] == '\0')
        keep_key(r, body, len);
}

static void hear_commands(struct remote *r)
{
    struct buf *said = &r->peer->said;
    char *words, *next;

    if (said->len == 0 || !peer_has_finished(r->peer))
        return;
    append(said, slice_of("", 1));
    for (words = (char *)said->data + said->start; words != NULL;
         words = next) {
        next = strstr(words, ", ");
        if (next != NULL) {
            *next = '\0';
            next += 2;
        }
        if (r->is_vm)
            hear_words(r, words);
    }
    buf_take(said, said->len);
}

void remote_listen(struct remote *r)
{
    struct slice data;
    size_t judged = 0;

    peer_listen(r->peer);
    hear_commands(r);
    data = buf_bytes(&r->peer->data);
    if (r->model->failure[0] != '\0' || data.len == 0)
        return;
    if (r->is_vm)
        judged = model_vm_got(r->model, &r->vm, data);
    else
        judged = model_client_got(r->model, &r->client, data);
    buf_take(&r->peer->data, judged);
}

void remote_check_end(struct remote *r)
{
    bool is_closed = r->peer->stream.is_closed;
    bool is_gone =
        r->is_vm ? r->vm.role == MODEL_GONE : r->client.console == NULL;

    if (is_closed == is_gone)
        return;
    if (!is_closed && !r->was_ended) {
        model_fail(r->model, "vm %d should have been closed", r->vm.number);
    } else if (!r->was_ended) {
        model_fail(r->model, "%s %d was closed", r->is_vm ? "vm" : "client",
                   r->vm.number);
    } else if (is_closed) {
        remote_listen(r);
        if (r->is_vm)
            model_is_lost(r->model, &r->vm);
        else
            model_client_leaves(r->model, &r->client);
    }
}

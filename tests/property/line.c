#include "line.h"

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

static void append(struct buf *to, struct slice bytes)
{
    if (buf_append(to, bytes) < 0)
        abort();
}

struct line *line_new(struct model *m, struct peer *p, int number, bool is_vm)
{
    struct line *l = xcalloc(1, sizeof *l);

    l->model = m;
    l->peer = p;
    l->is_vm = is_vm;
    l->pattern = (uint32_t)number;
    l->vm.number = number;
    l->client.number = number;
    buf_init(&l->pending, MODEL_STREAM_MAX);
    buf_init(&l->vm.early, MODEL_STREAM_MAX);
    return l;
}

void line_free(struct line *l)
{
    buf_done(&l->pending);
    buf_done(&l->vm.early);
    free(l);
}

bool line_may_say(const struct line *l)
{
    return !l->was_ended && l->item_count < LINE_ITEMS_MAX &&
           !l->peer->stream.is_closed;
}

void line_say(struct line *l, struct item item, struct slice wire)
{
    if (item.kind != ITEM_DATA)
        item.len = (uint32_t)wire.len;
    append(&l->pending, wire);
    l->items[l->item_count++] = item;
}

static size_t wire_len(const struct line *l, uint8_t byte)
{
    return byte == 255 && !l->is_raw ? 2 : 1;
}

void line_say_data(struct line *l, size_t len)
{
    static uint8_t wire[2 * LINE_DATA_MAX];
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        uint8_t byte = data_at(l->pattern, l->data_said++);

        wire[n++] = byte;
        if (wire_len(l, byte) == 2)
            wire[n++] = byte;
    }
    line_say(l, (struct item){ .kind = ITEM_DATA, .len = (uint32_t)len },
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

void line_say_move(struct line *l, enum item_kind kind, const struct key *key)
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
    line_say(l, (struct item){ .kind = (uint8_t)kind, .key = *key },
             slice_of(wire, n));
}

void line_give(struct line *l, size_t len)
{
    struct slice bytes = buf_bytes(&l->pending);

    if (l->was_ended || l->peer->stream.is_closed)
        return;
    if (bytes.len > len)
        bytes.len = len;
    if (stream_mem_give(&l->peer->stream, bytes) < 0)
        abort();
    l->given += bytes.len;
    buf_take(&l->pending, bytes.len);
}

void line_end(struct line *l, bool breaks)
{
    l->was_ended = true;
    /* Whether it would have been served raw is not known any more. */
    if (!l->is_vm && l->is_raw && !l->is_served)
        l->client.is_unjudged = true;
    l->peer->stream.is_ended = true;
    l->peer->stream.is_broken = breaks;
    buf_take(&l->pending, l->pending.len);
}

size_t line_unread(const struct line *l)
{
    return l->peer->stream.to_session.len;
}

static void tell_bytes(struct line *l, struct slice bytes)
{
    if (l->is_vm)
        model_prints(l->model, &l->vm, bytes);
    else
        model_types(l->model, &l->client, bytes);
    l->is_served |= l->is_raw && bytes.len > 0;
}

/* As many bytes of the item as are read to their end. */
static void tell_data(struct line *l, struct item *item, uint64_t read)
{
    static uint8_t bytes[LINE_DATA_MAX];
    size_t n = 0;

    while (n < item->len) {
        uint8_t byte = data_at(l->pattern, l->data_told);

        if (l->told + wire_len(l, byte) > read)
            break;
        l->told += wire_len(l, byte);
        l->data_told++;
        bytes[n++] = byte;
    }
    item->len -= (uint32_t)n;
    tell_bytes(l, slice_of(bytes, n));
}

static void tell_items(struct line *l, uint64_t read,
                       const struct line_lookup *lookup);

/* It is read to its end before what the other one said counts. */
static void tell_last_word(struct model_vm *vm,
                           const struct line_lookup *lookup)
{
    struct model_console *c;
    struct line *l;

    if (vm == NULL)
        return;
    c = vm->console;
    l = lookup->line_of(lookup->owner, vm);
    if (!l->peer->stream.is_broken)
        tell_items(l, l->given, lookup);
    model_lets_lag(l->model, c, 0);
    line_listen(l);
    if (l->was_ended)
        model_is_lost(l->model, &l->vm);
}

static void tell_connect(struct line *l, const struct item *item,
                         const struct line_lookup *lookup)
{
    tell_last_word(item->console->link, lookup);
    model_connects(l->model, &l->vm, item->console);
    model_lets_lag(l->model, item->console, l->given - l->told);
}

static void tell_complete(struct line *l, const struct item *item,
                          const struct line_lookup *lookup)
{
    tell_last_word(model_completes_after(&l->vm, &item->key.sequence), lookup);
    model_completes(l->model, &l->vm, &item->key.sequence);
    if (l->vm.role == MODEL_SERVES)
        model_lets_lag(l->model, l->vm.console, l->given - l->told);
}

static void tell_item(struct line *l, const struct item *item,
                      const struct line_lookup *lookup)
{
    switch ((enum item_kind)item->kind) {
    case ITEM_DATA:
        break;
    case ITEM_NOTHING:
        l->is_served = true;
        break;
    case ITEM_TELNET:
        if (l->client.console != NULL)
            model_client_is_telnet(&l->client);
        break;
    case ITEM_CONNECT:
        tell_connect(l, item, lookup);
        break;
    case ITEM_BEGIN:
        model_begins(l->model, &l->vm, &item->key.sequence);
        break;
    case ITEM_PEER:
        model_joins(l->model, &l->vm, &item->key);
        break;
    case ITEM_COMPLETE:
        tell_complete(l, item, lookup);
        break;
    case ITEM_ABORT:
        model_aborts(l->model, &l->vm);
        break;
    }
}

static struct item take_item(struct line *l)
{
    struct item item = l->items[0];

    l->item_count--;
    memmove(&l->items[0], &l->items[1],
            (size_t)l->item_count * sizeof l->items[0]);
    return item;
}

static void tell_items(struct line *l, uint64_t read,
                       const struct line_lookup *lookup)
{
    while (l->item_count > 0 && l->model->failure[0] == '\0' &&
           !(l->is_vm && l->vm.role == MODEL_GONE)) {
        struct item item;

        if (l->items[0].kind == ITEM_DATA) {
            tell_data(l, &l->items[0], read);
            if (l->items[0].len > 0)
                return;
            take_item(l);
            continue;
        }
        if (l->told + l->items[0].len > read)
            return;
        item = take_item(l);
        l->told += item.len;
        tell_item(l, &item, lookup);
    }
}

void line_tell_read(struct line *l, const struct line_lookup *lookup)
{
    uint64_t read = l->given - line_unread(l);

    if (!l->is_vm && read > l->read)
        model_reads_client(l->model, &l->client);
    l->read = read;
    tell_items(l, read, lookup);
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

static void keep_key(struct line *l, const uint8_t *body, size_t len)
{
    struct key *key;

    if (l->key_count == LINE_KEYS_MAX)
        return;
    key = &l->keys[l->key_count++];
    key->sequence.len = (uint8_t)(len - SECRET_LEN);
    memcpy(key->sequence.bytes, body, len - SECRET_LEN);
    memcpy(key->secret, body + len - SECRET_LEN, SECRET_LEN);
}

static void hear_words(struct line *l, const char *words)
{
    uint8_t body[2 * SEQUENCE_MAX];
    uint8_t code;
    size_t len;

    if (!parse_words(words, &code, body, &len) || !is_of_a_move(code))
        return;
    model_vm_heard(l->model, &l->vm, code, slice_of(body, len));
    if (code == VMOTION_GOAHEAD && l->model->failure[0] == '\0')
        keep_key(l, body, len);
}

static void hear_commands(struct line *l)
{
    struct buf *said = &l->peer->said;
    char *words, *next;

    if (said->len == 0 || !peer_has_finished(l->peer))
        return;
    append(said, slice_of("", 1));
    for (words = (char *)said->data + said->start; words != NULL;
         words = next) {
        next = strstr(words, ", ");
        if (next != NULL) {
            *next = '\0';
            next += 2;
        }
        if (l->is_vm)
            hear_words(l, words);
    }
    buf_take(said, said->len);
}

void line_listen(struct line *l)
{
    struct slice data;
    size_t judged = 0;

    peer_listen(l->peer);
    hear_commands(l);
    data = buf_bytes(&l->peer->data);
    if (l->model->failure[0] != '\0' || data.len == 0)
        return;
    if (l->is_vm)
        judged = model_vm_got(l->model, &l->vm, data);
    else
        judged = model_client_got(l->model, &l->client, data);
    buf_take(&l->peer->data, judged);
}

void line_check_end(struct line *l)
{
    bool is_closed = l->peer->stream.is_closed;
    bool is_gone =
        l->is_vm ? l->vm.role == MODEL_GONE : l->client.console == NULL;

    if (is_closed == is_gone)
        return;
    if (!is_closed && !l->was_ended) {
        model_fail(l->model, "vm %d should have been closed", l->vm.number);
    } else if (!l->was_ended) {
        model_fail(l->model, "%s %d was closed", l->is_vm ? "vm" : "client",
                   l->vm.number);
    } else if (is_closed) {
        line_listen(l);
        if (l->is_vm)
            model_is_lost(l->model, &l->vm);
        else
            model_client_leaves(&l->client);
    }
}

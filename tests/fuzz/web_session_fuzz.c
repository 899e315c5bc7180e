/*
 * HTTP connections from their first byte to their end, with the real commands:
 * whatever comes, in whatever pieces, answers are HTTP, memory is bounded, and
 * all connections end.
 *
 * An input has steps with a zero byte between; the first byte says what is done
 * with the rest:
 *
 *     g, s  it is sent on the connection; s: and is read byte by byte
 *     t, u  a new connection by a port, by the Unix socket; the rest is sent
 *     w     so many bytes are taken, a hundred for each byte of the step
 *     d     time passes, for the phase that the rest's length says
 *     v     the VM shows the rest
 *     f, b  the peer sends no more; the connection breaks
 *     j     the rules have changed
 *
 * Without a step's letter the bytes are sent. Nothing runs before a step's end,
 * and in small letters' upper case not before the next one.
 */
#include "../unit/session_peer.h"
#include "api/api.h"
#include "api/api_means.h"
#include "core/told/past_moves.h"
#include "session/typing.h"
#include "web/http_session.h"
#include "web/web.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 64, CONNECTIONS_MAX = 8, TURNS_MAX = 100000 };

/* The input of a run comes in; what the far end has not taken may be this. */
enum { OUT_MAX = 2 * HTTP_OUT_MARK + HTTP_OUT_MAX };

struct play {
    struct site site;
    struct past_moves moves;
    struct api_means means;
    struct api *api;
    struct web *web;
    struct http_context *http;
    struct peer *vm;
    struct peer *peer; /* the newest connection; NULL: none */
    int connections;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void play_forget(void *owner, struct console *c)
{
    struct play *p = owner;

    census_walks_forget(&p->site.walks, c);
    site_turn_end(&p->site);
    directory_remove(c);
}

static void play_read(void *owner, struct census *ret)
{
    struct play *p = owner;

    *ret = (struct census){ 0 };
    census_read_directory(ret, &p->site.directory);
}

static void play_read_console(void *owner, const struct console *c,
                              struct census_console *ret)
{
    (void)owner;
    census_read_console(ret, c);
}

static size_t play_read_addresses(
    void *owner, struct census_address ret_rows[CENSUS_ADDRESSES_MAX])
{
    struct play *p = owner;

    return census_read_addresses(&p->site.directory, ret_rows);
}

/* ---- turns ----------------------------------------------------------------
 */

static bool work(struct play *p)
{
    struct deadline *d = deadline_pop(&p->http->turns, UINT64_MAX);

    if (d != NULL)
        p->http->turns.on_due(d, p->http);
    return d != NULL;
}

static void run(struct play *p)
{
    int turns = 0;

    do {
        site_run(&p->site);
        require(++turns < TURNS_MAX);
    } while (work(p));
}

static void fall_due(struct play *p, struct deadline_queue *queue)
{
    struct deadline *d = deadline_pop(queue, UINT64_MAX);

    if (d != NULL)
        queue->on_due(d, queue->owner);
    directory_settle(&p->site.directory);
}

static void pass_time(struct play *p, size_t kind)
{
    struct deadline_queue *const queues[] = {
        typing_ticks(&p->site.ctx), &p->http->heads,
        &p->http->bodies,           &p->http->idles,
        &p->http->writes,
    };

    fall_due(p, queues[kind % (sizeof queues / sizeof *queues)]);
}

/* ---- connections ----------------------------------------------------------
 */

static void connect_peer(struct play *p, bool is_socket)
{
    struct ip ip;

    if (p->connections == CONNECTIONS_MAX)
        return;
    p->connections++;
    p->peer = peer_add(&p->site);
    p->peer->is_raw = true;
    require(ip_parse("127.0.0.1", &ip));
    if (!is_socket)
        p->peer->stream.stream.peer = address_of_ip(ip, 40000);
    http_session_start(p->http, &p->peer->stream.stream, is_socket, 1000);
}

static void say(struct play *p, struct slice bytes)
{
    if (p->peer == NULL)
        connect_peer(p, false);
    if (!p->peer->stream.is_closed)
        peer_put(p->peer, bytes);
}

static void say_slowly(struct play *p, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        say(p, slice_of(bytes.data + i, 1));
        run(p);
    }
}

static void judge(struct play *p)
{
    struct session_judged judged = { 0 };

    session_judge_all(&p->site.ctx.all, &judged);
}

static void act(struct play *p, char what, struct slice rest)
{
    switch (what) {
    case 's':
        say_slowly(p, rest);
        break;
    case 't':
    case 'u':
        connect_peer(p, what == 'u');
        say(p, rest);
        break;
    case 'w':
        if (p->peer != NULL)
            p->peer->stream.room = 100 * rest.len;
        break;
    case 'd':
        pass_time(p, rest.len);
        break;
    case 'v':
        if (rest.len > 0)
            peer_put_data(p->vm, rest);
        break;
    case 'f':
        if (p->peer != NULL)
            p->peer->stream.is_ended = true;
        break;
    case 'b':
        if (p->peer != NULL)
            p->peer->stream.is_broken = true;
        break;
    case 'j':
        judge(p);
        break;
    default:
        say(p, rest);
        break;
    }
}

static void step(struct play *p, struct slice in)
{
    static const char letters[] = "gstuwdvfbj";
    char what = in.len > 0 ? (char)in.data[0] : 'g';
    bool is_known = in.len > 0 && strchr(letters, tolower(what)) != NULL;

    act(p, (char)tolower(what), is_known ? slice_after(in, 1) : in);
    if (!isupper(what) || !is_known)
        run(p);
}

/* ---- what holds -----------------------------------------------------------
 */

/* The first answer; what is behind it depends on it. */
static void check_answer(struct peer *peer)
{
    static const char begin[] = "HTTP/1.1 ";
    struct slice came;
    size_t len;

    peer_listen(peer);
    came = buf_bytes(&peer->data);
    len = came.len < sizeof begin - 1 ? came.len : sizeof begin - 1;
    require(len == 0 || memcmp(came.data, begin, len) == 0);
}

static void check(struct play *p)
{
    for (size_t i = 0; i < p->site.peer_count; i++)
        if (p->site.peers[i]->is_raw)
            check_answer(p->site.peers[i]);
    LIST_EACH (node, after, &p->http->busy) {
        struct http_session *s = CONTAINER_OF(node, struct http_session, node);

        require(s->out.len <= OUT_MAX);
        require(s->ahead.len <= HTTP_AHEAD_MAX);
    }
}

static void open_play(struct play *p)
{
    struct directory_settings settings = site_settings();
    static const struct web_settings web = { .user_field = NULL };

    *p = (struct play){ .connections = 0 };
    site_open(&p->site, &settings);
    past_moves_init(&p->moves);
    p->means = (struct api_means){
        .owner = p,
        .census = { .owner = p,
                    .read = play_read,
                    .read_console = play_read_console,
                    .read_addresses = play_read_addresses },
        .moves = &p->moves,
        .forget = play_forget,
    };
    p->api = api_new(&p->site.ctx, &p->means);
    p->web = web_new(&p->site.ctx, p->api, NULL, &web);
    p->http = web_http(p->web);
    p->vm = vm_start(&p->site);
}

static void close_play(struct play *p)
{
    session_close_all(&p->site.ctx.all, "the input is over");
    site_turn_end(&p->site);
    require(p->http->counts.connections == 0);
    require(p->http->body_bytes[0] == 0 && p->http->body_bytes[1] == 0);
    require(list_is_empty(&p->http->work));
    web_free(p->web);
    api_free(p->api);
    past_moves_done(&p->moves);
    site_close(&p->site);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_of(data, size);
    struct play p;

    open_play(&p);
    for (int i = 0; i < STEPS_MAX && in.len > 0; i++) {
        const uint8_t *end = memchr(in.data, '\0', in.len);
        size_t len = end != NULL ? (size_t)(end - in.data) : in.len;

        step(&p, slice_of(in.data, len));
        in = slice_after(in, end != NULL ? len + 1 : len);
        check(&p);
    }
    run(&p);
    check(&p);
    close_play(&p);
    return 0;
}

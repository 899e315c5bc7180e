/*
 * Commands of the API, with addresses, queries and bodies that are the input's:
 * each call is answered once, with JSON that can be read, whatever it asks; and
 * what it leaves under way ends with it.
 *
 * An input has requests, with a zero byte between: "VERB TARGET", a newline,
 * the body. A body that does not begin with { is octets. A request whose verb
 * is in small letters is dropped as soon as it has begun.
 */
#include "../unit/session_peer.h"
#include "api/api.h"
#include "api/api_means.h"
#include "core/told/past_moves.h"
#include "proto/http/http_target.h"
#include "session/typing.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { REQUESTS_MAX = 16, PIECES_MAX = 100000, TICKS_MAX = 4 };

struct play {
    struct site site;
    struct past_moves moves;
    struct api_means means;
    struct api *api;
    struct principal who;
    unsigned answered; /* of the call */
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
    site_turn_end(&p->site); /* facts name it */
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

static void play_answered(struct api_call *call)
{
    ((struct play *)call->owner)->answered++;
}

static void play_woken(struct api_call *call)
{
    (void)call;
}

static const struct api_call_ops ops = { .answered = play_answered,
                                         .woken = play_woken };

/* ---- a call ---------------------------------------------------------------
 */

static void read_json(const char *type, struct slice text)
{
    json_error_t error;
    json_t *json;

    if (type == NULL || strcmp(type, "application/json") != 0)
        return;
    json = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES,
                      &error);
    require(json != NULL);
    json_decref(json);
}

static void take_stream(struct api_call *call, struct directory *d)
{
    enum api_more more = API_MORE;
    struct buf to;

    buf_init(&to, 16 * 1024 * KIB);
    for (int i = 0; i < PIECES_MAX && more == API_MORE; i++) {
        more = api_produce(call, &to);
        directory_settle(d);
    }
    require(more != API_MORE);
    if (more == API_END)
        read_json(call->answer.type, buf_bytes(&to));
    buf_done(&to);
}

static void wait_for_answer(struct play *p)
{
    struct deadline_queue *ticks = typing_ticks(&p->site.ctx);

    for (int i = 0; i < TICKS_MAX && p->answered == 0; i++) {
        if (deadline_first(ticks) != NULL)
            deadline_queue_fire(ticks, deadline_first(ticks)->due_us +
                                           (uint64_t)i * TYPING_STALL_US);
        site_run(&p->site);
    }
}

static void run(struct play *p, struct api_call *call, bool is_dropped)
{
    struct directory *d = &p->site.directory;

    p->answered = 0;
    api_begin(call);
    directory_settle(d);
    if (!is_dropped)
        wait_for_answer(p);
    require(p->answered <= 1);
    if (p->answered == 1 && !is_dropped) {
        require(call->answer.status >= 200 && call->answer.status < 600);
        if (call->answer.body != NULL)
            read_json(call->answer.type,
                      slice_of(call->answer.body, call->answer.len));
        else
            take_stream(call, d);
        (void)api_judge(call);
    }
}

static enum http_verb verb_of(struct slice word)
{
    for (int i = 0; i < HTTP_VERB_OTHER; i++) {
        const char *name = http_verb_name((enum http_verb)i);

        if (strlen(name) == word.len &&
            strncasecmp(name, (const char *)word.data, word.len) == 0)
            return (enum http_verb)i;
    }
    return HTTP_VERB_OTHER;
}

static void begin(struct play *p, const struct api_found_row *row,
                  const struct http_target *target, struct slice body,
                  bool is_dropped)
{
    struct api_call call;
    struct err why;
    bool is_set;

    api_call_init(&call, p->api, row, &ops);
    call.who = &p->who;
    call.peer = "";
    call.door = "socket";
    call.owner = p;
    is_set = api_set_query(&call, target, &why);
    if (is_set && body.len > 0)
        is_set = body.data[0] == '{' ? api_set_json(&call, body, &why)
                                     : api_set_octets(&call, body, &why);
    /* Those that take a WebSocket are of the transport's making; metrics and
     * probes show a whole program. */
    if (is_set && row->command->kind == API_ANSWERS &&
        strncmp(row->command->path, "//", 2) != 0)
        run(p, &call, is_dropped);
    api_call_done(&call);
    directory_settle(&p->site.directory);
    site_run(&p->site);
}

static struct slice take_until(struct slice *in, int end)
{
    const uint8_t *at = in->len > 0 ? memchr(in->data, end, in->len) : NULL;
    size_t len = at != NULL ? (size_t)(at - in->data) : in->len;
    struct slice part = slice_of(in->data, len);

    *in = slice_after(*in, at != NULL ? len + 1 : len);
    return part;
}

static void request(struct play *p, struct slice in)
{
    struct slice line = take_until(&in, '\n');
    struct slice verb = take_until(&line, ' ');
    struct api_found_row row;
    struct http_target target;

    if (http_target_parse(&target, line) == NULL) {
        if (api_find(p->api, verb_of(verb), &target, &row) == API_FOUND)
            begin(p, &row, &target, in, verb.len > 0 && islower(verb.data[0]));
        http_target_done(&target);
    }
}

/* ---- the site -------------------------------------------------------------
 */

static void open_play(struct play *p)
{
    struct directory_settings settings = site_settings();

    *p = (struct play){ .answered = 0 };
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
    p->who = principal_of_address(false, (struct ip){ 0 });
    require(principal_prove(&p->who, PROOF_UID, "root"));
    p->who.is_keeper = true;
    (void)vm_start(&p->site);
    (void)telnet_connect(&p->site, site_console(&p->site));
    (void)vm_start_as(&p->site, "00000000-0000-0000-0000-000000000001", "s0");
}

static void close_play(struct play *p)
{
    api_free(p->api);
    principal_done(&p->who);
    past_moves_done(&p->moves);
    site_close(&p->site);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_of(data, size);
    struct play p;

    open_play(&p);
    for (int i = 0; i < REQUESTS_MAX && in.len > 0; i++)
        request(&p, take_until(&in, '\0'));
    close_play(&p);
    return 0;
}

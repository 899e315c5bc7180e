#include "session_play.h"

#include <stdlib.h>

/* What a session and its share of a console may hold, besides what the peers
 * play with. */
enum { SESSION_MEMORY_MAX = 64 * KIB + LIMIT_OF(1024 * KIB) };

/* Without ASan this is not there. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

void require(bool holds)
{
    if (!holds)
        abort();
}

void session_play_open(struct session_play *p,
                       const struct directory_settings *settings)
{
    *p = (struct session_play){ 0 };
    site_open(&p->site, settings);
    if (__sanitizer_get_current_allocated_bytes != NULL)
        p->memory = __sanitizer_get_current_allocated_bytes();
    p->other_vm = vm_start_as(&p->site, "a VM beside it", "s0");
    p->other_client = telnet_connect(
        &p->site, directory_find(&p->site.directory, "a VM beside it", "s0"));
}

void session_play_close(struct session_play *p)
{
    site_close(&p->site);
}

bool session_play_run(struct session_play *p)
{
    if (p->burst > 0) {
        p->burst--;
        return false;
    }
    site_run(&p->site);
    return true;
}

void session_play_check_memory(const struct session_play *p)
{
    size_t most = p->memory;

    if (__sanitizer_get_current_allocated_bytes == NULL)
        return;
    for (size_t i = 0; i < p->site.peer_count; i++) {
        const struct peer *peer = p->site.peers[i];

        most += peer->stream.to_session.cap + peer->stream.from_session.cap +
                peer->data.cap + peer->said.cap + SESSION_MEMORY_MAX;
    }
    require(__sanitizer_get_current_allocated_bytes() <= most);
}

void session_play_check_others(struct session_play *p)
{
    peer_give(p->other_vm, BYTES("ping\xff\xff"));
    require(peer_got(p->other_client, BYTES("ping\xff")));
    peer_give(p->other_client, BYTES("pong\xff\xff"));
    require(peer_got(p->other_vm, BYTES("pong\xff")));
}

void session_play_flood(struct peer *peer, struct slice unit)
{
    static uint8_t bytes[FLOOD];
    size_t len = 0;

    if (peer->stream.to_session.len > MUCH)
        return;
    for (; len + unit.len <= sizeof bytes; len += unit.len)
        memcpy(bytes + len, unit.data, unit.len);
    peer_put(peer, slice_of(bytes, len));
}

#include "move_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct secret heard_goahead(struct peer *source)
{
    static const char before[] = "SB 232 41 " SEQUENCE_SAID;
    struct secret secret = { 0 };
    char text[256] = "";
    char *at = text + strlen(before);

    memcpy(text, buf_bytes(&source->said).data, source->said.len);
    peer_forget(source);
    assert_memory_equal(text, before, strlen(before));
    for (int i = 0; i < SECRET_LEN; i++)
        secret.bytes[i] = (uint8_t)strtoul(at, &at, 10);
    assert_int_equal(*at, '\0');
    return secret;
}

struct secret begin(struct peer *source)
{
    peer_give(source, BYTES(BEGIN));
    return heard_goahead(source);
}

void say_peer(struct peer *p, struct secret secret)
{
    peer_give(p, BYTES(IAC SB VMWARE "\x2c" SEQUENCE));
    peer_send(p, slice_of(secret.bytes, SECRET_LEN));
    peer_give(p, BYTES(IAC SE));
}

struct peer *host_connect(struct site *s)
{
    struct peer *p = vm_connect(s);

    peer_give(p, BYTES(ESXI_OPTIONS ESXI_KNOWN));
    peer_forget(p);
    return p;
}

struct peer *join(struct site *s, struct secret secret)
{
    struct peer *p = host_connect(s);

    say_peer(p, secret);
    assert_true(peer_heard(p, "SB 232 45 " SEQUENCE_SAID));
    return p;
}

void say_who(struct peer *p)
{
    peer_give(p, BYTES(WHO(UUID_TEXT)));
}

struct peer *come_back(struct site *s)
{
    struct peer *p = host_connect(s);

    say_who(p);
    return p;
}

void put_only(struct peer *p, struct slice bytes)
{
    assert_int_equal(stream_mem_give(&p->stream, bytes), 0);
}

void look_at(struct peer *p)
{
    while (stream_mem_turn(&p->stream))
        continue;
    site_turn_end(p->site);
}

/*
 * comport_client.h - COM-PORT-OPTION as the side that asks: what a VM's host
 * says of its serial port and understands of the concentrator's (RFC 2217).
 *
 * Pure. The owner negotiates the option and says when it is on. What the
 * struct uart has that was not told yet is told by comport_client_tell.
 */
#ifndef VM_HOST_COMPORT_CLIENT_H
#define VM_HOST_COMPORT_CLIENT_H

#include "proto/comport.h"
#include "vm/common/uart.h"

/* The settings that the concentrator knows. */
struct comport_told {
    struct uart uart;
    bool is_known;
};

struct comport_client {
    const struct uart *uart; /* borrowed: how the port is now */
    struct comport_told told;
    bool is_on;        /* the option is */
    bool may_tell;     /* settings; else only what this connection is to hear */
    bool is_suspended; /* no data for the concentrator now */
    bool sees_break;
    bool has_seen; /* it has said what seen is */
    uint8_t seen;  /* modem lines: COMPORT_MODEM_* without the changes */
    struct comport_message answer; /* of COMPORT_NEWS_SETTING; no text */
};

enum comport_news {
    COMPORT_NEWS_NONE,
    COMPORT_NEWS_LINES,    /* seen has changed */
    COMPORT_NEWS_BREAK_ON, /* sees_break has */
    COMPORT_NEWS_BREAK_OFF,
    COMPORT_NEWS_RESUMED, /* is_suspended is over */
    COMPORT_NEWS_SETTING, /* answer: what holds for it, not what we said */
};

/*
 * told: NULL, or what the host has told that the VM moves from. With it nothing
 * is told here until may_tell is set: a VM takes its settings along.
 */
void comport_client_init(struct comport_client *c, const struct uart *uart,
                         const struct comport_told *told);

/*
 * All of these append to out; 0, or the failures of buf_append.
 *
 * The option went on, or off; the settings as far as they were not told; a
 * break that begins and ends at once; a subnegotiation came.
 */
int comport_client_start(struct comport_client *c, struct buf *out);
void comport_client_stop(struct comport_client *c);
int comport_client_tell(struct comport_client *c, struct buf *out);
int comport_client_put_break(const struct comport_client *c, struct buf *out);
int comport_client_handle(struct comport_client *c, struct slice body,
                          struct buf *out, enum comport_news *ret_news);

#endif

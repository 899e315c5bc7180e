/*
 * comport_client.h - COM-PORT-OPTION as its client: a VM's host sends the
 * settings of its serial port, and reads the concentrator's messages (RFC
 * 2217).
 *
 * Pure. The owner negotiates the option and reports when it is on.
 * comport_client_tell sends what has changed in the struct uart.
 */
#ifndef VM_HOST_COMPORT_CLIENT_H
#define VM_HOST_COMPORT_CLIENT_H

#include "proto/comport.h"
#include "vm/common/uart.h"

/* The settings that were sent to the concentrator. */
struct comport_told {
    struct uart uart;
    bool is_known;
};

struct comport_client {
    const struct uart *uart; /* borrowed: the port's present settings */
    struct comport_told told;
    bool is_on; /* the option is on */
    /* settings may be sent; otherwise only what belongs to this connection */
    bool may_tell;
    bool is_suspended; /* the concentrator takes no data now */
    bool sees_break;
    bool has_seen; /* the concentrator has sent modem lines */
    /* modem lines: COMPORT_MODEM_* without the bits for changes */
    uint8_t seen;
    struct comport_message answer; /* for COMPORT_NEWS_SETTING; without text */
};

enum comport_news {
    COMPORT_NEWS_NONE,
    COMPORT_NEWS_LINES,    /* seen has changed */
    COMPORT_NEWS_BREAK_ON, /* sees_break has changed */
    COMPORT_NEWS_BREAK_OFF,
    COMPORT_NEWS_RESUMED, /* is_suspended has become false */
    COMPORT_NEWS_SETTING, /* answer has the value that holds instead of ours */
};

/*
 * told: NULL, or what the host that the VM moves from has sent. A destination
 * sends no settings until may_tell is set: a VM takes its settings along.
 */
void comport_client_init(struct comport_client *c, const struct uart *uart,
                         const struct comport_told *told);

/*
 * These append to out; 0, or the failures of buf_append. start and stop: the
 * option went on or off. tell: sends settings that were not sent. put_break:
 * sends a break that begins and ends at once. handle: reads a subnegotiation.
 */
int comport_client_start(struct comport_client *c, struct buf *out);
void comport_client_stop(struct comport_client *c);
int comport_client_tell(struct comport_client *c, struct buf *out);
int comport_client_put_break(const struct comport_client *c, struct buf *out);
int comport_client_handle(struct comport_client *c, struct slice body,
                          struct buf *out, enum comport_news *ret_news);

#endif

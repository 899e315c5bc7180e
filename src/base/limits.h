/*
 * limits.h - every bound on what a peer can make us spend, and why.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

enum {
    KIB = 1024,

    /* One read of one connection: its share of a turn of the loop. Large
     * enough that system calls do not count, small enough that a thousand
     * busy connections are all served within some milliseconds. */
    LIMIT_READ = 64 * KIB,

    /* Answers that a peer has not taken yet; above the mark its own input is
     * not read any further. The maximum is the mark plus what one read can
     * add: an empty SIGNATURE is answered with three times its bytes. */
    LIMIT_ANSWERS_MARK = 4 * KIB,
    LIMIT_ANSWERS = LIMIT_ANSWERS_MARK + 4 * LIMIT_READ,

    /* Bytes queued towards a VM that does not read: answers, and input that
     * must go out before one of them (before GOAHEAD all that was kept, with
     * each byte doubled at worst). Above this its own output is not read. */
    LIMIT_QUEUED = 192 * KIB,

    /* Data of a VM that comes before we know which console it belongs to:
     * it is delivered then. Real hosts send next to nothing here. */
    LIMIT_EARLY_DATA = 64 * KIB,

    /* One read of such a connection: with LIMIT_ANSWERS_MARK it bounds what it
     * can make us answer without taking it, to some 24 KiB. */
    LIMIT_NEWCOMER_READ = 4 * KIB,

    /* Early data of all of them together: a thousand such connections that send
     * what they may. */
    LIMIT_EARLY_TOTAL = 64 * 1024 * KIB,

    /* What a host sends at most without waiting for an answer: TCP's initial
     * window (RFC 6928, 2: 14,600 bytes), and some room for shorter headers. */
    LIMIT_FIRST_FLIGHT = 15 * KIB,

    /* A source that leaves has had its last word after this silence: long
     * enough for a segment that was lost to come again twice (RFC 6298 and
     * what hosts make of it: after 0.2 s, then after 0.4 s). And how long it
     * may take in all, while clients take it in their time. */
    LIMIT_LEAVE_SILENCE_US = 1000 * 1000,
    LIMIT_LEAVE_MAX_US = 60 * 1000 * 1000,

    /* A ring's first memory; most consoles only ever show a login prompt. */
    LIMIT_RING_FIRST = 4 * KIB,

    /* Serial ports of one UUID. VMware allows 32 in a VM. */
    LIMIT_CONSOLES_OF_VM = 64,

    /* An address as text, "[IPv6]:port". */
    ADDRESS_TEXT_MAX = 56,

    /* Names as shown: what a terminal's line and a file name can hold. */
    LIMIT_NAME = 128,
};

#endif

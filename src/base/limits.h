/*
 * limits.h - bounds on what a peer can make us spend, and why: those that
 * several modules share. Others stand in their module.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* A build for fuzzing has a sixty-fourth of the bounds on bytes: there an input
 * of some bytes reaches them, and an execution takes less time. */
#ifdef VSPCD_SMALL_LIMITS
#define LIMIT_OF(bytes) ((bytes) / 64)
#else
#define LIMIT_OF(bytes) (bytes)
#endif

enum {
    KIB = 1024,

    /* One read of one connection: its share of a turn of the loop. Large enough
     * that the cost of system calls is small, small enough that a thousand busy
     * connections are served within some milliseconds. */
    LIMIT_READ = LIMIT_OF(64 * KIB),

    /* Answers that a peer has not taken. Above the mark, its input is not read.
     * The maximum is the mark plus what one read can add: an empty SIGNATURE is
     * answered with three times its bytes. */
    LIMIT_ANSWERS_MARK = LIMIT_OF(4 * KIB),
    LIMIT_ANSWERS = LIMIT_ANSWERS_MARK + 4 * LIMIT_READ,

    /* Bytes queued towards a VM that does not read: answers, and input that
     * must go out before one of them (before GOAHEAD all input that was kept,
     * each byte doubled at worst). Above this, the VM's output is not read. */
    LIMIT_QUEUED = LIMIT_OF(192 * KIB),

    /* Data of a VM that comes before the VM is identified; it is delivered
     * afterwards. ESXi hosts send next to nothing here. */
    LIMIT_EARLY_DATA = LIMIT_OF(64 * KIB),

    /* One read of an unidentified connection, and the answers that its peer may
     * leave untaken, here and in the kernel, before the connection is closed.
     * Both bound what it can cause, to some 36 KiB: a read is answered with up
     * to five times its bytes. */
    LIMIT_NEWCOMER_READ = LIMIT_OF(4 * KIB),
    LIMIT_NEWCOMER_ANSWERS = LIMIT_OF(16 * KIB),

    /* Early data of all unidentified connections together: a thousand
     * connections that send LIMIT_EARLY_DATA each. */
    LIMIT_EARLY_TOTAL = 64 * 1024 * KIB,

    /* What a host sends at most without waiting for an answer: TCP's initial
     * window (RFC 6928, 2: 14,600 bytes), and some room for shorter headers. */
    LIMIT_FIRST_FLIGHT = LIMIT_OF(15 * KIB),

    /* After this silence, a source that leaves is taken to have sent its last
     * byte: long enough for a lost segment to be sent again twice (RFC 6298;
     * hosts do so after 0.2 s, then after 0.4 s). LIMIT_LEAVE_MAX_US bounds the
     * whole time, while clients drain at their own pace. */
    LIMIT_LEAVE_SILENCE_US = 1000 * 1000,
    LIMIT_LEAVE_MAX_US = 60 * 1000 * 1000,

    /* A ring's first memory; most consoles show no more than a login prompt. */
    LIMIT_RING_FIRST = LIMIT_OF(4 * KIB),

    /* A console has each of its names for this time at least. Every name is a
     * log line, a write to the state file and an event for hooks; people rename
     * a VM once in a year. */
    LIMIT_RENAME_US = 1000 * 1000,

    /* Serial ports of one UUID. VMware allows 32 in a VM. */
    LIMIT_CONSOLES_OF_VM = 64,

    /* A connection of a VM that lasts so long makes its console one that was
     * used. A VM whose connection was replaced by another's has reconnected
     * long before. */
    LIMIT_TRIAL_US = 60 * 1000 * 1000,

    /* An address as text, "[IPv6]:port". */
    ADDRESS_TEXT_MAX = 56,

    /* Names as shown: what fits a terminal's line and a file name. */
    LIMIT_NAME = 128,
};

#endif

/*
 * server.h - the vspcd of a round, as a child process: its log, its ports, its
 * end. Whoever ends the round ends it.
 */
#ifndef TESTS_CHAOS_SERVER_H
#define TESTS_CHAOS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum {
    SERVER_VMS_MAX = 8,
    SERVER_PORTS = 100,       /* of the block */
    SERVER_SERVICE_PORT = 60, /* in the block: of --service-listen */
    SERVER_SERVICE_PORTS = 10,
    SERVER_MENU_PORT = SERVER_SERVICE_PORT + SERVER_SERVICE_PORTS,
};

struct server {
    pid_t pid; /* 0: it has ended */
    int status;
    int log; /* -1: it has ended */
    FILE *log_file;
    char folder[128];
    char line[4096];
    size_t line_len;
    uint16_t block;                 /* first of its ports */
    int mark;                       /* keeps the block from other tests */
    uint16_t proxy;                 /* 0: not ready yet */
    uint16_t ports[SERVER_VMS_MAX]; /* of their consoles; 0: not seen yet */
    bool has_port[SERVER_PORTS];    /* which of the block consoles have */
    bool has_complained;            /* a sanitizer has */
};

/* The UUID of a console's VM, canonical: in the log, in vspc:// */
void server_uuid(char text[40], int console);

/* Below the folder are settings, state and log. Dies if it cannot start. */
void server_start(struct server *s, const char *program, const char *folder);

/* A block of neighbouring ports; before server_start. */
void server_take_ports(struct server *s);

/* Reads what is there of the log, and looks whether it has ended. */
void server_watch(struct server *s);

void server_signal(const struct server *s, int number);

/* It runs no more, or again, when this returns. */
void server_stop(const struct server *s);
void server_continue(const struct server *s);

/* Consoles that there are, or have been. */
int server_consoles(const struct server *s);

/* Open descriptors; -1: not known. */
int server_descriptors(const struct server *s);

/* Aborts it if it still runs, so that a sanitizer shows where, and frees all.
 */
void server_end(struct server *s);

/* Copies the end of the log to stdout. */
void server_show_log(const struct server *s, unsigned lines);

uint64_t now_ms(void);
_Noreturn void die(const char *what);

#endif

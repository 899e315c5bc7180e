/*
 * terminal.h - ptys, serial ports and the modes of terminals, as file
 * descriptors; stream_fd.h makes streams of them.
 *
 * All descriptors are close-on-exec and belong to the caller.
 */
#ifndef NET_TERMINAL_H
#define NET_TERMINAL_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

enum { TERMINAL_NAME_MAX = 64 };

/*
 * A pty whose other side programs open by name; in raw mode. Nobody has it
 * open after this. Returns the master or -errno.
 */
int terminal_open_pty(char ret_name[TERMINAL_NAME_MAX]);

/* As new: raw mode, and nothing left that its last user did not read. */
void terminal_reset_pty(const char *name);

/* Of a pty's master: true if no program has the other side open, and what the
 * last one wrote has been read. */
bool terminal_is_alone(int master);

/*
 * Runs the command with /bin/sh -c on a new pty, as the leader of a session of
 * its own, with the pty as its controlling terminal and no other descriptors.
 * Returns the pty's master, or -errno.
 */
int terminal_spawn(const char *command, pid_t *ret_pid);

/*
 * Opens a serial port for us alone (as far as others ask: flock), raw, 8 data
 * bits, no parity, 1 stop bit, no flow control. *ret_before is what it was set
 * to. Returns the descriptor, or -errno with err filled.
 */
int terminal_open_device(const char *path, speed_t speed,
                         struct termios *ret_before, struct err *err);

/* False: no speed that this system knows by a constant. */
bool terminal_find_speed(unsigned baud, speed_t *ret_speed);
bool terminal_find_baud(speed_t speed, unsigned *ret_baud);

/* The settings; of a pty's master: those of its other side. 0 or -errno. */
int terminal_get_mode(int fd, struct termios *ret_mode);

/* A serial port's modem lines: what it sees (0, or -errno: it has none), and
 * what it drives, as far as it has any. */
enum {
    TERMINAL_DSR = 1,
    TERMINAL_CTS = 2,
    TERMINAL_DTR = 1,
    TERMINAL_RTS = 2,
};
int terminal_get_lines(int fd, unsigned *ret_lines);
void terminal_drive_lines(int fd, unsigned lines);

/* True if nothing that was written still waits to be sent. */
bool terminal_has_sent(int fd);

/* The line's break condition, from now on or no longer. 0 or -errno. */
int terminal_set_break(int fd, bool is_on);

/*
 * Hands on each key as it is typed: no echo, no lines, no signals. Output is
 * still processed. 0 or -errno; undone by terminal_restore.
 */
int terminal_read_keys(int fd, struct termios *ret_before);
void terminal_restore(int fd, const struct termios *before);

#endif

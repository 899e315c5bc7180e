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
 * Opens a pty in raw mode, whose other side programs open by name. Nobody has
 * the other side open afterwards. Returns the master or -errno.
 */
int terminal_open_pty(char ret_name[TERMINAL_NAME_MAX]);

/* Sets raw mode again, and drops what the last program did not read. */
void terminal_reset_pty(const char *name);

/* master: a pty's. True if no program has the other side open, and the last
 * one's output has been read. */
bool terminal_is_alone(int master);

/*
 * Runs command with /bin/sh -c on a new pty: leader of its own session, the pty
 * as its controlling terminal, no other descriptors. Returns the pty's master,
 * or -errno.
 */
int terminal_spawn(const char *command, pid_t *ret_pid);

/*
 * Opens a serial port, excluding programs that use flock too: raw, 8 data bits,
 * no parity, 1 stop bit, no flow control. *ret_before is its former mode.
 * Returns the descriptor, or -errno with err filled.
 */
int terminal_open_device(const char *path, speed_t speed,
                         struct termios *ret_before, struct err *err);

/* False: this system has no constant for the speed. */
bool terminal_find_speed(unsigned baud, speed_t *ret_speed);
bool terminal_find_baud(speed_t speed, unsigned *ret_baud);

/* The mode; for a pty's master, that of its other side. 0 or -errno. */
int terminal_get_mode(int fd, struct termios *ret_mode);

/* A pty's master: the size of its window, in characters. The program at the
 * other side gets SIGWINCH if it has changed. */
void terminal_set_window(int fd, unsigned columns, unsigned rows);

/* A serial port's modem lines. terminal_get_lines reads the inputs, DSR and
 * CTS: 0, or -errno if it has none. terminal_drive_lines sets the outputs, DTR
 * and RTS, as far as it has any. */
enum {
    TERMINAL_DSR = 1,
    TERMINAL_CTS = 2,
    TERMINAL_DTR = 1,
    TERMINAL_RTS = 2,
};
int terminal_get_lines(int fd, unsigned *ret_lines);
void terminal_drive_lines(int fd, unsigned lines);

/* True if everything that was written has been sent. */
bool terminal_has_sent(int fd);

/* Starts or ends a break on the line. 0 or -errno. */
int terminal_set_break(int fd, bool is_on);

/*
 * Makes read return each key as it is typed: no echo, no lines, no signals.
 * Output is still processed. 0 or -errno; terminal_restore undoes it.
 */
int terminal_read_keys(int fd, struct termios *ret_before);

/* Makes the terminal a wire: each key is read as it is typed, and each byte is
 * shown as it is written. 0 or -errno; terminal_restore undoes it. */
int terminal_make_raw(int fd, struct termios *ret_before);
void terminal_restore(int fd, const struct termios *before);

#endif

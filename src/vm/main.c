/*
 * vspc-vm - plays the VM's end of a virtual serial port.
 */
#include "net/stream_fd.h"
#include "vm/bridge.h"
#include "vm/options.h"
#include "vm/say.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

static void on_end_signal(void *owner, int number)
{
    (void)number;
    bridge_stop(owner);
}

static void on_move_signal(void *owner, int number)
{
    (void)number;
    bridge_move(owner);
}

/* Signals that end us, but for those that whoever started us has switched off
 * (nohup). */
static void watch_signals(struct loop *loop, struct bridge *bridge)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction now;

        if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            (void)loop_on_signal(loop, numbers[i], on_end_signal, bridge);
    }
    (void)loop_on_signal(loop, SIGUSR1, on_move_signal, bridge);
}

static struct end *open_end(struct loop *loop, const struct options *o,
                            struct err *err)
{
    if (o->command != NULL)
        return end_exec_new(loop, o->command, o->is_respawned, err);
    if (o->pty_link != NULL)
        return end_pty_new(loop, o->pty_link, err);
    if (o->connect_target != NULL)
        return end_connect_new(loop, o->connect_target, err);
    if (o->device != NULL)
        return end_device_new(loop, o->device, o->baud, err);
    return end_stdio_new(loop, o->is_raw, err);
}

static int run_bridge(struct loop *loop, const struct options *o,
                      struct end *end)
{
    const struct options_host *move_to =
        o->move_to.port != 0 ? &o->move_to : &o->proxy;
    const struct bridge_config config = {
        .hosts = {
            .identity = { .name = o->name,
                          .uuid = o->uuid,
                          .uri = o->uri,
                          .direction = o->direction },
            .proxy = { o->proxy.host, o->proxy.port },
            .move_to = { move_to->host, move_to->port },
            .way = o->move_way,
            .every_s = o->move_every_s,
            .timeout_s = o->move_timeout_s,
        },
        .baud = o->baud,
        .is_reconnecting = o->is_reconnecting,
    };
    struct bridge bridge;

    watch_signals(loop, &bridge);
    bridge_start(&bridge, loop, &config, end);
    loop_run(loop);
    return bridge_done(&bridge);
}

static int run(const struct options *o)
{
    struct loop *loop;
    struct end *end;
    struct err err;
    int status = EXIT_USAGE;
    int r = loop_open(&loop);

    if (r < 0) {
        say(SAY_ERROR, "cannot start: %s", strerror(-r));
        return EXIT_FAILURE;
    }
    end = open_end(loop, o, &err);
    if (end != NULL) {
        status = run_bridge(loop, o, end);
        end->ops->free(end);
    } else {
        say(SAY_ERROR, "%s", err.text);
    }
    loop_close(loop);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    struct err err;

    loop_open_standard_descriptors();
    if (options_read(&options, argc, argv, &err) < 0) {
        say(SAY_ERROR, "%s", err.text);
        return EXIT_USAGE;
    }
    say_set_level(options.max_level);
    switch (options.request) {
    case OPTIONS_SHOW_HELP:
        options_print_help();
        return EXIT_SUCCESS;
    case OPTIONS_SHOW_VERSION:
        puts("vspc-vm " VSPCD_VERSION);
        return EXIT_SUCCESS;
    case OPTIONS_RUN:
        break;
    }
    return run(&options);
}

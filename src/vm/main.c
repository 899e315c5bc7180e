/*
 * vspc-vm - plays the VM's end of a virtual serial port.
 */
#include "net/descriptors.h"
#include "net/stream_fd.h"
#include "vm/bridge.h"
#include "vm/common/say.h"
#include "vm/options.h"
#include "vm/rehearse/rehearse.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

static void main_on_end_signal(void *owner, int number)
{
    (void)number;
    bridge_stop(owner);
}

static void main_on_move_signal(void *owner, int number)
{
    (void)number;
    bridge_move(owner);
}

/* Watches the signals that end the program, except those that its parent has it
 * ignore (nohup). */
static void watch_signals(struct loop *loop, struct bridge *bridge)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction now;

        if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            (void)loop_on_signal(loop, numbers[i], main_on_end_signal, bridge);
    }
    (void)loop_on_signal(loop, SIGUSR1, main_on_move_signal, bridge);
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

/* What all connections share, and what those of each target share. */
struct transport {
    struct loop *loop;
    struct tls_hub hub;
    struct proxy_target proxy;
    struct proxy_target move_to;
};

/* Whether the files of --cert and --key can be used: if so, what is wrong with
 * a target is wrong with its URI. */
static int check_certificate(const struct options *o, struct err *err)
{
    const struct tls_client_settings settings = {
        .own_certificate_path = o->certificate,
        .own_key_path = o->key,
    };
    struct tls_context *context;
    struct err why;

    if (tls_context_open_client(&context, &settings, &why) == 0) {
        tls_context_close(context);
        return 0;
    }
    err_set(err, "--cert: %s", why.text);
    return -EINVAL;
}

/* 0, or a failure with err filled; nothing then stays open. */
static int open_transport(struct transport *t, const struct options *o,
                          struct err *err)
{
    const struct concentrator *move_to =
        o->move_to.port != 0 ? &o->move_to : &o->proxy;
    const struct concentrator_proof proof = { o->certificate, o->key };
    int r = check_certificate(o, err);

    if (r == 0)
        r = concentrator_open(&t->proxy, &o->proxy, &proof, "proxy", err);
    if (r < 0)
        return r;
    r = concentrator_open(&t->move_to, move_to, &proof, "move-to", err);
    if (r < 0) {
        tls_context_close(t->proxy.tls);
        return r;
    }
    r = loop_open(&t->loop);
    if (r < 0) {
        err_set(err, "cannot start: %s", strerror(-r));
        tls_context_close(t->proxy.tls);
        tls_context_close(t->move_to.tls);
        return r;
    }
    tls_hub_init(&t->hub, t->loop);
    return 0;
}

static void close_transport(struct transport *t)
{
    tls_hub_done(&t->hub);
    loop_close(t->loop);
    tls_context_close(t->proxy.tls);
    tls_context_close(t->move_to.tls);
}

static int run_bridge(struct transport *t, const struct options *o,
                      struct end *end)
{
    const struct bridge_config config = {
        .hosts = {
            .identity = { .name = o->name,
                          .uuid = o->uuid,
                          .uri = o->uri,
                          .direction = o->direction,
                          .wants_window = end->ops->set_window != NULL },
            .tls_hub = &t->hub,
            .proxy = t->proxy,
            .move_to = t->move_to,
            .way = o->move_way,
            .every_s = o->move_every_s,
            .timeout_s = o->move_timeout_s,
        },
        .baud = o->baud,
        .is_reconnecting = o->is_reconnecting,
    };
    struct bridge bridge;

    watch_signals(t->loop, &bridge);
    bridge_start(&bridge, t->loop, &config, end);
    loop_run(t->loop);
    return bridge_done(&bridge);
}

static int run(const struct options *o)
{
    struct transport transport;
    struct end *end;
    struct err err;
    int status = EXIT_USAGE;
    int r = open_transport(&transport, o, &err);

    if (r < 0) {
        say(SAY_ERROR, "%s", err.text);
        return r == -EINVAL ? EXIT_USAGE : EXIT_FAILURE;
    }
    end = open_end(transport.loop, o, &err);
    if (end != NULL) {
        status = run_bridge(&transport, o, end);
        end->ops->free(end);
    } else {
        say(SAY_ERROR, "%s", err.text);
    }
    close_transport(&transport);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    struct err err;

    descriptors_open_standard();
    if (argc > 1 && strcmp(argv[1], "rehearse") == 0)
        return rehearse_main(argc - 1, argv + 1);
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

/*
 * The server's side of a TLS handshake: whatever a peer sends first. The same
 * comes of it however it is cut, and it costs bounded memory.
 *
 * The first byte of an input says what the server demands.
 */
#include "../unit/tls_lab.h"

#include "base/limits.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>

enum {
    /* Of one connection under way, with what the test's ends hold. */
    MEMORY_MAX = 512 * KIB,
    INPUT_MAX = 64 * KIB,
    CONTEXTS = 3,
};

/* Without ASan this is not there. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static struct tls_context *contexts[CONTEXTS];

static void require(bool holds)
{
    if (!holds)
        abort();
}

static size_t memory_now(void)
{
    return __sanitizer_get_current_allocated_bytes != NULL
               ? __sanitizer_get_current_allocated_bytes()
               : 0;
}

static void open_contexts(void)
{
    struct lab lab;
    struct lab_certificate certificate;

    lab_open(&lab);
    certificate = lab_make(
        &lab, "server.pem",
        &(struct lab_wish){ .common_name = "server", .is_self_signed = true });
    contexts[0] = lab_server(
        &(struct tls_settings){ .certificate_path = certificate.path });
    contexts[1] =
        lab_server(&(struct tls_settings){ .certificate_path = certificate.path,
                                           .minimum = "1.0",
                                           .ciphers = "ALL" });
    contexts[2] =
        lab_server(&(struct tls_settings){ .certificate_path = certificate.path,
                                           .ca_path = lab.ca_path,
                                           .clients = TLS_CLIENTS_MUST_SHOW });
    lab_close(&lab);
}

/* What reading comes to; 1: it waits for more. */
static ssize_t play(struct tls_context *context, struct slice bytes,
                    size_t piece)
{
    size_t memory = memory_now();
    ssize_t result;
    struct tls_hub hub;
    struct end e;

    tls_hub_init(&hub, NULL);
    end_open(&e, &hub, context, NULL);
    for (size_t at = 0; at < bytes.len && e.result == 1; at += piece) {
        size_t len = bytes.len - at < piece ? bytes.len - at : piece;

        stream_mem_give(&e.wire, slice_of(bytes.data + at, len));
        while (lab_turn(&hub, &e))
            ;
        require(memory_now() < memory + MEMORY_MAX + bytes.len);
    }
    result = e.result;
    require((result == 1) == (e.problem[0] == '\0'));
    require(ERR_peek_error() == 0);
    e.wire.is_ended = true;
    while (e.result == 1 && lab_turn(&hub, &e))
        ;
    require(e.result < 0);
    require(e.got_len == 0);
    end_done(&e);
    tls_hub_done(&hub);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct tls_context *context;
    struct slice input;
    ssize_t whole;

    if (contexts[0] == NULL)
        open_contexts();
    if (len < 1 || len > INPUT_MAX)
        return 0;
    context = contexts[bytes[0] % CONTEXTS];
    input = slice_of(bytes + 1, len - 1);
    whole = play(context, input, SIZE_MAX / 2);
    require(play(context, input, 1 + bytes[0] / CONTEXTS) == whole);
    return 0;
}

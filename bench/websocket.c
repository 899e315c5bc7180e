#include "websocket.h"

#include "measure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACK_STEP = 64 * 1024, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9 };

struct websocket *websocket_new(void)
{
    return zalloc(1, sizeof(struct websocket));
}

size_t websocket_put_request(char *to, size_t size, const char *console)
{
    return (size_t)snprintf(to, size,
                            "GET /api/v1/consoles/%s/attach?history=0 "
                            "HTTP/1.1\r\nHost: localhost\r\n"
                            "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                            "Sec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                            "\r\n",
                            console);
}

/* Where its place is said, it is one of these. */
static void take_text(struct websocket *ws)
{
    const char *at;

    ws->text[ws->text_len] = '\0';
    ws->text_len = 0;
    if (strstr(ws->text, "\"type\":\"gap\"") != NULL)
        die("the server has dropped output: %s", ws->text);
    if (strstr(ws->text, "\"type\":\"hello\"") == NULL)
        return;
    at = strstr(ws->text, "\"position\":");
    if (at == NULL || strstr(ws->text, "\"is_live\":true") == NULL)
        die("hello has no place: %s", ws->text);
    ws->position = strtoull(at + strlen("\"position\":"), NULL, 10);
    ws->acked = ws->position;
    ws->is_live = true;
}

/* Up to the empty line. Returns how many bytes it had. */
static size_t take_answer(struct websocket *ws, const uint8_t *in, size_t len)
{
    static const char end[] = "\r\n\r\n";
    size_t i = 0;

    while (i < len && !ws->is_open) {
        if (in[i] == (uint8_t)end[ws->answer_at])
            ws->answer_at++;
        else
            ws->answer_at = in[i] == '\r';
        ws->is_open = ws->answer_at == sizeof end - 1;
        i++;
    }
    return i;
}

static bool take_head(struct websocket *ws, uint8_t byte)
{
    size_t need = 2;

    ws->head[ws->head_len++] = byte;
    if (ws->head_len >= 2 && ws->head[1] >= 126)
        need = ws->head[1] == 126 ? 4 : 10;
    if (ws->head_len < need)
        return false;
    ws->opcode = ws->head[0] & 15;
    ws->left = need == 2 ? ws->head[1] : 0;
    for (size_t i = 2; i < need; i++)
        ws->left = ws->left << 8 | ws->head[i];
    ws->head_len = 0;
    if (ws->opcode == CLOSE)
        die("the server has closed the WebSocket");
    return true;
}

static void keep_text(struct websocket *ws, const uint8_t *in, size_t len)
{
    if (ws->text_len + len > WEBSOCKET_TEXT_MAX)
        die("a text of the server is too long");
    memcpy(ws->text + ws->text_len, in, len);
    ws->text_len += len;
    if (ws->left == len)
        take_text(ws);
}

size_t websocket_decode(struct websocket *ws, const uint8_t *in, size_t len,
                        uint8_t *out)
{
    size_t at = ws->is_open ? 0 : take_answer(ws, in, len);
    size_t count = 0;

    while (at < len) {
        size_t run;

        if (ws->left == 0) {
            (void)take_head(ws, in[at++]);
            continue;
        }
        run = ws->left < len - at ? (size_t)ws->left : len - at;
        if (ws->opcode == BINARY) {
            memmove(out + count, in + at, run);
            count += run;
        } else if (ws->opcode == TEXT) {
            keep_text(ws, in + at, run);
        }
        ws->left -= run;
        at += run;
    }
    ws->position += count;
    return count;
}

/* Masked with zeros, as it stands. */
static size_t put_frame(uint8_t to[WEBSOCKET_FRAME_MAX], uint8_t opcode,
                        const void *bytes, size_t len)
{
    if (len > 125)
        die("a frame of %zu bytes", len);
    memset(to, 0, 6);
    to[0] = 0x80 | opcode;
    to[1] = (uint8_t)(0x80 | len);
    memcpy(to + 6, bytes, len);
    return 6 + len;
}

size_t websocket_put_input(uint8_t to[WEBSOCKET_FRAME_MAX], const void *bytes,
                           size_t len)
{
    return put_frame(to, BINARY, bytes, len);
}

size_t websocket_put_ack(struct websocket *ws, uint8_t to[WEBSOCKET_FRAME_MAX])
{
    char text[64];
    int len;

    if (!ws->is_live || ws->position - ws->acked < ACK_STEP)
        return 0;
    ws->acked = ws->position;
    len = snprintf(text, sizeof text, "{\"ack\":%" PRIu64 "}", ws->position);
    return put_frame(to, TEXT, text, (size_t)len);
}

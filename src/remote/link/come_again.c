#include "remote/link/come_again.h"

unsigned come_again_code_of(unsigned status)
{
    switch (status) {
    case 401:
    case 403:
        return COME_AGAIN_NO_RIGHT;
    case 404:
        return COME_AGAIN_NO_CONSOLE;
    case 409:
        return COME_AGAIN_LOCKED;
    case 429:
    case 503:
        return COME_AGAIN_LIMIT;
    case 500:
        return COME_AGAIN_SERVER_FAULT;
    case 502: /* of a proxy, while vspcd is restarted */
    case 504:
        return COME_AGAIN_LOST;
    default:
        return COME_AGAIN_DONE;
    }
}

bool come_again_is_useful(unsigned code, bool was_served)
{
    switch (code) {
    case COME_AGAIN_LOST:
    case COME_AGAIN_GOING_AWAY:
    case COME_AGAIN_SERVER_FAULT:
    case COME_AGAIN_RESTART:
    case COME_AGAIN_LATER:
    case COME_AGAIN_NO_CONSOLE:
    case COME_AGAIN_LOCKED:
    case COME_AGAIN_LIMIT:
        return was_served;
    default:
        return false;
    }
}

enum exits come_again_exits(unsigned code)
{
    switch (code) {
    case COME_AGAIN_LOST:
    case COME_AGAIN_GOING_AWAY:
    case COME_AGAIN_RESTART:
        return EXITS_NO_SERVER;
    case COME_AGAIN_NO_RIGHT:
        return EXITS_NOT_ALLOWED;
    case COME_AGAIN_NO_CONSOLE:
        return EXITS_NO_CONSOLE;
    case COME_AGAIN_LATER:
    case COME_AGAIN_LOCKED:
    case COME_AGAIN_LIMIT:
        return EXITS_BUSY;
    default:
        return EXITS_FAILED;
    }
}

unsigned come_again_wait_ms(struct come_again *c, bool has_got_on,
                            uint32_t random)
{
    unsigned wait_ms = COME_AGAIN_FIRST_MS;

    if (has_got_on) {
        c->tries = 0;
        return COME_AGAIN_AT_ONCE_MS - random % (COME_AGAIN_AT_ONCE_MS / 2);
    }
    for (unsigned i = 0; i < c->tries && wait_ms < COME_AGAIN_LONGEST_MS; i++)
        wait_ms *= 2;
    if (wait_ms > COME_AGAIN_LONGEST_MS)
        wait_ms = COME_AGAIN_LONGEST_MS;
    c->tries++;
    return wait_ms - random % (wait_ms / 4);
}

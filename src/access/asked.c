#include "access/asked.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* "WHAT from ADDRESS"; the address may be "local". */
struct placed {
    char *what;
    bool has_ip;
    struct ip ip;
};

static int place(const char *text, struct placed *ret, struct err *err)
{
    static const char from[] = " from ";
    const char *found = NULL;
    struct placed placed = { .has_ip = false };

    for (const char *at = strstr(text, from); at != NULL;
         at = strstr(at + 1, from))
        found = at;
    placed.has_ip = found != NULL && strcmp(found + strlen(from), "local") != 0;
    if (placed.has_ip && !ip_parse(found + strlen(from), &placed.ip)) {
        err_set(err, "'%.60s' is no address: expected one behind from",
                found + strlen(from));
        return -EINVAL;
    }
    placed.what =
        xstrndup(text, found != NULL ? (size_t)(found - text) : strlen(text));
    *ret = placed;
    return 0;
}

static const struct {
    const char *prefix;
    enum principal_proof proof;
} kinds[] = {
    { "user:", PROOF_PASSWORD },
    { "certificate:", PROOF_CERTIFICATE },
    { "token:", PROOF_TOKEN },
};

/* The principal's address is set. */
static int take_name(const char *text, struct principal *p, struct err *err)
{
    enum principal_proof proof = PROOF_PASSWORD;
    const char *name = text;

    if (strcmp(text, "anybody") == 0)
        return 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t len = strlen(kinds[i].prefix);

        if (strncmp(text, kinds[i].prefix, len) != 0)
            continue;
        proof = kinds[i].proof;
        name = text + len;
    }
    if ((name == text && strchr(text, ':') != NULL) ||
        !principal_prove(p, proof, name)) {
        err_set(err,
                "'%.60s' is no principal: expected a person's name, "
                "certificate:NAME, token:NAME or anybody",
                text);
        return -EINVAL;
    }
    return 0;
}

int asked_principal(const char *text, struct principal *ret, struct err *err)
{
    struct placed placed;
    int r = place(text, &placed, err);

    if (r < 0)
        return r;
    *ret = principal_of_address(placed.has_ip, placed.ip);
    r = take_name(placed.what, ret, err);
    free(placed.what);
    return r;
}

/* ---- the console --------------------------------------------------------- */

int asked_console(const char *text, struct asked_console *ret, struct err *err)
{
    struct placed placed;
    char *label;
    int r = place(text, &placed, err);

    if (r < 0)
        return r;
    *ret = (struct asked_console){ .name = placed.what };
    if (placed.has_ip)
        ret->view.host = placed.ip;
    label = strrchr(ret->name, '/');
    if (label != NULL) {
        *label = '\0';
        ret->view.label = label + 1;
    }
    if (text_uuid(ret->uuid, slice_of_text(ret->name)) &&
        text_is_uuid(ret->uuid))
        ret->view.uuid = ret->uuid;
    else
        ret->view.name = ret->name;
    return 0;
}

void asked_console_done(struct asked_console *asked)
{
    free(asked->name);
    *asked = (struct asked_console){ .name = NULL };
}

#include "remote/choice.h"

#include "base/mem.h"
#include "net/tls/tls_context.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *environment(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The context that counts, of the person's file or else the host's; NULL: none,
 * which is a fault only if it has a name. */
static int find_context(struct choice *c, const char *name,
                        const json_t **ret_context, struct err *err)
{
    char path[sizeof c->contexts.path];
    int r;

    contexts_own_path(path, sizeof path);
    r = contexts_read(&c->contexts, path, err);
    if (r < 0)
        return r;
    *ret_context = contexts_find(&c->contexts, name);
    if (*ret_context != NULL)
        return 0;
    contexts_done(&c->contexts);
    r = contexts_read(&c->contexts, CHOICE_SYSTEM_CONTEXTS, err);
    if (r < 0)
        return r;
    *ret_context = contexts_find(&c->contexts, name);
    if (*ret_context != NULL || name == NULL)
        return 0;
    err_set(err, "there is no context %.64s (vspc context list shows them)",
            name);
    return -EINVAL;
}

static void choose_socket(struct place *place)
{
    const char *folder = environment("XDG_RUNTIME_DIR");
    struct stat st;

    place->kind = PLACE_SOCKET;
    if (folder != NULL && folder[0] == '/' && geteuid() != 0 &&
        snprintf(place->path, sizeof place->path, "%s/vspcd/vspcd.sock",
                 folder) < (int)sizeof place->path &&
        stat(place->path, &st) == 0)
        return;
    snprintf(place->path, sizeof place->path, "%s", CHOICE_SYSTEM_SOCKET);
}

static int read_token(char **ret_token, const char *path, struct err *err)
{
    char text[513];
    size_t len;
    FILE *file;
    int r = tls_context_check_secret(path, "a token", err);

    if (r < 0)
        return r;
    file = fopen(path, "re");
    if (file == NULL) {
        err_set(err, "%.200s: %s", path, strerror(errno));
        return -EINVAL;
    }
    setvbuf(file, NULL, _IONBF, 0); /* no copy in a buffer of stdio's */
    len = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    text[len] = '\0';
    if (len > 0 && strlen(text) == len && strcspn(text, " \r\n\t") == len)
        *ret_token = xstrdup(text);
    else
        r = -EINVAL;
    explicit_bzero(text, sizeof text);
    if (r < 0)
        err_set(err, "%.200s: expected one line with a token", path);
    return r;
}

static int choose_token(struct choice *c, const struct choice_options *options,
                        const json_t *context, struct err *err)
{
    const char *token = environment("VSPC_TOKEN");
    const char *path = options->token_file;

    if (path == NULL && token != NULL) {
        if (strlen(token) > 512 || strcspn(token, " \r\n\t") < strlen(token)) {
            err_set(err, "VSPC_TOKEN: this is no token");
            return -EINVAL;
        }
        c->token = xstrdup(token);
        return 0;
    }
    if (path == NULL)
        path = environment("VSPC_TOKEN_FILE");
    if (path == NULL)
        path = contexts_value(context, "token-file");
    return path != NULL ? read_token(&c->token, path, err) : 0;
}

static const char *either(const char *option, const json_t *context,
                          const char *key)
{
    return option != NULL ? option : contexts_value(context, key);
}

int choice_make(struct choice *ret, const struct choice_options *options,
                struct err *err)
{
    struct remote_settings *s = &ret->settings;
    const char *server = options->server;
    const json_t *context = NULL;
    int r = 0;

    *ret = (struct choice){ .settings.timeout_ms = options->timeout_ms,
                            .settings.person = options->person,
                            .settings.person_key = options->person_key };
    if (server == NULL && options->context == NULL)
        server = environment("VSPC_SERVER");
    if (server == NULL)
        r = find_context(ret, options->context, &context, err);
    if (r < 0)
        return r;
    if (context != NULL)
        server = contexts_value(context, "server");
    if (server != NULL)
        r = place_parse(&s->place, server, err);
    else
        choose_socket(&s->place);
    if (r == 0)
        r = choose_token(ret, options, context, err);
    if (r < 0)
        return r;
    s->token = ret->token;
    s->ca_path = either(options->ca, context, "ca");
    s->certificate_path = either(options->cert, context, "cert");
    s->key_path = either(options->key, context, "key");
    s->thumbprint = either(options->thumbprint, context, "thumbprint");
    return 0;
}

void choice_done(struct choice *choice)
{
    contexts_done(&choice->contexts);
    mem_free_secret(&choice->token);
}

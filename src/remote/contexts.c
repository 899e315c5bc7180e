#include "remote/contexts.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const contexts_keys[] = { "server", "token-file", "ca", "cert",
                                      "key",    "thumbprint", NULL };

void contexts_own_path(char *to, size_t size)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int n = 0;

    if (config != NULL && config[0] == '/')
        n = snprintf(to, size, "%s/vspc/contexts.json", config);
    else if (home != NULL && home[0] == '/')
        n = snprintf(to, size, "%s/.config/vspc/contexts.json", home);
    if (n <= 0 || (size_t)n >= size)
        to[0] = '\0';
}

static json_t *empty(void)
{
    json_t *root = json_object();

    if (root == NULL || json_object_set_new(root, "contexts", json_object()))
        mem_end();
    return root;
}

/* What is wrong with the form; NULL: nothing. */
static const char *problem_of(const json_t *root)
{
    const json_t *contexts = json_object_get(root, "contexts");
    const json_t *current = json_object_get(root, "current");
    const char *name, *key;
    json_t *context, *value;

    if (!json_is_object(contexts))
        return "\"contexts\" is missing, or no object";
    if (current != NULL && !json_is_string(current) && !json_is_null(current))
        return "\"current\" is no text";
    json_object_foreach ((json_t *)(uintptr_t)contexts, name, context) {
        if (!json_is_object(context))
            return "a context is no object";
        json_object_foreach (context, key, value) {
            if (!json_is_string(value))
                return "a value of a context is no text";
        }
    }
    return NULL;
}

/* Returns the object, or NULL with err filled; *ret_is_absent: no file. */
static json_t *load(const char *path, bool *ret_is_absent, struct err *err)
{
    FILE *file = fopen(path, "re");
    const char *problem;
    json_error_t error;
    json_t *root = NULL;
    struct stat st;

    *ret_is_absent = file == NULL && (errno == ENOENT || errno == ENOTDIR);
    if (file == NULL) {
        err_set(err, "%.200s: %s", path, strerror(errno));
        return NULL;
    }
    if (fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode) &&
        st.st_size <= CONTEXTS_FILE_MAX) {
        root = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
        if (root == NULL)
            err_set(err, "%.200s:%d: %.200s", path, error.line, error.text);
    } else {
        err_set(err, "%.200s: no file of contexts", path);
    }
    (void)fclose(file);
    problem = root != NULL ? problem_of(root) : NULL;
    if (problem == NULL)
        return root;
    err_set(err, "%.200s: %s", path, problem);
    json_decref(root);
    return NULL;
}

int contexts_read(struct contexts *ret, const char *path, struct err *err)
{
    bool is_absent = path[0] == '\0';

    *ret = (struct contexts){ .root = NULL };
    snprintf(ret->path, sizeof ret->path, "%s", path);
    ret->root = is_absent ? NULL : load(path, &is_absent, err);
    if (ret->root != NULL)
        return 0;
    ret->root = empty();
    return is_absent ? 0 : -EINVAL;
}

void contexts_done(struct contexts *c)
{
    json_decref(c->root);
    c->root = NULL;
}

/* Makes the folders above the file that are not there. */
static void make_folders(const char *path)
{
    char folder[sizeof((struct contexts *)NULL)->path];

    snprintf(folder, sizeof folder, "%s", path);
    for (char *at = folder + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        /* What cannot be made is found when the file is opened. */
        (void)mkdir(folder, 0700);
        *at = '/';
    }
}

int contexts_write(const struct contexts *c, struct err *err)
{
    char next[sizeof c->path + 8];
    int r = 0;
    int fd;

    if (c->path[0] == '\0') {
        err_set(err, "no place for contexts: HOME is not set");
        return -ENOENT;
    }
    make_folders(c->path);
    snprintf(next, sizeof next, "%s.XXXXXX", c->path);
    fd = mkostemp(next, O_CLOEXEC);
    if (fd < 0) {
        r = -errno;
        err_set(err, "%.200s: %s", c->path, strerror(errno));
        return r;
    }
    if (json_dumpfd(c->root, fd, JSON_INDENT(2)) != 0 ||
        write(fd, "\n", 1) != 1 || fsync(fd) != 0)
        r = errno != 0 ? -errno : -EIO;
    if (close(fd) != 0 && r == 0)
        r = -errno;
    if (r == 0 && rename(next, c->path) != 0)
        r = -errno;
    if (r == 0)
        return 0;
    (void)unlink(next);
    err_set(err, "%.200s: %s", c->path, strerror(-r));
    return r;
}

const char *contexts_current(const struct contexts *c)
{
    return json_string_value(json_object_get(c->root, "current"));
}

json_t *contexts_find(const struct contexts *c, const char *name)
{
    if (name == NULL)
        name = contexts_current(c);
    return name == NULL
               ? NULL
               : json_object_get(json_object_get(c->root, "contexts"), name);
}

const char *contexts_value(const json_t *context, const char *key)
{
    return json_string_value(json_object_get(context, key));
}

void contexts_set(struct contexts *c, const char *name, const char *key,
                  const char *value)
{
    json_t *contexts = json_object_get(c->root, "contexts");
    json_t *context = json_object_get(contexts, name);

    if (context == NULL) {
        context = json_object();
        if (json_object_set_new(contexts, name, context) != 0)
            mem_end();
    }
    if (value[0] == '\0')
        (void)json_object_del(context, key);
    else if (json_object_set_new(context, key, json_string(value)) != 0)
        mem_end();
}

bool contexts_use(struct contexts *c, const char *name)
{
    if (contexts_find(c, name) == NULL)
        return false;
    if (json_object_set_new(c->root, "current", json_string(name)) != 0)
        mem_end();
    return true;
}

bool contexts_delete(struct contexts *c, const char *name)
{
    const char *current = contexts_current(c);

    if (current != NULL && strcmp(current, name) == 0)
        (void)json_object_del(c->root, "current");
    return json_object_del(json_object_get(c->root, "contexts"), name) == 0;
}

bool contexts_is_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    return len > 0 && len <= 64 && name[len] == '\0';
}

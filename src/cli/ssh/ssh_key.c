/*
 * Keys of people who come by ssh: ssh-key add, list, delete for administrators;
 * ssh-keys for sshd, which asks whose a key is.
 */
#include "cli/common/say.h"
#include "cli/output/out.h"
#include "cli/ssh/ssh.h"
#include "cli/verbs/form_options.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
static const struct column columns[] = {
    { .heading = "ID", .path = "id", .is_right = true, .is_firm = true },
    { .heading = "NAME", .path = "name" },
    { .heading = "FINGERPRINT", .path = "fingerprint", .is_firm = true },
    { .heading = "COMMENT", .path = "comment" },
    { .heading = "CREATED", .path = "created", .kind = VALUE_TIME,
      .is_wide = true },
    { .heading = "BY", .path = "created_by", .is_wide = true },
    { .heading = NULL },
};
/* clang-format on */

static const struct listing keys = { columns, "fingerprint" };

/* ---- for administrators ---------------------------------------------------
 */

static enum exits run_list(struct invocation *in)
{
    struct target target;

    target_init(&target, "/api/v1/ssh-keys");
    return form_options_get_list(in, &target, &keys);
}

enum { KEY_FILE_MAX = 8 * 1024 };

/* The content of a file, "-" for standard input. False: it was told why. */
static bool read_key(const char *path, char text[KEY_FILE_MAX + 1])
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "re");
    size_t len = 0;
    bool is_good = file != NULL;

    if (is_good)
        len = fread(text, 1, KEY_FILE_MAX + 1, file);
    is_good = is_good && !ferror(file);
    if (!is_good)
        say_error("%s: %s", path, strerror(errno));
    if (file != NULL && !is_stdin)
        (void)fclose(file);
    if (is_good && (len > KEY_FILE_MAX || memchr(text, '\0', len) != NULL)) {
        say_error("%s: is no public key", path);
        return false;
    }
    text[is_good ? len : 0] = '\0';
    return is_good;
}

static enum exits run_add(struct invocation *in)
{
    char text[KEY_FILE_MAX + 1];
    struct target target;
    enum listing_form form;
    json_t *body, *answer;
    enum exits exits = form_options_read(in, &form);

    if (exits != EXITS_DONE)
        return exits;
    if (!read_key(invocation_word(in, 1), text))
        return EXITS_FAILED;
    body = json_pack("{ss, ss}", "name", invocation_word(in, 0), "key", text);
    if (body == NULL)
        return invocation_refuse(in, "the name or the key is no text");
    target_init(&target, "/api/v1/ssh-keys");
    exits = ask_post(in, &target, body, &answer);
    if (exits != EXITS_DONE)
        return exits;
    if (form == LISTING_TABLE)
        say_news("%s may come by ssh with the key %s",
                 json_string_value(json_object_get(answer, "name")),
                 json_string_value(json_object_get(answer, "fingerprint")));
    else
        listing_print_one(answer, form, "fingerprint");
    json_decref(answer);
    return EXITS_DONE;
}

static enum exits run_delete(struct invocation *in)
{
    struct target target;
    const struct ask ask = { .verb = HTTP_VERB_DELETE, .target = &target };

    target_init(&target, "/api/v1/ssh-keys/");
    target_add_segment(&target, invocation_word(in, 0));
    return ask_json(in, &ask, NULL);
}

/* ---- for sshd -------------------------------------------------------------
 */

/* What a line of authorized_keys, and the shell that its command is for, take
 * as it is. */
static bool is_plain(const char *text)
{
    return text[0] != '\0' && text[0] != '-' &&
           text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "abcdefghijklmnopqrstuvwxyz"
                             "0123456789/.:_@+=-")] == '\0';
}

/* sshd may ask for any account, of which root's is one; with the keys in vspcd,
 * people come to the account that we run as, and to no other. */
static bool is_own_account(const char *name)
{
    char room[16 * 1024];
    struct passwd entry;
    struct passwd *found = NULL;

    return getpwnam_r(name, &entry, room, sizeof room, &found) == 0 &&
           found != NULL && found->pw_uid == getuid();
}

/* The line for sshd. False: nothing of it was printed. */
static bool print_key(const struct invocation *in, const json_t *found,
                      const char *type, const char *key)
{
    const char *server = arguments_text(&in->arguments, "server");
    const char *name = json_string_value(json_object_get(found, "name"));
    json_int_t id = json_integer_value(json_object_get(found, "id"));
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);

    self[len > 0 ? len : 0] = '\0';
    if (!is_plain(self) || name == NULL || !is_plain(name) || id <= 0 ||
        !is_plain(type) || !is_plain(key) ||
        (server != NULL && !is_plain(server)))
        return false;
    out_format("restrict,pty,command=\"%s%s%s ssh-session --as %s "
               "--by-key %" JSON_INTEGER_FORMAT "\" %s %s\n",
               self, server != NULL ? " --server " : "",
               server != NULL ? server : "", name, id, type, key);
    out_flush();
    return true;
}

static enum exits run_keys(struct invocation *in)
{
    const char *account = invocation_word(in, 0);
    const char *type = invocation_word(in, 1);
    const char *key = invocation_word(in, 2);
    char text[KEY_FILE_MAX];
    struct target target;
    const json_t *found;
    json_t *answer;
    enum exits exits;

    if (!is_own_account(account)) {
        say_error("%s is not the account that this runs as: "
                  "AuthorizedKeysCommandUser has to be the account that "
                  "people come to",
                  account);
        return EXITS_NOT_ALLOWED;
    }
    if ((size_t)snprintf(text, sizeof text, "%s %s", type, key) >= sizeof text)
        return EXITS_FAILED;
    target_init(&target, "/api/v1/ssh-keys");
    target_add_query(&target, "key", text);
    exits = ask_get(in, &target, &answer);
    if (exits != EXITS_DONE)
        return exits;
    found = json_array_get(json_object_get(answer, "items"), 0);
    if (found != NULL && !print_key(in, found, type, key)) {
        say_error("a name, or the path of vspc, is none for authorized_keys");
        exits = EXITS_FAILED;
    }
    json_decref(answer);
    return exits;
}

/* ---- rows -----------------------------------------------------------------
 */

const struct verb verb_ssh_key_add = {
    .name = "ssh-key add",
    .group = VERB_GROUP_SERVER,
    .words = "NAME FILE",
    .words_min = 2,
    .words_max = 2,
    .summary = "let somebody come by ssh with a key",
    .text = "FILE is the person's public key, a .pub file; - is standard "
            "input. NAME is the person, the user:NAME of access sections. "
            "For people who have no account on the server's machine: "
            "docs/ssh.md.",
    .example = "vspc ssh-key add alice alice.pub\n",
    .option = form_options_one,
    .run = run_add,
};

const struct verb verb_ssh_key_list = {
    .name = "ssh-key list",
    .group = VERB_GROUP_SERVER,
    .words = "",
    .summary = "list the keys with which people come by ssh",
    .example = "vspc ssh-key list\n",
    .option = form_options_list,
    .run = run_list,
};

const struct verb verb_ssh_key_delete = {
    .name = "ssh-key delete",
    .group = VERB_GROUP_SERVER,
    .words = "KEY",
    .words_min = 1,
    .words_max = 1,
    .summary = "let nobody come by ssh with a key any more",
    .text = "KEY is its fingerprint or its id. Whoever has come by it is "
            "disconnected.",
    .example = "vspc ssh-key delete "
               "SHA256:p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM\n",
    .run = run_delete,
};

const struct verb verb_ssh_keys = {
    .name = "ssh-keys",
    .group = VERB_GROUP_SERVER,
    .words = "ACCOUNT TYPE KEY",
    .words_min = 3,
    .words_max = 3,
    .summary = "be the command by which sshd asks whose a key is",
    .text = "For AuthorizedKeysCommand in sshd_config: docs/ssh.md. Prints "
            "the key as a line of authorized_keys, if vspcd knows it.",
    .example = "vspc ssh-keys console ssh-ed25519 AAAAC3NzaC1lZDI1...\n",
    .run = run_keys,
};

#include "cli/uri/uri_ports.h"

#include "base/mem.h"
#include "cli/common/say.h"
#include "cli/invocation/ask.h"
#include "proto/uri/uri.h"
#include "proto/uri/uri_key.h"

#include <string.h>

/* What stands in vSphere must mean to the server what it means here. */
static bool is_service_uri(const char *text)
{
    struct uri uri;
    size_t at;

    return uri_parse(slice_of_text(text), URI_SERVER, 0, &uri, &at) == URI_OK;
}

/* The label, as the server writes it, with a key, and nothing else: what the
 * server says ends up in scripts that are run. */
static bool is_label_with_key(const char *uri, const char *label)
{
    struct slice text = slice_of_text(uri);
    char clean[TEXT_ID_MAX + 1];
    size_t clean_len = text_clean(clean, sizeof clean, slice_of_text(label));
    char *rest = xstrdup(uri);
    size_t len = uri_remove_keys(text, (uint8_t *)rest);
    bool is_it =
        text_is_visible(uri) && uri_find_key(text).len > 0 &&
        slice_is_equal(slice_of(rest, len), slice_of(clean, clean_len));

    mem_free_secret(&rest);
    return is_it;
}

/* A VM that has come before is known by its name. */
static enum exits find_uuid(struct invocation *in, struct vm_entry *vm)
{
    struct ask ask = { .verb = HTTP_VERB_GET, .is_search = true };
    struct target target;
    json_t *console = NULL;
    const char *uuid;
    enum exits exits;

    target_init(&target, "/api/v1/consoles/");
    target_add_segment(&target, vm->name);
    ask.target = &target;
    exits = ask_json(in, &ask, &console);
    uuid = json_string_value(json_object_get(console, "uuid"));
    if (exits == EXITS_DONE && uuid != NULL && text_is_uuid(uuid))
        memcpy(vm->uuid, uuid, sizeof vm->uuid);
    json_decref(console);
    if (exits != EXITS_DONE && exits != EXITS_NO_CONSOLE)
        return exits;
    if (vm->uuid[0] != '\0')
        return EXITS_DONE;
    say_error("%s: its key depends on its UUID, which is not known: give it "
              "(--uuid, or the second field of --vms), or --no-keys",
              vm->name);
    return EXITS_FAILED;
}

static enum exits ask_key(struct invocation *in, struct vm_entry *vm)
{
    json_t *answer = NULL;
    const char *uri;
    struct target target;
    enum exits exits;

    target_init(&target, "/api/v1/vm-keys");
    exits = ask_post(
        in, &target,
        json_pack("{s:s, s:s}", "uuid", vm->uuid, "label", vm->label), &answer);
    uri = json_string_value(json_object_get(answer, "port_uri"));
    if (exits == EXITS_DONE &&
        (uri == NULL || !is_label_with_key(uri, vm->label))) {
        say_error("%s: the server's answer has no key", vm->name);
        exits = EXITS_FAILED;
    }
    if (exits == EXITS_DONE)
        vm->port_uri = xstrdup(uri);
    json_decref(answer);
    return exits;
}

enum exits uri_ports_set(struct invocation *in, struct vm_list *vms,
                         const char *label, bool with_keys)
{
    enum exits exits = EXITS_DONE;

    for (size_t i = 0; i < vms->count && exits == EXITS_DONE; i++) {
        struct vm_entry *vm = &vms->item[i];

        if (vm->label == NULL)
            vm->label = xstrdup(label);
        if (!is_service_uri(vm->label))
            return invocation_refuse(in,
                                     "\"%s\" is no port URI, such as s0: see "
                                     "vspcd --check-uri",
                                     vm->label);
        if (!with_keys) {
            vm->port_uri = xstrdup(vm->label);
            continue;
        }
        if (vm->uuid[0] == '\0')
            exits = find_uuid(in, vm);
        if (exits == EXITS_DONE)
            exits = ask_key(in, vm);
    }
    return exits;
}

/*
 * The key of a VM's serial port, for its port URI: what vspcd --vm-key prints
 * on the server. Whoever has it can pose as the VM, so it is for those who
 * administer the server, and each one that is given is in the audit log.
 */
#include "api/api_commands.h"
#include "base/text.h"
#include "session/session_context.h"
#include "session/vm/vm_key.h"

#include <string.h>

static const struct api_argument key_arguments[] = {
    {
        .name = "uuid",
        .type = API_TEXT,
        .place = API_IN_BODY,
        .max = TEXT_ID_MAX,
        .is_required = true,
        .help = "The VM's, as its console has it.",
    },
    {
        .name = "label",
        .type = API_TEXT,
        .place = API_IN_BODY,
        .max = TEXT_ID_MAX,
        .help = "Of its serial port; without one the key is for all of them.",
    },
    { .name = NULL },
};

static void cmd_vm_keys_run(struct api_call *call)
{
    const struct session_settings *s = &api_sessions(call->api)->settings;
    const char *given = api_text(call, "label");
    char uuid[TEXT_ID_MAX + 1];
    char label[TEXT_ID_MAX + 1] = "";
    struct vm_key_uri uri;
    struct vm_key key;

    call->console_text = api_text(call, "uuid");
    (void)text_uuid(uuid, slice_of_text(call->console_text));
    if (given != NULL)
        (void)text_clean(label, sizeof label, slice_of_text(given));
    if (uuid[0] == '\0' || (given != NULL && label[0] == '\0')) {
        api_fail(call, API_BAD_REQUEST, "GET /api/v1/consoles has both",
                 "there is no UUID or label in that");
        return;
    }
    if (s->vm_keys == VM_KEYS_OFF) {
        api_fail(call, API_CONFLICT,
                 "vm-keys = optional, and vm-key-file, in vspcd.conf",
                 "VMs need no keys here");
        return;
    }
    key = vm_key_make(s->vm_site_key, uuid, given != NULL ? label : NULL);
    uri = vm_key_format_uri(&key, label);
    api_answer_json(call, 200,
                    json_pack("{s:s, s:s?, s:s, s:s}", "uuid", uuid, "label",
                              given != NULL ? label : NULL, "key", key.text,
                              "port_uri", uri.text));
    explicit_bzero(&key, sizeof key);
    explicit_bzero(&uri, sizeof uri);
}

const struct api_command api_vm_keys_commands[] = {
    {
        .name = "vm-keys.make",
        .verb = HTTP_VERB_POST,
        .path = "/vm-keys",
        .right = RIGHT_ADMIN,
        .is_change = true,
        .summary = "The key of a VM, for its port URI (--vm-keys).",
        .returns = "VmKey",
        .argument = key_arguments,
        .run = cmd_vm_keys_run,
    },
    { .name = NULL },
};

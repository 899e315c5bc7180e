#include "daemon/ask/print_vm_key.h"

#include "base/text.h"
#include "daemon/process/secret_file.h"
#include "session/vm/vm_key.h"

#include <errno.h>
#include <string.h>

/* Both in the form in which VMs' sessions have them. False: there is no
 * UUID. label is "" if there is none. */
static bool split(const char *given, char uuid[TEXT_ID_MAX + 1],
                  char label[TEXT_ID_MAX + 1])
{
    size_t len = strcspn(given, "/");
    const char *behind = given[len] == '/' ? given + len + 1 : "";

    (void)text_uuid(uuid, slice_of(given, len));
    (void)text_clean(label, TEXT_ID_MAX + 1, slice_of_text(behind));
    return uuid[0] != '\0' && (given[len] == '\0' || label[0] != '\0');
}

/* A VM may have any text as its UUID, but a name, or a digit too few, is more
 * likely a mistake; the VM with that key would be refused. */
static void warn_of_uuid(const char *uuid, FILE *warnings)
{
    if (!text_is_uuid(uuid))
        fprintf(warnings,
                "vspcd: warning: '%s' does not look like a UUID (32 hex "
                "digits): the log line VM connected has the VM's, id=\n",
                uuid);
}

int print_vm_key(const struct settings *settings, FILE *to, FILE *warnings,
                 struct err *err)
{
    char uuid[TEXT_ID_MAX + 1];
    char label[TEXT_ID_MAX + 1];
    uint8_t site_key[TLS_DIGEST_LEN];
    struct vm_key_uri uri;
    struct vm_key key;
    int r;

    if (!split(settings->vm_key, uuid, label)) {
        err_set(err, "--vm-key: expected UUID or UUID/LABEL");
        return -EINVAL;
    }
    r = secret_file_read_vm_key(settings, site_key, err);
    if (r < 0)
        return r;
    warn_of_uuid(uuid, warnings);
    key = vm_key_make(site_key, uuid, label[0] != '\0' ? label : NULL);
    uri = vm_key_format_uri(&key, label);
    fprintf(to, "%s\n", uri.text);
    explicit_bzero(&uri, sizeof uri);
    explicit_bzero(&key, sizeof key);
    explicit_bzero(site_key, sizeof site_key);
    return 0;
}

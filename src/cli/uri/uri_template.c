#include "cli/uri/uri_template.h"

#include "base/mem.h"
#include "cli/uri/uri_quote.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MARK "@@"
#define EACH "@@each@@"
#define WITH_UUID "@@with-uuid@@"
#define WITHOUT_UUID "@@without-uuid@@"

const struct uri_target uri_targets[] = {
    { "vsphere", "vSphere Client", "vsphere.txt", NULL, false },
    { "govc", "govc", "govc.sh", "govc-list.sh", false },
    { "powercli", "PowerCLI", "powercli.ps1", NULL, false },
    { "pyvmomi", "pyVmomi", "pyvmomi.py", NULL, false },
    { "ansible", "Ansible", "ansible.yml", NULL, false },
    { "terraform", "Terraform", "terraform.tf", NULL, false },
    { "vmx", "VMX file", "vmx.txt", NULL, false },
    { "nova", "OpenStack Nova", "nova.conf", NULL, true },
    { "libvirt", "libvirt", "libvirt.txt", NULL, false },
    { "qemu", "QEMU", "qemu.sh", NULL, false },
    { NULL, NULL, NULL, NULL, false },
};

const struct uri_target *uri_target_find(const char *name)
{
    for (const struct uri_target *t = uri_targets; t->name != NULL; t++)
        if (strcmp(t->name, name) == 0)
            return t;
    return NULL;
}

static const char *text_of(const char *file)
{
    const struct uri_template_file *f = uri_template_files;

    while (strcmp(f->name, file) != 0)
        f++;
    return f->text;
}

/* ---- a line ---------------------------------------------------------------
 */

struct values {
    const char *proxy;
    const struct vm_entry *vm;
};

static void add_bytes(struct buf *to, struct slice bytes)
{
    if (buf_append(to, bytes) < 0)
        mem_end();
}

static bool is_name(struct slice text, const char *name)
{
    return slice_is_equal(text, slice_of_text(name));
}

static const char *value_of(const struct values *v, struct slice field)
{
    if (is_name(field, "proxy"))
        return v->proxy;
    if (is_name(field, "uri"))
        return v->vm->port_uri;
    if (is_name(field, "label"))
        return v->vm->label;
    if (is_name(field, "uuid"))
        return v->vm->uuid;
    assert(is_name(field, "name"));
    return v->vm->name;
}

/* mark: what is between the signs, "name:sh". */
static void add_value(struct buf *to, const struct values *v, struct slice mark)
{
    const uint8_t *colon = memchr(mark.data, ':', mark.len);
    enum uri_quote how = URI_QUOTE_TEXT;
    bool is_known;
    size_t len;

    assert(colon != NULL);
    len = (size_t)(colon - mark.data);
    is_known = uri_quote_find(slice_after(mark, len + 1), &how);
    assert(is_known);
    (void)is_known;
    uri_quote_add(to, how, value_of(v, slice_of(mark.data, len)));
}

static bool take(struct slice *line, const char *mark)
{
    size_t len = strlen(mark);

    if (line->len < len || memcmp(line->data, mark, len) != 0)
        return false;
    *line = slice_after(*line, len);
    return true;
}

static void add_line(struct buf *to, const struct values *v, struct slice line)
{
    bool has_uuid = v->vm->uuid[0] != '\0';

    if ((take(&line, WITH_UUID) && !has_uuid) ||
        (take(&line, WITHOUT_UUID) && has_uuid))
        return;
    while (line.len > 0) {
        const uint8_t *mark =
            memmem(line.data, line.len, MARK, sizeof MARK - 1);
        const uint8_t *end;
        size_t len = mark != NULL ? (size_t)(mark - line.data) : line.len;

        add_bytes(to, slice_of(line.data, len));
        line = slice_after(line, len);
        if (mark == NULL)
            return;
        line = slice_after(line, sizeof MARK - 1);
        end = memmem(line.data, line.len, MARK, sizeof MARK - 1);
        assert(end != NULL);
        len = (size_t)(end - line.data);
        add_value(to, v, slice_of(line.data, len));
        line = slice_after(line, len + sizeof MARK - 1);
    }
}

/* ---- all of it ------------------------------------------------------------
 */

/* With its line end. */
static struct slice line_at(const char *text)
{
    size_t len = strcspn(text, "\n");

    return slice_of(text, len + (text[len] == '\n'));
}

/* The lines from text on that are repeated, for each VM. */
static const char *add_block(struct buf *to, const char *text,
                             const char *proxy, const struct vm_list *vms)
{
    const char *at = text;

    for (size_t i = 0; i < vms->count; i++) {
        struct values v = { proxy, &vms->item[i] };
        struct slice line;

        for (at = text; line = line_at(at), take(&line, EACH);) {
            add_line(to, &v, line);
            at = (const char *)line.data + line.len;
        }
    }
    return at;
}

static void add_once(struct buf *to, const char *text, const char *proxy,
                     const struct vm_list *vms, const struct vm_entry *vm)
{
    struct values v = { proxy, vm };

    while (*text != '\0') {
        struct slice line = line_at(text);

        if (take(&line, EACH)) {
            text = add_block(to, text, proxy, vms);
            continue;
        }
        add_line(to, &v, line);
        text = (const char *)line.data + line.len;
    }
}

void uri_template_add(struct buf *to, const struct uri_target *target,
                      const char *proxy, const struct vm_list *vms,
                      bool is_list)
{
    const char *text =
        text_of(is_list && target->list_file != NULL ? target->list_file
                                                     : target->file);
    bool is_once = target->is_for_all || strstr(text, EACH) != NULL;
    size_t count = is_once ? 1 : vms->count;

    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            add_bytes(to, slice_of_text("\n"));
        add_once(to, text, proxy, vms, &vms->item[i]);
    }
}

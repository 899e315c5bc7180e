/* uri: what is entered into vSphere, or elsewhere, to reach this server. */
#include "base/mem.h"
#include "cli/common/say.h"
#include "cli/invocation/ask.h"
#include "cli/output/out.h"
#include "cli/uri/uri.h"
#include "cli/uri/uri_plan.h"
#include "cli/uri/uri_ports.h"
#include "cli/uri/uri_template.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A byte of a list has 20 in a script, if it is a control character. */
enum { TEXT_MAX = 32 * VM_LIST_BYTES_MAX };

/* clang-format off */
static const struct option_row uri_options[] = {
    { "for", 0, "TARGET",
      "vsphere, govc, powercli, pyvmomi, ansible, terraform, vmx, nova, "
      "libvirt, qemu or all; may be repeated" },
    { "vm", 0, "NAME", "the VM" },
    { "uuid", 0, "UUID", "its UUID, as vCenter has it (instanceUuid)" },
    { "vms", 0, "FILE", "a script for these VMs: a line for each, NAME or "
      "NAME,UUID or NAME,UUID,LABEL; -: standard input" },
    { "label", 0, "LABEL", "the port URI [s0]" },
    { "host", 0, "HOST", "the server's name or address in the vSPC URI" },
    { "tls", 0, "HOW", "off, offered or telnets [telnets, if the server has it]" },
    { "verify", 0, "HOW", "how hosts know the server: by its thumbprint, sha1 or "
      "sha256; by a CA that they know, ca; or not, none [sha1]" },
    { "no-keys", 0, NULL, "port URIs without keys, also if the server has them" },
    { "output", 'o', "FORM", "text or json [text]" },
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

struct uri_work {
    struct invocation *in;
    struct uri_plan plan;
    struct vm_list vms;
    bool is_list;       /* --vms */
    bool is_for_nobody; /* neither --vm nor --vms: the VM is an example */
    bool is_json;
};

static const char *option(const struct uri_work *w, const char *name)
{
    return arguments_text(&w->in->arguments, name);
}

/* ---- the VMs --------------------------------------------------------------
 */

static enum exits read_file(const struct uri_work *w, const char *path,
                            struct buf *ret)
{
    bool is_standard = strcmp(path, "-") == 0;
    FILE *file = is_standard ? stdin : fopen(path, "re");
    enum exits exits = EXITS_DONE;
    char piece[4096];
    size_t len;

    if (file == NULL) {
        say_error("%s: %s", path, strerror(errno));
        return EXITS_FAILED;
    }
    while ((len = fread(piece, 1, sizeof piece, file)) > 0 &&
           exits == EXITS_DONE)
        if (buf_append(ret, slice_of(piece, len)) < 0)
            exits = invocation_refuse(w->in, "%s: is too long", path);
    if (exits == EXITS_DONE && ferror(file)) {
        say_error("%s: %s", path, strerror(errno));
        exits = EXITS_FAILED;
    }
    if (!is_standard)
        fclose(file);
    return exits;
}

static enum exits read_list(struct uri_work *w, const char *path)
{
    struct buf text;
    struct err err;
    enum exits exits;

    buf_init(&text, VM_LIST_BYTES_MAX);
    exits = read_file(w, path, &text);
    if (exits == EXITS_DONE &&
        vm_list_read(&w->vms, buf_bytes(&text), &err) < 0)
        exits = invocation_refuse(w->in, "%s: %s", path, err.text);
    if (exits == EXITS_DONE && w->vms.count == 0)
        exits = invocation_refuse(w->in, "%s: there is no VM in it", path);
    buf_done(&text);
    return exits;
}

static enum exits read_vms(struct uri_work *w)
{
    const char *path = option(w, "vms");
    const char *name = option(w, "vm");
    const char *uuid = option(w, "uuid");
    struct err err;

    w->is_list = path != NULL;
    w->is_for_nobody = path == NULL && name == NULL;
    if (path != NULL && (name != NULL || uuid != NULL))
        return invocation_refuse(w->in, "--vms is in place of --vm and --uuid");
    if (path != NULL)
        return read_list(w, path);
    if (uuid != NULL && name == NULL)
        return invocation_refuse(w->in, "--uuid needs --vm");
    if (vm_list_add(&w->vms, name != NULL ? name : "web-01", uuid,
                    option(w, "label"), &err) < 0)
        return invocation_refuse(w->in, "the VM: %s", err.text);
    return EXITS_DONE;
}

/* ---- texts ----------------------------------------------------------------
 */

static void add_text(const struct uri_work *w, const struct uri_target *target,
                     struct buf *to)
{
    uri_template_add(to, target, w->plan.uri, &w->vms, w->is_list);
}

static bool is_wanted(const struct uri_work *w, const struct uri_target *target)
{
    const char *name;
    size_t at = 0;

    while ((name = arguments_each(&w->in->arguments, "for", &at)) != NULL)
        if (strcmp(name, "all") == 0 || strcmp(name, target->name) == 0)
            return true;
    return false;
}

static unsigned count_wanted(const struct uri_work *w)
{
    unsigned count = 0;

    for (const struct uri_target *t = uri_targets; t->name != NULL; t++)
        count += is_wanted(w, t);
    return count;
}

static enum exits check_targets(const struct uri_work *w)
{
    const char *name;
    size_t at = 0;

    while ((name = arguments_each(&w->in->arguments, "for", &at)) != NULL)
        if (strcmp(name, "all") != 0 && uri_target_find(name) == NULL)
            return invocation_refuse(w->in,
                                     "--for %.40s: expected vsphere, govc, "
                                     "powercli, pyvmomi, ansible, terraform, "
                                     "vmx, nova, libvirt, qemu or all",
                                     name);
    return EXITS_DONE;
}

static void print_target(const struct uri_work *w,
                         const struct uri_target *target, unsigned number)
{
    struct buf text;

    buf_init(&text, TEXT_MAX);
    if (number > 0 || count_wanted(w) > 1) {
        out_begin(OUT_HEADING);
        out_format("%s== %s ==", number > 0 ? "\n" : "", target->title);
        out_end(OUT_HEADING);
        out_text("\n\n");
    }
    add_text(w, target, &text);
    out_bytes(buf_bytes(&text));
    buf_done_secret(&text);
}

/* ---- what a person should know --------------------------------------------
 */

static const char *const key_note =
    "the server looks at keys in port URIs: vspc uri --vm NAME has a VM's";

static void print_facts(const struct uri_work *w)
{
    const struct uri_plan *plan = &w->plan;

    out_format("\nHost    %s: %s\n", plan->host, plan->why);
    if (plan->other_count > 0) {
        out_text("        --host names another one:");
        for (size_t i = 0; i < plan->other_count; i++)
            out_format("%s%s", i > 0 ? ", " : " ", plan->other[i]);
        out_text("\n");
    }
    if (plan->verify == URI_PLAN_CA)
        out_text("TLS     hosts need the CA of the server's certificate\n");
    else if (plan->verify != URI_PLAN_ANYBODY)
        out_text(
            "TLS     hosts connect to no other certificate (thumbprint)\n");
    for (size_t i = 0; i < plan->note_count; i++)
        out_format("Note    %s\n", plan->note[i].text);
    if (plan->wants_keys && w->is_for_nobody)
        out_format("Note    %s\n", key_note);
    out_text("\nOf several serial ports of a VM each has its own port URI: s0, "
             "s1.\n--for has this for other programs: govc, powercli, "
             "ansible, ...\n");
}

static void say_notes(const struct uri_work *w)
{
    for (size_t i = 0; i < w->plan.note_count; i++)
        say_news("%s", w->plan.note[i].text);
    if (w->plan.wants_keys && w->is_for_nobody)
        say_news("%s", key_note);
}

static void print_text(const struct uri_work *w)
{
    unsigned number = 0;

    if (count_wanted(w) == 0) {
        print_target(w, uri_target_find("vsphere"), 0);
        print_facts(w);
        return;
    }
    say_notes(w);
    for (const struct uri_target *t = uri_targets; t->name != NULL; t++)
        if (is_wanted(w, t))
            print_target(w, t, number++);
}

/* ---- JSON -----------------------------------------------------------------
 */

static json_t *show_texts(const struct uri_work *w)
{
    bool is_all = count_wanted(w) == 0;
    json_t *texts = json_object();

    for (const struct uri_target *t = uri_targets; t->name != NULL; t++) {
        struct slice bytes;
        struct buf text;

        if (!is_all && !is_wanted(w, t))
            continue;
        buf_init(&text, TEXT_MAX);
        add_text(w, t, &text);
        bytes = buf_bytes(&text);
        (void)json_object_set_new(
            texts, t->name, json_stringn((const char *)bytes.data, bytes.len));
        buf_done_secret(&text);
    }
    return texts;
}

static json_t *show_vms(const struct uri_work *w)
{
    json_t *vms = json_array();

    for (size_t i = 0; i < w->vms.count; i++) {
        const struct vm_entry *vm = &w->vms.item[i];

        (void)json_array_append_new(
            vms, json_pack("{s:s, s:s?, s:s}", "name", vm->name, "uuid",
                           vm->uuid[0] != '\0' ? vm->uuid : NULL, "port_uri",
                           vm->port_uri));
    }
    return vms;
}

static void print_json(const struct uri_work *w)
{
    const struct uri_plan *plan = &w->plan;
    json_t *others = json_array();
    json_t *notes = json_array();
    json_t *all;
    char *text;

    for (size_t i = 0; i < plan->other_count; i++)
        (void)json_array_append_new(others, json_string(plan->other[i]));
    for (size_t i = 0; i < plan->note_count; i++)
        (void)json_array_append_new(notes, json_string(plan->note[i].text));
    all = json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:o, s:o, s:o, s:o}", "uri",
                    plan->uri, "host", plan->host, "why", plan->why, "port",
                    (int)plan->port, "tls", uri_plan_tls_name(plan->tls),
                    "verify", uri_plan_verify_name(plan->verify), "other_hosts",
                    others, "notes", notes, "vms", show_vms(w), "texts",
                    show_texts(w));
    text = json_dumps(all, JSON_INDENT(2));
    json_decref(all);
    if (text == NULL)
        mem_end();
    out_text(text);
    out_text("\n");
    mem_free_secret(&text);
}

/* ---- the verb -------------------------------------------------------------
 */

static enum exits read_form(struct uri_work *w)
{
    const char *form = option(w, "output");

    w->is_json = form != NULL && strcmp(form, "json") == 0;
    if (form != NULL && !w->is_json && strcmp(form, "text") != 0)
        return invocation_refuse(w->in, "-o %.40s: expected text or json",
                                 form);
    return EXITS_DONE;
}

static enum exits make_plan(struct uri_work *w)
{
    const struct place *place = &w->in->choice.settings.place;
    struct uri_plan_wish wish = {
        .host = option(w, "host"),
        .tls = option(w, "tls"),
        .verify = option(w, "verify"),
    };
    json_t *listeners = NULL;
    struct target target;
    struct err err;
    enum exits exits;

    target_init(&target, "/api/v1/vm-listeners");
    exits = ask_get(w->in, &target, &listeners);
    wish.reached = place->kind != PLACE_SOCKET ? place->host : NULL;
    if (exits == EXITS_DONE &&
        uri_plan_make(&w->plan, listeners, &wish, &err) < 0)
        exits = invocation_refuse(w->in, "%s", err.text);
    json_decref(listeners);
    return exits;
}

static enum exits set_ports(struct uri_work *w)
{
    const char *label = option(w, "label");
    bool with_keys = w->plan.wants_keys && !w->is_for_nobody &&
                     !arguments_has(&w->in->arguments, "no-keys");

    return uri_ports_set(w->in, &w->vms, label != NULL ? label : "s0",
                         with_keys);
}

static enum exits run_uri(struct invocation *in)
{
    struct uri_work w = { .in = in };
    enum exits exits = read_form(&w);

    if (exits == EXITS_DONE)
        exits = check_targets(&w);
    if (exits == EXITS_DONE)
        exits = read_vms(&w);
    if (exits == EXITS_DONE)
        exits = make_plan(&w);
    if (exits == EXITS_DONE)
        exits = set_ports(&w);
    if (exits == EXITS_DONE && w.is_json)
        print_json(&w);
    else if (exits == EXITS_DONE)
        print_text(&w);
    out_flush();
    vm_list_done(&w.vms);
    return exits;
}

const struct verb verb_uri = {
    .name = "uri",
    .group = VERB_GROUP_SERVER,
    .words = "",
    .summary = "what to enter into vSphere, or elsewhere, for this server",
    .text = "Without --for: the fields of the vSphere Client, and why they are "
            "so. With --vms, govc, powercli, pyvmomi and ansible get a script "
            "that may be run again: it adds no second port, and names VMs that "
            "are powered on. Where the server looks at keys in port URIs, each "
            "VM gets its own, which needs the right admin on the server.",
    .example = "vspc uri\n"
               "vspc uri --for govc --vm web-01\n"
               "vspc uri --for powercli --vms vms.csv > add-ports.ps1\n"
               "vspc uri --for nova --host vspc.example.org\n",
    .option = uri_options,
    .run = run_uri,
};

/*
 * uri_template.h - texts to paste, for each target of `vspc uri --for`: made of
 * the files in templates/, which the build puts into the program.
 *
 *     @@FIELD:QUOTE@@   a field of a VM or of the server, quoted (uri_quote.h)
 *     @@each@@          at the begin of a line: these lines are repeated for
 *                       each VM
 *     @@with-uuid@@     the line is for VMs whose UUID is known
 *     @@without-uuid@@  and for the others
 *
 * Fields: proxy, the vSPC URI; uri, the port URI; label, which is that without
 * its key; name, uuid. A template without @@each@@ is for one VM, and is
 * repeated as a whole. Pure.
 */
#ifndef CLI_URI_URI_TEMPLATE_H
#define CLI_URI_URI_TEMPLATE_H

#include "base/buf.h"
#include "cli/uri/vm_list.h"

/* Made by scripts/pack-templates. The last one has no name. */
struct uri_template_file {
    const char *name;
    const char *text;
};
extern const struct uri_template_file uri_template_files[];

struct uri_target {
    const char *name;
    const char *title;
    const char *file;      /* NULL: the end of the table */
    const char *list_file; /* for a list of VMs, if that is another one */
    bool is_for_all;       /* VMs have no part in it */
};
extern const struct uri_target uri_targets[];

/* NULL: there is none. */
const struct uri_target *uri_target_find(const char *name);

/* Appends the target's text for the VMs, each of which has its port URI; there
 * is one at least. is_list: a script is wanted, also for one VM. */
void uri_template_add(struct buf *to, const struct uri_target *target,
                      const char *proxy, const struct vm_list *vms,
                      bool is_list);

#endif

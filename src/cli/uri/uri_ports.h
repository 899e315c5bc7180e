/*
 * uri_ports.h - the port URI of each VM: its label, and its key where the
 * server looks at keys, which the server is asked for.
 */
#ifndef CLI_URI_URI_PORTS_H
#define CLI_URI_URI_PORTS_H

#include "cli/invocation/invocation.h"
#include "cli/uri/uri_plan.h"
#include "cli/uri/vm_list.h"

/* label: of VMs that have none. with_keys: else no VM gets one. Another code
 * than DONE: it was told why. */
enum exits uri_ports_set(struct invocation *in, struct vm_list *vms,
                         const char *label, bool with_keys);

#endif

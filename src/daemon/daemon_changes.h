/*
 * daemon_changes.h - what a reload has changed, for the log and for auditors:
 * each setting with its former value, and each section that is new or gone.
 *
 * No setting has a secret for its value: keys and the like are in files, which
 * settings name.
 */
#ifndef DAEMON_DAEMON_CHANGES_H
#define DAEMON_DAEMON_CHANGES_H

#include "conf/options.h"

/* changes: from former to now. */
void daemon_changes_log(const struct settings *former,
                        const struct settings *now,
                        const struct options_changes *changes);

bool daemon_changes_have(const struct options_changes *changes,
                         const char *name);

#endif

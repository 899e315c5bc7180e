/*
 * conlog_past.h - the last bytes that a console's log had before this run.
 *
 * Blocks: for the thread that has the log, so that nothing is written to it
 * meanwhile. Reads NAME up to where this run begins in it, and the end of
 * NAME.1 if NAME has less than is wanted; NAME.1 alone if NAME was rotated in
 * this run. Compressed files are not read.
 *
 * With settings.is_stamped, stamps are removed. A line without a stamp stays as
 * it is: the file may have been begun without. If stamps are no longer written,
 * the lines keep theirs, because they may be the VM's own. Lines that report
 * gaps stay.
 */
#ifndef CONLOG_FILE_CONLOG_PAST_H
#define CONLOG_FILE_CONLOG_PAST_H

#include "conlog/file/conlog_file.h"
#include "core/told/history.h"
#include "core/told/past.h"

/* At most the wish's bytes, and little more than its lines need. NULL: there is
 * nothing, or it cannot be read. */
struct past *conlog_past_read(const struct conlog_settings *settings,
                              const char *path,
                              const struct conlog_origin *origin,
                              const struct history_wish *wish);

#endif

/*
 * conlog_past.h - the last bytes that a console's log had before this run.
 *
 * Blocks: for the thread that has the log, so that nothing is written to it
 * meanwhile. What is looked at is NAME up to where this run begins in it, and
 * what NAME.1 ends with where NAME has less than what is wanted; NAME.1 alone
 * if NAME was rotated in this run. What is compressed is not looked at.
 *
 * With settings.is_stamped the stamps are taken off. A line without one stays
 * as it is: the file may have been begun without. Of files whose stamps are no
 * longer written the lines keep theirs: they may be the VM's own.
 * The lines that tell of gaps stay.
 */
#ifndef CONLOG_FILE_CONLOG_PAST_H
#define CONLOG_FILE_CONLOG_PAST_H

#include "conlog/file/conlog_file.h"
#include "core/told/history.h"
#include "core/told/past.h"

/* At most so many bytes, and no more than is needed for so many lines, or a
 * little more. NULL: there is nothing, or it cannot be read. */
struct past *conlog_past_read(const struct conlog_settings *settings,
                              const char *path,
                              const struct conlog_origin *origin,
                              const struct history_wish *wish);

#endif

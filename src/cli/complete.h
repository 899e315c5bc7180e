/*
 * complete.h - completion for shells: a script for each, which asks the hidden
 * verb __complete what may stand at the place of the cursor.
 */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "cli/common/verb.h"

extern const struct verb verb_completion;
extern const struct verb verb_complete;

#endif

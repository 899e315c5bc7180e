/*
 * one_recording.h - a recording by its id: shown, downloaded, deleted.
 *
 * A thread looks for it and reads its header, then the loop judges whether the
 * caller may have it, then the thread does the rest. One that is not his to
 * read is answered like one that is not there.
 *
 * Bounds: ONE_RECORDING_MAX at a time.
 */
#ifndef API_RECORDINGS_ONE_RECORDING_H
#define API_RECORDINGS_ONE_RECORDING_H

#include "api/api.h"

enum { ONE_RECORDING_MAX = 32 };

/* The runs of their rows. */
void one_recording_show(struct api_call *call);
void one_recording_cast(struct api_call *call);
void one_recording_delete(struct api_call *call);

/* Whether somebody who is being answered may have it still. */
bool one_recording_may_go_on(const struct api_call *call);

#endif

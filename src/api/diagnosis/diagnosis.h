/*
 * diagnosis.h - the facts that `vspc doctor` judges: what the machine, the
 * process and the settings are like, and who was refused.
 *
 * The machine is looked at on a thread, because a disk may hang. Of these looks
 * DIAGNOSES_MAX go on at a time, so a disk that hangs costs as many threads.
 */
#ifndef API_DIAGNOSIS_DIAGNOSIS_H
#define API_DIAGNOSIS_DIAGNOSIS_H

#include "api/api.h"

enum { DIAGNOSES_MAX = 2 };

/* Each answers the call, now or later. */
void diagnosis_show(struct api_call *call);
void diagnosis_show_refusals(struct api_call *call);

#endif

/*
 * details.h - one JSON object as lines "key: value", objects within it
 * indented. Keys are shown as the API has them, so that what a person sees here
 * can be asked for there.
 */
#ifndef CLI_OUTPUT_DETAILS_H
#define CLI_OUTPUT_DETAILS_H

#include <jansson.h>

void details_print(const json_t *object);

#endif

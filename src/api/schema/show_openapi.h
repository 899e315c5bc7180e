/*
 * show_openapi.h - the commands and their answers as an OpenAPI 3.1 document.
 *
 * Made of the rows: a command or an answer that is not in it is not there.
 */
#ifndef API_SCHEMA_SHOW_OPENAPI_H
#define API_SCHEMA_SHOW_OPENAPI_H

#include "api/api.h"

/* Answers the call. */
void show_openapi(struct api_call *call);

#endif

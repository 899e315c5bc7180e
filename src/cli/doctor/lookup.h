/*
 * lookup.h - names to addresses and back, as this machine's resolver knows
 * them, all at once and in a bounded time.
 */
#ifndef CLI_DOCTOR_LOOKUP_H
#define CLI_DOCTOR_LOOKUP_H

#include <jansson.h>

enum { LOOKUP_MS = 5000, LOOKUPS_MAX = 32 };

/*
 * names: an array of texts. Returns an array of {"name", "addresses": [],
 * "why"}; of addresses, of {"address", "names": [], "why"}. The caller's.
 * Those beyond LOOKUPS_MAX are left out. Takes LOOKUP_MS at most; a lookup that
 * takes longer is left to its thread.
 */
void lookup_all(const json_t *names, const json_t *addresses,
                json_t **ret_names, json_t **ret_addresses);

#endif

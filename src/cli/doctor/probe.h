/*
 * probe.h - connections to the addresses of a vspcd, all at once: whether
 * somebody is there, whether VMs' ports greet in telnet, and whether TLS works.
 *
 * A VM's port is only listened to, so vspcd counts it as a check of the port;
 * for TLS a hello is said, and nothing behind it.
 */
#ifndef CLI_DOCTOR_PROBE_H
#define CLI_DOCTOR_PROBE_H

#include <jansson.h>

enum { PROBE_TRIES_MAX = 64, PROBE_STEP_MS = 4000 };

/*
 * tries: an array of {"for", "address", "port", "tls"}, of which the first
 * PROBE_TRIES_MAX are tried. Each gets, as far as it went (judge/checks.h):
 *
 *   end            "connected", "refused", "timeout", "failed"
 *   why            what went wrong, in words
 *   greeting       of VMs' ports: "telnet", or what came instead
 *   handshake      of VMs' ports with TLS: "done", "failed"
 *   handshake_why, terms
 *
 * sha256: of the certificate that is expected; "": any. Takes two or three
 * times PROBE_STEP_MS at most.
 */
void probe_all(json_t *tries, const char *sha256);

#endif

/*
 * secret_file.h - a file with a secret of the site in it. It is small and on a
 * local disk; reading it waits for that.
 */
#ifndef DAEMON_PROCESS_SECRET_FILE_H
#define DAEMON_PROCESS_SECRET_FILE_H

#include "base/err.h"
#include "conf/options.h"
#include "net/tls/tls_digest.h"

/*
 * The key that VMs' keys are made from (session/vm/vm_key.h): the SHA-256 of
 * what is in vm-key-file, without the end of its last line, so it has one
 * length whatever an administrator has put there. All zeros without that
 * setting. 0; or a negative errno with err filled: others can use the file
 * (tls_context_check_secret), or it cannot be read, has less than 16 bytes, or
 * more than 4 KiB.
 */
int secret_file_read_vm_key(const struct settings *s,
                            uint8_t ret[TLS_DIGEST_LEN], struct err *err);

/*
 * The text in a file, without the end of its last line, for mem_free_secret; it
 * has no NUL. 0, or negative as above. what: "a secret", for messages.
 */
int secret_file_read_text(const char *path, const char *what, char **ret,
                          struct err *err);

#endif

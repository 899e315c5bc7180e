/*
 * A public key that somebody adds: what is taken is one line of authorized_keys
 * without options, and is taken again as it is.
 */
#include "auth/ssh_key.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct ssh_key key, again;
    struct err err;

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (ssh_key_parse(&key, text, &err) == 0 &&
        (strpbrk(key.text, "\r\n\t\"\\,$") != NULL ||
         strchr(key.text, ' ') != strrchr(key.text, ' ') ||
         strpbrk(key.comment, "\r\n") != NULL ||
         ssh_key_parse(&again, key.text, &err) < 0 ||
         strcmp(again.fingerprint, key.fingerprint) != 0))
        abort();
    if (ssh_key_is_name(text) && strpbrk(text, " \"'\\$`;|&<>\r\n") != NULL)
        abort();
    free(text);
    return 0;
}

#include "vm/host/identity.h"

#include "base/map.h"

#include <stdio.h>
#include <string.h>

bool identity_read_uuid(char to[TEXT_ID_MAX + 1], const char *text)
{
    return strlen(text) <= TEXT_ID_MAX && text_uuid(to, slice_of_text(text)) &&
           (text_is_uuid(to) || strcmp(to, text) == 0);
}

void identity_format_uuid(char to[TEXT_ID_MAX + 1], const char *uuid)
{
    int digits = 0;

    if (!text_is_uuid(uuid)) {
        memcpy(to, uuid, strlen(uuid) + 1);
        return;
    }
    for (const char *p = uuid; *p != '\0'; p++) {
        if (*p == '-')
            continue;
        if (digits == 16)
            *to++ = '-';
        else if (digits > 0 && digits % 2 == 0)
            *to++ = ' ';
        *to++ = *p;
        digits++;
    }
    *to = '\0';
}

void identity_make_uuid(char to[TEXT_UUID_LEN + 1], const char *host_name,
                        const char *vm_name)
{
    /* Any two fixed seeds give two independent hashes: 128 bits. */
    static const uint64_t seeds[2][2] = { { 1, 2 }, { 3, 4 } };
    char names[2 * TEXT_ID_MAX + 2];
    uint64_t half[2];
    size_t len;

    snprintf(names, sizeof names, "%.*s\n%.*s", TEXT_ID_MAX, host_name,
             TEXT_ID_MAX, vm_name);
    len = strlen(names);
    for (int i = 0; i < 2; i++) {
        struct map hasher;

        map_init(&hasher, seeds[i]);
        half[i] = map_hash(&hasher, slice_of(names, len));
    }
    /* RFC 9562: version 8 (custom), variant 10. */
    half[0] = (half[0] & ~0xf000ull) | 0x8000;
    half[1] = (half[1] & ~(3ull << 62)) | 2ull << 62;
    snprintf(to, TEXT_UUID_LEN + 1, "%08x-%04x-%04x-%04x-%012llx",
             (unsigned)(half[0] >> 32), (unsigned)(half[0] >> 16 & 0xffff),
             (unsigned)(half[0] & 0xffff), (unsigned)(half[1] >> 48),
             (unsigned long long)(half[1] & 0xffffffffffffull));
}

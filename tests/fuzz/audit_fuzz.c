/* Any file may be named as the audit log, and any may be checked. What is
 * continued must fit: the first byte says whether the rest is a whole file. */
#include "audit/audit_check.h"

#include <stdint.h>
#include <stdlib.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* The line that would be written next, put behind bytes. */
static void check_next(const uint8_t *bytes, size_t len,
                       const struct audit_end *end)
{
    const struct log_record r = { .level = LOG_INFO,
                                  .text = "x",
                                  .utc = "2026-01-31T23:59:59.123Z" };
    struct audit_chain chain = end->chain;
    char line[LOG_RECORD_MAX];
    size_t line_len = audit_chain_add(&chain, line, &r);
    size_t all_len = len + end->lacks_newline + line_len;
    uint8_t *all = malloc(all_len);
    struct audit_end next;

    require(all != NULL);
    if (len > 0)
        memcpy(all, bytes, len);
    all[len] = '\n';
    memcpy(all + len + end->lacks_newline, line, line_len);
    require(audit_chain_read_end(slice_of(all, all_len), true, &next));
    require(chain.number > AUDIT_NUMBER_MAX ||
            (next.chain.number == chain.number && !next.is_torn));
    free(all);
}

static void check_lines(const uint8_t *bytes, size_t len)
{
    struct audit_check check;

    audit_check_begin(&check);
    while (len > 0) {
        const uint8_t *newline = memchr(bytes, '\n', len);
        size_t line = newline != NULL ? (size_t)(newline - bytes) : len;

        (void)audit_check_line(&check, slice_of(bytes, line));
        line += newline != NULL;
        bytes += line;
        len -= line;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct audit_end end;

    if (len < 1)
        return 0;
    check_lines(bytes + 1, len - 1);
    if (audit_chain_read_end(slice_of(bytes + 1, len - 1), bytes[0] % 2 == 0,
                             &end))
        check_next(bytes + 1, len - 1, &end);
    return 0;
}

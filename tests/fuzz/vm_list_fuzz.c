/*
 * A list of VMs: whatever is in a name, a shell reads its quoted form as one
 * word, which is the name. Characters that nobody sees are left to a real shell
 * (tests/program/test_vspc_uri.py): they are written as what printf prints.
 */
#include "base/text.h"
#include "cli/ssh/command_words.h"
#include "cli/uri/uri_quote.h"
#include "cli/uri/vm_list.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool is_seen(const char *name)
{
    struct slice rest = slice_of_text(name);
    uint32_t code;
    size_t len;

    while (rest.len > 0) {
        len = text_character(rest, &code);
        if (len == 0 || (code != '\n' && text_is_invisible(code)))
            return false;
        rest = slice_after(rest, len);
    }
    return true;
}

static void check_name(const char *name)
{
    static struct command_words words;
    struct buf quoted;
    struct err err;

    if (!is_seen(name))
        return;
    buf_init(&quoted, 8 * 1024);
    uri_quote_add(&quoted, URI_QUOTE_SH, name);
    if (buf_append(&quoted, slice_of("", 1)) < 0)
        abort();
    if (command_words_split(&words, (char *)buf_bytes(&quoted).data, &err) ==
            0 &&
        (words.count != 1 || strcmp(words.word[0], name) != 0))
        abort();
    buf_done(&quoted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vm_list list = { 0 };
    struct err err;

    (void)vm_list_read(&list, slice_of(data, size), &err);
    for (size_t i = 0; i < list.count; i++) {
        struct buf text;

        check_name(list.item[i].name);
        buf_init(&text, 1024 * 1024);
        for (int how = 0; how < URI_QUOTE_COUNT; how++)
            uri_quote_add(&text, (enum uri_quote)how, list.item[i].name);
        buf_done(&text);
    }
    vm_list_done(&list);
    return 0;
}

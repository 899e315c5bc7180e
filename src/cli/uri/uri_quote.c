#include "cli/uri/uri_quote.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Of names that become a part of a file's: a socket's path has 107 bytes. */
enum { FILE_PART_MAX = 60 };

static void add(struct buf *to, const char *text)
{
    if (buf_append(to, slice_of_text(text)) < 0)
        mem_end();
}

__attribute__((format(printf, 2, 3))) static void add_format(struct buf *to,
                                                             const char *format,
                                                             ...)
{
    char text[48];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    add(to, text);
}

/* One character, code is what it is. */
typedef void add_fn(struct buf *to, struct slice bytes, uint32_t code);

static void as_it_is(struct buf *to, struct slice bytes)
{
    if (buf_append(to, bytes) < 0)
        mem_end();
}

/* Within single quotes all is literal, a line end too. But a terminal acts on
 * control characters before the shell has the quotes: whoever pastes the text
 * would run what stands behind the end of a bracketed paste. */
static void add_sh(struct buf *to, struct slice bytes, uint32_t code)
{
    if (code == '\'') {
        add(to, "'\\''");
    } else if (code == '\n' || !text_is_invisible(code)) {
        as_it_is(to, bytes);
    } else {
        add(to, "'\"$(printf '");
        for (size_t i = 0; i < bytes.len; i++)
            add_format(to, "\\%03o", bytes.data[i]);
        add(to, "')\"'");
    }
}

/* In ASCII alone: PowerShell takes typographic quotes for quotes, and Windows
 * PowerShell reads a script in the system's code page, where bytes of other
 * characters are such quotes. */
static void add_powershell(struct buf *to, struct slice bytes, uint32_t code)
{
    if (code == '\'')
        add(to, "''");
    else if (code >= ' ' && code < 0x7f)
        as_it_is(to, bytes);
    else if (code <= 0xffff)
        add_format(to, "' + [char]0x%04x + '", code);
    else
        add_format(to, "' + [char]::ConvertFromUtf32(0x%x) + '", code);
}

/* What Python, YAML and HCL have in common: \", \\, \n, \u0000. What nobody
 * sees is escaped, so that a person who reads the script reads what it does. */
static void add_escaped(struct buf *to, struct slice bytes, uint32_t code)
{
    if (code == '"' || code == '\\')
        add_format(to, "\\%c", (char)code);
    else if (code == '\n')
        add(to, "\\n");
    else if (!text_is_invisible(code))
        as_it_is(to, bytes);
    else if (code <= 0xffff)
        add_format(to, "\\u%04x", code);
    else
        add_format(to, "\\U%08x", code);
}

/* |XX is any byte. A # would begin a comment for some readers. */
static void add_vmx(struct buf *to, struct slice bytes, uint32_t code)
{
    if (code == '"' || code == '|' || code == '#' || text_is_invisible(code)) {
        for (size_t i = 0; i < bytes.len; i++)
            add_format(to, "|%02X", bytes.data[i]);
    } else {
        as_it_is(to, bytes);
    }
}

static void add_oslo(struct buf *to, struct slice bytes, uint32_t code)
{
    if (code == '$')
        add(to, "$$");
    else if (text_is_control(code))
        add(to, " ");
    else
        as_it_is(to, bytes);
}

static void add_text(struct buf *to, struct slice bytes, uint32_t code)
{
    if (!text_is_invisible(code))
        as_it_is(to, bytes);
    else if (code == '\t' || code == '\n' || code == '\r')
        add(to, " ");
}

static bool is_plain(uint32_t code)
{
    return (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') ||
           (code >= 'A' && code <= 'Z');
}

static void add_file(struct buf *to, struct slice bytes, uint32_t code)
{
    if (is_plain(code) || code == '-' || code == '_' || code == '.')
        as_it_is(to, bytes);
    else
        add(to, "_");
}

static const struct {
    const char *name;
    const char *around;
    add_fn *add;
    unsigned max; /* bytes of the text; 0: all */
} quotes[URI_QUOTE_COUNT] = {
    [URI_QUOTE_SH] = { "sh", "'", add_sh, 0 },
    [URI_QUOTE_POWERSHELL] = { "powershell", "'", add_powershell, 0 },
    [URI_QUOTE_PYTHON] = { "python", "\"", add_escaped, 0 },
    [URI_QUOTE_YAML] = { "yaml", "\"", add_escaped, 0 },
    [URI_QUOTE_HCL] = { "hcl", "\"", add_escaped, 0 },
    [URI_QUOTE_VMX] = { "vmx", "\"", add_vmx, 0 },
    [URI_QUOTE_OSLO] = { "oslo", "", add_oslo, 0 },
    [URI_QUOTE_TEXT] = { "text", "", add_text, 0 },
    [URI_QUOTE_FILE] = { "file", "", add_file, FILE_PART_MAX },
};

bool uri_quote_find(struct slice name, enum uri_quote *ret)
{
    for (int i = 0; i < URI_QUOTE_COUNT; i++) {
        if (strlen(quotes[i].name) != name.len ||
            memcmp(quotes[i].name, name.data, name.len) != 0)
            continue;
        *ret = (enum uri_quote)i;
        return true;
    }
    return false;
}

/* "${" and "%{" begin an interpolation, which a doubled sign does not. */
static bool is_hcl_template(enum uri_quote how, struct slice rest)
{
    return how == URI_QUOTE_HCL && rest.len > 1 &&
           (rest.data[0] == '$' || rest.data[0] == '%') && rest.data[1] == '{';
}

void uri_quote_add(struct buf *to, enum uri_quote how, const char *text)
{
    struct slice rest = slice_of_text(text);

    if (quotes[how].max != 0 && rest.len > quotes[how].max)
        rest.len = quotes[how].max;
    add(to, quotes[how].around);
    while (rest.len > 0) {
        uint32_t code;
        size_t len = text_character(rest, &code);
        struct slice character = slice_of(rest.data, len);

        if (len == 0) {
            code = 0xfffd;
            character = slice_of_text("\xef\xbf\xbd");
        }
        if (is_hcl_template(how, rest))
            as_it_is(to, slice_of(rest.data, 1));
        quotes[how].add(to, character, code);
        rest = slice_after(rest, len > 0 ? len : 1);
    }
    add(to, quotes[how].around);
}

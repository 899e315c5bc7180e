/*
 * What is read of an inventory, CSV or JSON, wherever its bytes are cut; what
 * is left out of it, what is refused as a whole; and what two of them differ
 * in.
 */
#include "inventory/inventory_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define UUID_1 "564d0000-0000-0000-0000-000000000001"
#define UUID_2 "564d0000-0000-0000-0000-000000000002"
#define UUID_3 "564d0000-0000-0000-0000-000000000003"

static const uint64_t seed[2] = { 1, 2 };

/* What came of a reading. */
struct result {
    struct inventory *table; /* NULL: it was refused */
    const char *why;
    unsigned line;
    struct inventory_doubts doubts;
};

static struct result read_pieces(struct slice text, size_t piece)
{
    struct inventory_reader *r = malloc(sizeof *r);
    struct result result;

    assert_non_null(r);
    inventory_reader_init(r, seed);
    while (text.len > 0) {
        size_t len = text.len < piece ? text.len : piece;

        if (!inventory_reader_feed(r, slice_of(text.data, len)))
            break;
        text = slice_after(text, len);
    }
    result.table = inventory_reader_end(r);
    assert_true((result.table == NULL) == (r->why != NULL));
    result.why = r->why;
    result.line = r->line;
    result.doubts = r->build.doubts;
    inventory_reader_done(r);
    free(r);
    return result;
}

static void assert_same_results(const struct result *a, const struct result *b)
{
    assert_true((a->table == NULL) == (b->table == NULL));
    assert_ptr_equal(a->why, b->why);
    assert_int_equal(a->line, b->line);
    assert_int_equal(a->doubts.left_out, b->doubts.left_out);
    assert_int_equal(a->doubts.repeated, b->doubts.repeated);
    assert_int_equal(inventory_differences(a->table, b->table), 0);
}

/* Equal however it is cut. */
static struct result read_bytes(const char *bytes, size_t len)
{
    struct result whole = read_pieces(slice_of(bytes, len), len + 1);

    for (size_t piece = 1; piece < len; piece++) {
        struct result cut = read_pieces(slice_of(bytes, len), piece);

        assert_same_results(&whole, &cut);
        inventory_free(cut.table);
    }
    return whole;
}

static struct result read_text(const char *text)
{
    return read_bytes(text, strlen(text));
}

/* "name|folder|host|owner|tag tag ", or "" for a VM that is not there. */
static const char *shown(const struct inventory *table, const char *uuid)
{
    static char text[4096];
    const struct inventory_vm vm = inventory_find(table, uuid);
    const char *tag = NULL;
    int len;

    text[0] = '\0';
    if (!inventory_vm_is_known(&vm))
        return text;
    len = snprintf(text, sizeof text, "%s|%s|%s|%s|", vm.name, vm.folder,
                   vm.host, vm.owner);
    while ((tag = inventory_next_tag(&vm, tag)) != NULL)
        len += snprintf(text + len, sizeof text - (size_t)len, "%s ", tag);
    return text;
}

static void assert_reads(const char *text, const char *vm)
{
    struct result r = read_text(text);

    if (r.table == NULL)
        fail_msg("%s: line %u: %s", text, r.line, r.why);
    assert_string_equal(shown(r.table, UUID_1), vm);
    inventory_free(r.table);
}

static void assert_refused(const char *text, unsigned line, const char *why)
{
    struct result r = read_text(text);

    if (r.table != NULL)
        fail_msg("was not refused: %s", text);
    if (r.line != line || strstr(r.why, why) == NULL)
        fail_msg("%s: line %u: %s", text, r.line, r.why);
}

static void assert_left_out(const char *text, unsigned line, const char *why)
{
    struct result r = read_text(text);

    if (r.table == NULL)
        fail_msg("%s: line %u: %s", text, r.line, r.why);
    assert_int_equal(inventory_count(r.table), 0);
    if (r.doubts.left_out != 1 || r.doubts.first[0].line != line ||
        strstr(r.doubts.first[0].what, why) == NULL)
        fail_msg("%s: %zu left out, line %u: %s", text, r.doubts.left_out,
                 r.doubts.first[0].line, r.doubts.first[0].what);
    inventory_free(r.table);
}

/* ---- CSV ----------------------------------------------------------------- */

#define COLUMNS "uuid,name,folder,host,owner,tags\n"

static void csv_is_read(void **state)
{
    (void)state;
    assert_reads(COLUMNS UUID_1 ",web-1,/prod/web,esx-1,alice,\"web,linux\"\n",
                 "web-1|/prod/web|esx-1|alice|web linux ");
    /* Any order, other columns, CRLF, no columns but the UUID. */
    assert_reads("owner,cpus,uuid\r\nalice,4," UUID_1 "\r\n", "|||alice|");
    assert_reads("uuid\n" UUID_1 "\n", "||||");
    /* Quotes, with quotes, commas and ends of lines in them. */
    assert_reads(COLUMNS UUID_1 ",\"a \"\"b\"\", c\",/x,,,\"\"\n",
                 "a \"b\", c|/x|||");
    assert_reads("name,uuid\n\"a\nb\"," UUID_1 "\n", "ab||||");
    /* A quote within a text is itself. */
    assert_reads("folder,uuid\na\"b," UUID_1 "\n", "|a\"b|||");
    /* Blanks around, empty lines, tags with semicolons. */
    assert_reads("\n\n uuid , tags \n\n " UUID_1 " , a ; b;;c \n\n",
                 "||||a b c ");
    /* The mark of UTF-8. */
    assert_reads("\xef\xbb\xbfuuid,owner\n" UUID_1 ",\xc3\xa4\n",
                 "|||\xc3\xa4|");
}

static void uuids_have_all_spellings(void **state)
{
    static const char *const spellings[] = {
        "564D0000-0000-0000-0000-000000000001",
        "564d0000000000000000000000000001",
        "56 4d 00 00 00 00 00 00-00 00 00 00 00 00 00 01",
    };
    char text[200];

    (void)state;
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        snprintf(text, sizeof text, "uuid,owner\n%s,bob\n", spellings[i]);
        assert_reads(text, "|||bob|");
    }
}

static void csv_that_is_none_is_refused(void **state)
{
    (void)state;
    assert_refused("", 1, "there is nothing");
    assert_refused("\n\n", 3, "there is nothing");
    assert_refused("name,folder\n", 1, "uuid among them");
    assert_refused("uuid;folder\n", 1, "uuid among them");
    assert_refused("uuid,owner,uuid\n", 1, "twice");
    assert_refused("uuid,owner\n" UUID_1 ",\"alice", 2, "has no end");
    assert_refused("uuid,owner\n" UUID_1 ",\"alice\"x\n", 2, "goes on");
    assert_refused("uuid,owner\n" UUID_1 ",a\rb\n", 2, "ends no line");
    assert_refused("uuid,owner\n" UUID_1 ",alice", 2, "not written");
    assert_refused("uuid,owner", 1, "not written");
    assert_refused(
        "x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,"
        "x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,"
        "x,x,x,x,x\n",
        1, "more than 64");
}

static void a_wrong_line_of_csv_is_left_out(void **state)
{
    char text[600];

    (void)state;
    assert_left_out("uuid,owner\n,alice\n", 2, "no UUID");
    assert_left_out("uuid,owner\nweb-1,alice\n", 2, "32 hex digits");
    assert_left_out("uuid,owner\n\n" UUID_1 "\n", 3, "as many columns");
    /* A comma that was not quoted must not shift the folder. */
    assert_left_out("name,folder,uuid\nx,/prod,/test," UUID_1 "\n", 2,
                    "as many columns");
    assert_left_out("uuid,owner\n" UUID_1 ",al\x01ice\n", 2, "nobody sees");
    assert_left_out("uuid,owner\n" UUID_1 ",\xff\n", 2, "nobody sees");
    assert_left_out("uuid,owner\n" UUID_1 ",\"a\nb\"\n", 2, "nobody sees");
    snprintf(text, sizeof text, "uuid,folder\n" UUID_1 ",%0256d\n", 1);
    assert_left_out(text, 2, "too long");
    snprintf(text, sizeof text, "uuid,tags\n" UUID_1 ",%064d\n", 1);
    assert_left_out(text, 2, "63 bytes");
    assert_left_out("uuid,tags\n" UUID_1 ",a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;"
                    "a;a;a;a;a;a;a;a;a;a;a;a;a;a;a\n",
                    2, "32 tags");
}

/* Nothing is decided by a name, so it is cleaned. */
static void a_name_is_cut_and_cleaned(void **state)
{
    struct result r;
    char text[600];

    (void)state;
    snprintf(text, sizeof text, "uuid,name\n" UUID_1 ",\x1b[1m%0300d\n", 1);
    r = read_text(text);
    assert_non_null(r.table);
    assert_int_equal(strlen(inventory_find(r.table, UUID_1).name),
                     INVENTORY_TEXT_MAX);
    inventory_free(r.table);
}

/* ---- JSON ---------------------------------------------------------------- */

static void json_is_read(void **state)
{
    (void)state;
    assert_reads("[{\"uuid\": \"" UUID_1 "\", \"name\": \"web-1\", "
                 "\"folder\": \"/prod\\/web\", \"tags\": [\"a\", \"b c\"], "
                 "\"host\": \"esx\", \"owner\": null}]",
                 "web-1|/prod/web|esx||a b c ");
    assert_reads("{\"" UUID_1 "\": {\"owner\": \"al\\u0069ce\"}}\n",
                 "|||alice|");
    assert_reads("{\"x\": {\"uuid\": \"" UUID_1 "\", \"tags\": \"a,b\"}}",
                 "||||a b ");
    assert_reads(" [ { \"uuid\" : \"" UUID_1 "\" , \"owner\" : "
                 "\"\\ud83d\\ude00\\u00e4\" } ] ",
                 "|||\xf0\x9f\x98\x80\xc3\xa4|");
    /* Other members are read over, whatever they are. */
    assert_reads(
        "[{\"a\": {\"uuid\": 1, \"b\": [[\"x\", {}]]}, \"uuid\": \"" UUID_1
        "\", \"n\": [-1.5e+3, 0, true, null], \"folder\": "
        "\"/x\", \"z\": {\"folder\": \"/y\"}}]",
        "|/x|||");
    assert_reads("[]", "");
    assert_reads("{}", "");
}

static void json_that_is_none_is_refused(void **state)
{
    (void)state;
    assert_refused("[", 1, "has no end");
    assert_refused("[{\"uuid\": \"" UUID_1 "\"}", 1, "has no end");
    assert_refused("[]\n[]", 2, "behind the end");
    assert_refused("[{]", 1, "name in quotes");
    assert_refused("[}", 1, "expected a value");
    assert_refused("[[}", 1, "expected a value");
    assert_refused("[[]}", 1, "where none does");
    assert_refused("[{},]", 1, "expected a value");
    assert_refused("[{\"a\" 1}]", 1, "colon");
    assert_refused("[{\"a\": 1 2}]", 1, "comma");
    assert_refused("[{\"a\": 01}]", 1, "no JSON");
    assert_refused("[{\"a\": 1.}]", 1, "no JSON");
    assert_refused("[{\"a\": 1e}]", 1, "no JSON");
    assert_refused("[{\"a\": nil}]", 1, "no JSON");
    assert_refused("[{\"a\": \"\\x\"}]", 1, "escapes nothing");
    assert_refused("[{\"a\": \"\\u12g4\"}]", 1, "four hex digits");
    assert_refused("[\n{\"a\": \"b\n\"}]", 2, "control character");
    assert_refused("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 1, "more than 32");
}

static void a_wrong_object_is_left_out(void **state)
{
    (void)state;
    assert_left_out("[\n{\"owner\": \"x\"}]", 2, "no UUID");
    assert_left_out("[1]", 1, "no object");
    assert_left_out("[\"x\"]", 1, "no object");
    assert_left_out("[[{\"uuid\": \"x\"}]]", 1, "no object");
    assert_left_out("{\"" UUID_1 "\": \"x\"}", 1, "no object");
    assert_left_out("[{\"uuid\": \"" UUID_1 "\", \"owner\": 1}]", 1, "no text");
    assert_left_out("[{\"uuid\": \"" UUID_1 "\", \"folder\": [\"/x\"]}]", 1,
                    "no text");
    assert_left_out("[{\"uuid\": \"" UUID_1 "\", \"tags\": [{}]}]", 1,
                    "no text");
    /* Half of a character, and NUL. */
    assert_left_out("[{\"uuid\": \"" UUID_1 "\", \"owner\": \"\\ud83d\"}]", 1,
                    "nobody sees");
    assert_left_out("[{\"uuid\": \"" UUID_1 "\", \"owner\": \"a\\u0000b\"}]", 1,
                    "nobody sees");
}

/* ---- files that were not written completely ------------------------------ */

/* What is read of a part is never anything but some of the whole's VMs. */
static void check_parts(const char *text)
{
    struct result whole = read_text(text);

    assert_non_null(whole.table);
    for (size_t len = 0; len < strlen(text); len++) {
        struct result part = read_pieces(slice_of(text, len), 7);

        if (part.table != NULL)
            assert_int_equal(inventory_differences(part.table, whole.table),
                             inventory_count(whole.table) -
                                 inventory_count(part.table));
        inventory_free(part.table);
    }
    inventory_free(whole.table);
}

static void a_part_has_nothing_else_in_it(void **state)
{
    (void)state;
    check_parts(COLUMNS UUID_1 ",a,/prod,,alice,x\n" UUID_2
                               ",\"b\nc\",/test,h,\"bob\",\"y,z\"\n" UUID_3
                               ",,,,,\n");
    check_parts("[{\"uuid\": \"" UUID_1 "\", \"folder\": \"/prod\"}, "
                "{\"uuid\": \"" UUID_2 "\", \"tags\": [\"a\"]}]");
    check_parts("{\"" UUID_1 "\": {\"folder\": \"/prod\"}}");
}

/* ---- tables -------------------------------------------------------------- */

static void the_last_one_of_a_uuid_counts(void **state)
{
    struct result r = read_text("uuid,owner\n" UUID_1 ",a\n" UUID_2
                                ",x\n" UUID_1 ",b\n" UUID_1 ",c\n");

    (void)state;
    assert_int_equal(inventory_count(r.table), 2);
    assert_int_equal(r.doubts.repeated, 2);
    assert_int_equal(r.doubts.left_out, 0);
    assert_string_equal(shown(r.table, UUID_1), "|||c|");
    assert_string_equal(shown(r.table, UUID_2), "|||x|");
    inventory_free(r.table);
}

/* Whoever makes a line wrong must not get a VM out of its folder. */
static void of_a_wrong_line_the_vm_is_unknown(void **state)
{
    struct result r =
        read_text("uuid,owner\n" UUID_1 ",a\n" UUID_1 ",\x01\n" UUID_2
                  ",b,c\n" UUID_3 ",\x01\n" UUID_3 ",c\n" UUID_3 ",d\n");
    struct result other =
        read_text("uuid,owner\n" UUID_1 ",a\n" UUID_2 ",b\n" UUID_3 ",d\n");
    struct inventory_vm vm = inventory_find(r.table, UUID_2);

    (void)state;
    assert_int_equal(r.doubts.left_out, 3);
    assert_int_equal(r.doubts.repeated, 1);
    assert_int_equal(inventory_count(r.table), 2);
    assert_true(vm.is_unknown);
    assert_false(inventory_vm_is_known(&vm));
    assert_null(inventory_next_tag(&vm, NULL));
    assert_string_equal(shown(r.table, UUID_1), "|||a|");
    assert_string_equal(shown(r.table, UUID_3), "|||d|");
    assert_false(inventory_find(r.table, UUID_1).is_unknown);
    assert_int_equal(inventory_differences(r.table, other.table), 1);
    assert_int_equal(inventory_differences(r.table, r.table), 0);
    inventory_free(other.table);
    inventory_free(r.table);
}

static struct inventory *table_of(const char *text)
{
    struct result r = read_text(text);

    assert_non_null(r.table);
    return r.table;
}

static void differences_are_counted(void **state)
{
    static const struct {
        const char *lines;
        size_t changed;
    } rows[] = {
        { UUID_1 ",/a,x;y\n" UUID_2 ",/a,\n", 0 },
        { UUID_2 ",/a,\n" UUID_1 ",/a,x;y\n", 0 },
        { UUID_1 ",/b,x;y\n" UUID_2 ",/a,\n", 1 },
        { UUID_1 ",/a,x\n" UUID_2 ",/a,\n", 1 },
        { UUID_1 ",/a,x;y;z\n" UUID_2 ",/a,\n", 1 },
        { UUID_1 ",/a,x;y\n", 1 },
        { UUID_3 ",/a,\n", 3 },
        { "", 2 },
    };
    struct inventory *table = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct inventory *other;
        char text[400];

        snprintf(text, sizeof text, "uuid,folder,tags\n%s", rows[i].lines);
        other = table_of(text);
        if (table == NULL)
            table = table_of(text);
        assert_int_equal(inventory_differences(table, other), rows[i].changed);
        assert_int_equal(inventory_differences(other, table), rows[i].changed);
        inventory_free(other);
    }
    assert_int_equal(inventory_differences(NULL, table), 2);
    assert_int_equal(inventory_differences(NULL, NULL), 0);
    inventory_free(table);
}

/* 20,000 VMs in 40 folders: 36 bytes each, and hardly more. */
static void many_vms_are_found_and_take_little(void **state)
{
    enum { VMS = 20000 };
    static char text[VMS * 64];
    size_t len = (size_t)snprintf(text, sizeof text, "uuid,folder\n");
    struct result r;

    (void)state;
    for (unsigned i = 0; i < VMS; i++)
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "564d%028x,/f/%u\n", i * 7919 % VMS, i % 40);
    r = read_pieces(slice_of(text, len), 65536);
    assert_non_null(r.table);
    assert_int_equal(inventory_count(r.table), VMS);
    assert_true(inventory_size(r.table) < VMS * 37);
    for (unsigned i = 0; i < VMS; i++) {
        char uuid[40], folder[16];
        unsigned number = i * 7919 % VMS;

        snprintf(uuid, sizeof uuid, "564d0000-0000-0000-0000-%012x", number);
        snprintf(folder, sizeof folder, "/f/%u", i % 40);
        assert_string_equal(inventory_find(r.table, uuid).folder, folder);
    }
    assert_null(inventory_find(r.table, UUID_1 "x").name);
    assert_null(inventory_find(r.table, "web-1").name);
    assert_null(inventory_find(NULL, UUID_1).name);
    inventory_free(r.table);
}

static void there_is_an_end_to_vms(void **state)
{
    struct inventory_reader *reader = malloc(sizeof *reader);
    bool goes_on = true;
    unsigned n = 0;

    (void)state;
    assert_non_null(reader);
    inventory_reader_init(reader, seed);
    assert_true(inventory_reader_feed(reader, slice_of_text("uuid\n")));
    for (; goes_on && n <= INVENTORY_VMS_MAX; n++) {
        char line[40];

        snprintf(line, sizeof line, "564d%028x\n", n);
        goes_on = inventory_reader_feed(reader, slice_of_text(line));
    }
    assert_int_equal(n, INVENTORY_VMS_MAX + 1);
    assert_false(goes_on);
    assert_null(inventory_reader_end(reader));
    inventory_reader_done(reader);
    free(reader);
}

static void there_is_an_end_to_bytes(void **state)
{
    static uint8_t blanks[1 << 20];
    struct inventory_reader *reader = malloc(sizeof *reader);

    (void)state;
    assert_non_null(reader);
    memset(blanks, ' ', sizeof blanks);
    inventory_reader_init(reader, seed);
    for (size_t n = 0; n < INVENTORY_BYTES_MAX; n += sizeof blanks)
        assert_true(
            inventory_reader_feed(reader, slice_of(blanks, sizeof blanks)));
    assert_false(inventory_reader_feed(reader, slice_of_text("u")));
    assert_string_equal(reader->why, "it has more than 64 MiB");
    assert_null(inventory_reader_end(reader));
    inventory_reader_done(reader);
    free(reader);
}

static void nothing_read_yet_is_unknown(void **state)
{
    (void)state;
    assert_true(inventory_find(inventory_unknown(), UUID_1).is_unknown);
    /* Without an inventory a VM is in no folder, and not in that of those
     * without one: a token for "folder:" reaches nothing. */
    assert_true(inventory_find(NULL, UUID_1).is_unknown);
    assert_true(inventory_is_unknown(inventory_unknown()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_is_read),
        cmocka_unit_test(uuids_have_all_spellings),
        cmocka_unit_test(csv_that_is_none_is_refused),
        cmocka_unit_test(a_wrong_line_of_csv_is_left_out),
        cmocka_unit_test(a_name_is_cut_and_cleaned),
        cmocka_unit_test(json_is_read),
        cmocka_unit_test(json_that_is_none_is_refused),
        cmocka_unit_test(a_wrong_object_is_left_out),
        cmocka_unit_test(a_part_has_nothing_else_in_it),
        cmocka_unit_test(the_last_one_of_a_uuid_counts),
        cmocka_unit_test(of_a_wrong_line_the_vm_is_unknown),
        cmocka_unit_test(differences_are_counted),
        cmocka_unit_test(many_vms_are_found_and_take_little),
        cmocka_unit_test(there_is_an_end_to_vms),
        cmocka_unit_test(there_is_an_end_to_bytes),
        cmocka_unit_test(nothing_read_yet_is_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

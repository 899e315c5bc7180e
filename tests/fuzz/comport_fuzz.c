/* What can be read can be written, and reads the same again. The first byte
 * of the input chooses the end. */
#include "proto/comport.h"
#include "proto/telnet_decode.h"

#include <stdlib.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_round_trip(enum comport_end receiver,
                             const struct comport_message *m)
{
    enum comport_end sender =
        receiver == COMPORT_SERVER ? COMPORT_CLIENT : COMPORT_SERVER;
    struct comport_message again;
    struct telnet_decoder d;
    struct telnet_item item;
    struct slice in;
    struct buf out;

    buf_init(&out, 1 << 24);
    require(comport_put(&out, sender, m) == 0);
    in = buf_bytes(&out);
    telnet_decoder_init(&d, TELNET_LINES_BINARY);
    require(telnet_next(&d, &in, &item) == TELNET_SUBOPTION);
    require(item.option == TELNET_OPTION_COM_PORT);
    require(comport_parse(receiver, item.body, &again) == COMPORT_OK);
    require(again.command == m->command);
    require(again.value == m->value);
    require(slice_is_equal(again.text, m->text));
    require(telnet_next(&d, &in, &item) == TELNET_NEED_MORE);
    telnet_decoder_done(&d);
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct comport_message m;
    enum comport_end receiver;
    enum comport_result r;

    if (len < 1 || len > TELNET_SUBOPTION_MAX / 2)
        return 0;
    receiver = bytes[0] % 2 == 0 ? COMPORT_SERVER : COMPORT_CLIENT;
    r = comport_parse(receiver, slice_of(bytes + 1, len - 1), &m);
    if (r == COMPORT_OK)
        check_round_trip(receiver, &m);
    if (r != COMPORT_UNKNOWN)
        require(*comport_command_name(m.command) != '?');
    return 0;
}

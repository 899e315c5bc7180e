/*
 * Whether a VM's connection gets a console that has an open connection from
 * another address.
 *
 * A UUID is no secret, so claiming it must not be enough: the person at the
 * console would type a password to whoever claims it. But hosts die without a
 * word, and their VMs start on other hosts (HA), so the newcomer cannot always
 * be refused. vspcd asks the open connection for a sign of life, an IAC NOP,
 * which the host's kernel acknowledges. No answer of a program is relied on:
 * hosts answer little. An open connection that lives keeps the console, and the
 * newcomer is closed. A dead one is replaced.
 *
 * From the same address the newest connection wins at once: whoever is there
 * has the VM anyway. The address is that of the balancer's PROXY header where
 * there is one. A destination of a move proves itself by the move's secret, and
 * does not come here.
 *
 * The newcomer waits in VM_PHASE_PROBING, and is unidentified for all limits.
 * It looks at the other connection every VM_TAKEOVER_LOOK_US: nobody has to
 * notify it of what changes meanwhile.
 *
 * Everything is asked anew at each look: the setting, which console it is
 * about, who has that, whether it has ended. So there is no state that a
 * reload, a move, the end of the open connection or another newcomer could make
 * wrong; a connection that was probed is known by its address and port.
 *
 * Several newcomers wait side by side. The first to find the open connection
 * dead gets the console, and the others probe its connection next.
 */
#include "base/clock.h"
#include "proto/telnet.h"
#include "session/vm/vm_session_private.h"

#include <string.h>

/* Its end is known, or will be read next. */
static bool has_gone(const struct vm_session *rival)
{
    return rival->phase == VM_PHASE_ENDING || rival->telnet.is_mute ||
           rival->telnet.wire.stream->error != 0;
}

static void refuse(struct vm_session *s, struct console *c,
                   const struct vm_session *rival, const char *reason)
{
    console_refuse_takeover(c, &rival->link, &s->link, reason);
    vm_session_dismiss(s, vm_end_text(VM_END_RIVAL));
}

/* What waits to be written already is as good as a question: either TCP sends
 * it, or asks the host whether its window has opened. */
static void ask_for_answer(struct vm_session *rival)
{
    static const uint8_t question[] = { TELNET_IAC, TELNET_NOP };
    struct wire *wire = &rival->telnet.wire;

    if (wire->out.len > 0 || telnet_link_is_blocked(&rival->telnet))
        return;
    if (buf_append(&wire->out, slice_of(question, sizeof question)) == 0)
        telnet_link_flush(&rival->telnet);
}

static void look_later(struct vm_session *s)
{
    deadline_start(&s->telnet.ctx->vms->probes, &s->identity->probe.look,
                   clock_now_us());
}

static bool is_probed(const struct vm_session *s,
                      const struct vm_session *rival)
{
    return s->phase == VM_PHASE_PROBING &&
           strcmp(s->identity->probe.peer, rival->link.peer) == 0;
}

/* True: it has gone, as the question shows. */
static bool begin_probe(struct vm_session *s, struct vm_session *rival)
{
    struct vm_probe *probe = &s->identity->probe;

    probe->heard = stream_pulse(rival->telnet.wire.stream).heard;
    probe->looks = 0;
    memcpy(probe->peer, rival->link.peer, sizeof probe->peer);
    ask_for_answer(rival);
    if (has_gone(rival))
        return true;
    if (s->phase != VM_PHASE_PROBING)
        vm_session_enter(s, VM_PHASE_PROBING);
    /* What it has printed already is enough: it is not read meanwhile. */
    telnet_link_update_interest(&s->telnet, telnet_link_is_blocked(&s->telnet));
    look_later(s);
    return false;
}

/* A host whose window is closed owes no answer between TCP's own questions,
 * which are up to two minutes apart: only two without an answer count against
 * it. A host in doubt keeps its console. */
static bool look(struct vm_session *s, struct console *c,
                 const struct vm_session *rival)
{
    struct vm_probe *probe = &s->identity->probe;
    struct stream_pulse pulse = stream_pulse(rival->telnet.wire.stream);
    bool is_over = ++probe->looks >= VM_TAKEOVER_LOOKS;

    if (pulse.heard != probe->heard || (is_over && !pulse.is_answer_due))
        refuse(s, c, rival, "the VM's connection from the other host lives");
    else if (!is_over)
        look_later(s);
    return is_over && s->phase != VM_PHASE_ENDING;
}

bool vm_takeover_is_decided(struct vm_session *s, struct console *c)
{
    enum vm_takeover policy = s->telnet.ctx->settings.vm_takeover;
    struct vm_link *link = console_find_rival(c, &s->link);
    struct vm_session *rival;

    if (link == NULL || policy == VM_TAKEOVER_ALLOW)
        return true;
    rival = vm_session_of_link(link);
    if (has_gone(rival))
        return true;
    if (policy == VM_TAKEOVER_REFUSE) {
        refuse(s, c, rival, "the VM is connected (--vm-takeover refuse)");
        return false;
    }
    return is_probed(s, rival) ? look(s, c, rival) : begin_probe(s, rival);
}

void vm_takeover_look_due(struct deadline *d, void *owner)
{
    struct vm_probe *probe = CONTAINER_OF(d, struct vm_probe, look);
    struct vm_session *s = CONTAINER_OF(probe, struct identity, probe)->session;

    (void)owner;
    if (s->phase == VM_PHASE_PROBING)
        vm_attach(s);
    telnet_link_flush_if_writable(&s->telnet);
    vm_session_settle(s);
}

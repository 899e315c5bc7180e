// link.js - a console's WebSocket (docs/api-attach.md): it connects, comes
// again, goes on where it was, and says at any time what is true of it.
//
// It touches neither page nor clock. What it needs is given (io):
//
//     open(query)     a WebSocket to the console, with these arguments
//     now()           milliseconds
//     later(ms, f)    calls f then; returns what calls it off
//     random()        from 0 to 1
//     newLabel()      a session's label, which nobody else can guess
//     diagnose()      promise of {status, hint}: why there is no connection, as
//                     HTTP has it; null: nobody answers
//
// and what it tells (on):
//
//     state(status)         see status() below
//     output(bytes, done)   done is to be called when they are on the screen
//     gap(gap)              bytes are missing here
//     fresh()               what comes does not follow what is on the screen
//     said(text)            what vspcd says to the person: notice, break
//     people(text)          who is there: {clients, total}
//
// Output: what is on the screen is acknowledged, so that no more than vspcd's
// window is under way. What comes from a log is not acknowledged, and may be
// gigabytes: beyond MOST the link begins anew, with the newest.
//
// Input: what was sent and is not known to have arrived is kept. A session
// that goes on gets the rest of it; if it does not go on, nobody knows, and
// status says how many bytes that is. What is typed while there is no
// connection is counted, and never sent: it was meant for another screen.

import { makeCommands } from "./link_commands.js";
import { makeInput } from "./link_input.js";
import { makePulse } from "./link_pulse.js";
import { refusalOf, waitTime } from "./link_words.js";

const ACK_STEP = 16 * 1024;
const LATER_MS = 15_000;
const CONFIRM_MS = 1_000; // then it is asked whether input has arrived
const ENOUGH = 256 * 1024; // bytes not on the screen: no connection now
const MOST = 4 * 1024 * 1024;

// Another version of vspcd may greet otherwise: what it says then is not
// known, and nothing of it is shown.
const isHello = ({ epoch, position, console, you, input_window: window, input_position: input }) =>
  typeof epoch === "string" && (position === null || typeof position === "number") &&
  typeof console?.name === "string" && typeof you?.right === "string" &&
  typeof window === "number" && typeof input === "number";

export function makeLink(io, on) {
  let phase = "new"; // connecting, connected, waiting, refused, replaced, ended
  let socket = null;
  let label = io.newLabel();
  let cancelRetry = () => {};
  let cancelConfirm = null;
  let tries = 0;
  let hasGotOn = false;
  let retryAt = null;
  let refusal = null;
  let ending = null; // the "end" that was said

  // The console.
  let vm = null;
  let name = null;
  let you = null;
  let lock = null;
  let size = null;

  // Output.
  let place = null; // of the next byte; position null: it is not known
  let acked = 0;
  let isLive = false;
  let unshown = 0; // bytes that are not on the screen yet
  let hasShown = false;
  let hasSkipped = false;
  let history;

  const input = makeInput();
  let inputWindow = 64 * 1024;
  let notSent = 0;
  let unsure = 0;

  const commands = makeCommands();

  const status = () => ({
    phase, vm, name, you, lock, retryAt, notSent, unsure, unconfirmed: input.open(),
    refusal, whyNot: whyNot(),
  });

  const tell = () => on.state(status());
  function enter(next) {
    phase = next;
    tell();
  }

  // ---- connecting ----------------------------------------------------------

  // The former socket has nothing to say any more.
  function leaveSocket(code) {
    const left = socket;
    socket = null;
    pulse.stop();
    cancelConfirm?.();
    cancelConfirm = null;
    commands.lose();
    if (!left) return;
    left.onmessage = left.onclose = null;
    try {
      left.close(code);
    } catch { /* it is closed */ }
  }

  function connect() {
    cancelRetry();
    leaveSocket();
    if (unshown > ENOUGH) { // another window full would be kept as well
      wait(100);
      return;
    }
    const query = { session: label };
    if (place && place.position !== null) query.from = `${place.epoch}:${place.position}`;
    else if (history !== undefined) query.history = history;
    hasGotOn = false;
    ending = retryAt = refusal = null;
    enter("connecting");
    let mine;
    try {
      mine = io.open(query);
    } catch {
      refuse(refusalOf(0));
      return;
    }
    socket = mine;
    mine.onmessage = ({ data }) => take(data);
    mine.onclose = ({ code }) => closed(code);
    pulse.start();
  }

  function wait(ms) {
    cancelRetry();
    retryAt = io.now() + ms;
    cancelRetry = io.later(ms, connect);
  }

  function refuse(words) {
    refusal = words;
    cancelRetry();
    retryAt = null;
    if (words.isLater) wait(LATER_MS);
    enter("refused");
  }

  function closed(code) {
    const wasConnected = phase === "connected";
    leaveSocket();
    // Somebody who disconnects says so before.
    if (code === 4001 && !ending) {
      unsure += input.forget(0);
      enter("replaced");
      return;
    }
    const words = refusalOf(code, ending?.reason);
    if (words) refuse(words);
    else comeAgain(code === 1012);
    // A 4003 may be a login that has ended.
    if (words ? code === 4003 : !wasConnected) diagnose();
  }

  function comeAgain(isRestart = false) {
    tries = hasGotOn && !isRestart ? 0 : tries + 1;
    wait(waitTime(tries, io.random()));
    enter("waiting");
  }

  // A browser does not say why a WebSocket was refused in HTTP.
  async function diagnose() {
    const found = await io.diagnose().catch(() => null);
    const words = found && refusalOf(found.status, "", found.hint);
    if (words && (phase === "waiting" || phase === "refused")) refuse(words);
  }

  // ---- whether anybody is there --------------------------------------------

  const pulse = makePulse(io, {
    ask: () => put({ ping: 0 }),
    lost() {
      leaveSocket();
      comeAgain();
    },
  });

  // The network is there again, or the machine, or somebody who looks.
  function wake() {
    if (phase === "waiting" || (phase === "refused" && retryAt !== null)) connect();
    else pulse.probe();
  }

  // ---- what comes ----------------------------------------------------------

  function take(data) {
    pulse.hear();
    if (typeof data !== "string") {
      takeOutput(new Uint8Array(data));
      return;
    }
    let text;
    try {
      text = JSON.parse(data);
    } catch {
      return;
    }
    if (Object.hasOwn(takers, text?.type) && (phase === "connected" || text.type === "hello" ||
        text.type === "end"))
      takers[text.type](text);
  }

  function takeOutput(bytes) {
    if (bytes.length === 0 || phase !== "connected") return;
    const mine = socket;
    let end = null;
    hasGotOn = true;
    unshown += bytes.length;
    if (place.position !== null) {
      place.position += bytes.length;
      if (isLive) end = place.position;
    }
    on.output(bytes, () => {
      unshown -= bytes.length;
      if (end !== null && socket === mine && end - acked >= ACK_STEP) {
        acked = end;
        put({ ack: end });
      }
    });
    if (unshown > MOST) skip();
  }

  // Another session, because this one would go on with all of it.
  function skip() {
    leaveSocket(1000);
    label = io.newLabel();
    place = null;
    hasSkipped = true;
    comeAgain();
  }

  function begin(text) {
    const isFollowing = place !== null && place.position !== null;
    place = { epoch: text.epoch, position: text.position };
    isLive = text.is_live;
    acked = text.position ?? 0;
    if (!isFollowing && hasShown) on.fresh();
    if (hasSkipped) on.gap({ reason: "too-much", bytes: null });
    hasShown = true;
    hasSkipped = false;
  }

  const takers = {
    hello(text) {
      if (!isHello(text)) {
        leaveSocket(1000);
        refuse(refusalOf(1002));
        return;
      }
      begin(text);
      ({ state: vm, name } = text.console);
      you = text.you;
      lock = null;
      inputWindow = text.input_window;
      if (text.is_resumed && input.sent() >= text.input_position) {
        for (const chunk of input.rest(text.input_position)) send(chunk);
      } else {
        unsure += input.forget(text.input_position);
      }
      if (size) put({ window: size });
      pulse.open();
      enter("connected");
    },
    place({ epoch, position, is_live }) {
      place = { epoch, position };
      isLive = is_live;
      acked = position;
    },
    gap(text) {
      if (text.to !== null) place.position = acked = text.to;
      on.gap(text);
    },
    notice(text) {
      if (text.state) vm = text.state;
      on.said(text);
      tell();
    },
    state({ state }) {
      vm = state;
      tell();
    },
    break: (text) => on.said(text),
    who(text) {
      you = text.clients.find((client) => client.number === you.number) ?? you;
      on.people(text);
      tell();
    },
    lock(text) {
      lock = text.by === null ? null : text;
      tell();
    },
    right({ right }) {
      you = { ...you, right };
      tell();
    },
    input: ({ position }) => confirm(position),
    ping: ({ input_position }) => confirm(input_position),
    pong: ({ input_position }) => confirm(input_position),
    answer: (text) => commands.take(text),
    error(text) {
      if (!commands.take(text)) on.said({ type: "notice", kind: "error", text: text.text });
    },
    end(text) {
      ending = text;
    },
  };

  // ---- what is sent --------------------------------------------------------

  function send(data) {
    try {
      socket?.send(data);
    } catch { /* its close comes */ }
  }
  const put = (object) => send(JSON.stringify(object));

  function confirm(position) {
    if (input.confirm(position)) tell();
  }

  // Typed input is asked after, so that little is unsure at any time.
  function confirmSoon() {
    cancelConfirm ??= io.later(CONFIRM_MS, () => {
      cancelConfirm = null;
      if (input.open() > 0) put({ ping: 0 });
    });
  }

  // Why nothing can be typed; null: it can.
  function whyNot() {
    if (phase !== "connected") return "disconnected";
    if (you.right === "none" || you.right === "read") return "right";
    if (lock && !lock.may_type) return "locked";
    return you.mode === "read-only" ? "read-only" : null;
  }

  const room = () => (phase === "connected" ? Math.max(0, inputWindow - input.open()) : 0);

  return {
    status, room, wake,
    // from: {history} lines, or {label, place} of a session that is gone on with.
    start(from = {}) {
      history = from.history;
      if (from.label) label = from.label;
      if (from.place) {
        place = { ...from.place };
        hasShown = true;
      }
      connect();
    },
    // Now; also where it was refused or replaced.
    retry() {
      if (phase !== "connected" && phase !== "ended") connect();
    },
    // Null: they are sent. Or why not, "full" where the VM takes nothing now.
    type(bytes) {
      const why = whyNot() ?? (bytes.length > room() ? "full" : null);
      if (why === null) {
        hasGotOn = true;
        input.add(bytes);
        send(bytes);
        confirmSoon();
      } else {
        notSent += bytes.length;
        tell();
      }
      return why;
    },
    // A promise of what vspcd answers.
    command(members) {
      if (phase !== "connected") return Promise.reject(new Error("There is no connection now."));
      return commands.send(members, put);
    },
    setWindow(rows, columns) {
      size = { rows, columns };
      if (phase === "connected") put({ window: size });
    },
    // The person has seen what was not sent.
    forget() {
      notSent = unsure = 0;
      tell();
    },
    // Of the next byte; null: it is not known.
    place: () => (place && place.position !== null ? { ...place } : null),
    // With this, and what is on the screen now, another window goes on with the
    // session. Null: not now, for the place is not that of the screen.
    handover: () => (place && place.position !== null && unshown === 0
      ? { label, place: { ...place } } : null),
    // The page is left, and perhaps come back to.
    leave() {
      if (phase === "ended" || phase === "replaced") return;
      cancelRetry();
      if (phase === "refused") return;
      leaveSocket(1000);
      enter("waiting");
    },
    end() {
      cancelRetry();
      leaveSocket(1000);
      phase = "ended";
    },
  };
}

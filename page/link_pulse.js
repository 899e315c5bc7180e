// link_pulse.js - whether anybody is at the other end. vspcd says something
// each 20 s to a client that is silent; one that speaks has to ask.
//
// io as in link.js; ask() asks for an answer; lost() is called once, when none
// has come.

const QUIET_MS = 20_000; // then it is asked
const LOST_MS = 45_000; // without a word
const OPEN_MS = 15_000; // for a connection to be made
const PROBE_MS = 5_000; // for an answer after a sleep

export function makePulse(io, { ask, lost }) {
  let heard = 0;
  let isOpen = false;
  let wasAsked = false; // since it was heard last
  let probed = null; // when an answer was asked for after a sleep
  let cancel = () => {};

  const limit = () =>
    (probed !== null ? probed + PROBE_MS : heard + (isOpen ? LOST_MS : OPEN_MS));

  function plan() {
    const next = wasAsked ? limit() : Math.min(limit(), heard + QUIET_MS);
    cancel();
    cancel = io.later(Math.max(1, next - io.now()), look);
  }

  function look() {
    if (io.now() >= limit()) {
      lost();
      return;
    }
    if (isOpen && !wasAsked && io.now() >= heard + QUIET_MS) {
      wasAsked = true;
      ask();
    }
    plan();
  }

  return {
    // A connection is being made.
    start() {
      heard = io.now();
      isOpen = wasAsked = false;
      probed = null;
      plan();
    },
    // It is made.
    open() {
      isOpen = true;
      plan();
    },
    // No timer is touched for it: look() sees that there is more time.
    hear() {
      heard = io.now();
      wasAsked = false;
      probed = null;
    },
    // It may have been lost without a sign. When something was heard last says
    // nothing: the clock of a browser stands still while the machine sleeps.
    probe() {
      if (!isOpen || probed !== null) return;
      probed = io.now();
      wasAsked = true;
      ask();
      plan();
    },
    // Nobody is asked, and nothing is lost, until the next start.
    stop() {
      cancel();
      isOpen = false;
    },
  };
}

// events.js - what happens (docs/events.md), from one connection for all of the
// page that listens. A WebSocket, because a browser gives all its windows of a
// server six connections for everything else.
//
//     const end = listen({ onEvent, onGap });
//
// onEvent: each event, in order, each once. onGap: what was known is not known
// to be true any more, so it is to be asked for again: at the beginning, and
// when events were lost. onLost: the connection has ended; it is tried again.

import { socketAddress } from "./api.js";
import { setServerTime } from "./server_clock.js";

const FIRST_MS = 500;
const LAST_MS = 15000;
// A place comes each 15 s, if nothing else does.
const SILENCE_MS = 40000;

// open(after): a WebSocket that continues behind this id, or, for null, begins
// now. For tests, time is an argument.
export function makeStream(open, { later = setTimeout, never = clearTimeout, random = Math.random } = {}) {
  const listeners = new Set();
  let socket = null;
  let place = null;
  let delay = FIRST_MS;
  let timer = null;
  let alarm = null;

  const tell = (what, event) => {
    for (const listener of [...listeners]) listener[what]?.(event);
  };

  function watch() {
    never(alarm);
    alarm = later(lose, SILENCE_MS);
  }

  function take({ data }) {
    watch();
    const event = JSON.parse(data);
    const isFirst = place === null;
    place = event.id ?? place;
    delay = FIRST_MS;
    if (isFirst || event.event === "gap") tell("onGap");
    if (event.event === "place") setServerTime(event.time);
    if (event.event !== "place" && event.event !== "gap") tell("onEvent", event);
  }

  function connect() {
    timer = null;
    const mine = socket = open(place);
    watch();
    mine.onmessage = (message) => mine === socket && take(message);
    mine.onclose = () => mine === socket && lose();
  }

  // Half a delay to a whole one: not all pages come at once.
  function lose() {
    const lost = socket;
    socket = null;
    never(alarm);
    lost?.close();
    tell("onLost");
    timer = later(connect, delay * (0.5 + random() / 2));
    delay = Math.min(2 * delay, LAST_MS);
  }

  // Tries at once: the network is back.
  function hurry() {
    if (timer === null) return;
    never(timer);
    connect();
  }

  function stop() {
    const last = socket;
    socket = null;
    never(timer);
    never(alarm);
    last?.close();
    timer = place = null;
    delay = FIRST_MS;
  }

  return {
    // Another connection: this one may have been lost without a sign.
    renew: () => {
      if (socket !== null) lose();
      hurry();
    },
    hurry,
    listen: (listener) => {
      listeners.add(listener);
      if (listeners.size === 1) connect();
      else if (place !== null) listener.onGap?.();
      return () => {
        if (listeners.delete(listener) && listeners.size === 0) stop();
      };
    },
  };
}

const stream = makeStream((after) =>
  new WebSocket(socketAddress("/events", after === null ? {} : { after })));

export const listen = stream.listen;

if (typeof addEventListener === "function") {
  addEventListener("online", stream.hurry);
  addEventListener("woken", stream.renew);
}

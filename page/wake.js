// wake.js - tells the window ("woken") that the machine has slept: connections
// may have been lost without a sign, and timers have stood still.
//
// The clock on the wall goes on meanwhile, the one of the page does not. That
// somebody has set the clock looks the same, and does no harm.

const LOOK_MS = 2000;
const SLEPT_MS = 3000;

const difference = () => Date.now() - performance.now();

let last = difference();

setInterval(() => {
  const now = difference();
  if (Math.abs(now - last) > SLEPT_MS) dispatchEvent(new Event("woken"));
  last = now;
}, LOOK_MS);

// server_clock.js - what time it is by vspcd's clock, which is that of all times
// it tells. A browser's own may be wrong by hours; how long ago something was
// would be, too.

const SAME_MS = 2000; // it takes a moment to be told

let ahead = 0; // ms that vspcd's clock is before the browser's

// time: RFC 3339; what vspcd has just said.
export function setServerTime(time, now = Date.now()) {
  const difference = Date.parse(time) - now;
  if (!Number.isNaN(difference)) ahead = Math.abs(difference) < SAME_MS ? 0 : difference;
}

export const serverNow = () => Date.now() + ahead;

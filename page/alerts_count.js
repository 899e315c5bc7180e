// alerts_count.js - how many alerts are open, for the bar and the window's
// title: asked for when an alert has come or was acknowledged, once a second at
// most.

import { get } from "./api.js";
import { listen } from "./events.js";

const PAUSE_MS = 1000;

// onCount(number), now and from now on; ends with what is returned.
export function watchCount(onCount) {
  let timer = null;
  let isOver = false;

  async function ask() {
    timer = null;
    try {
      const { total } = await get("/alerts", { state: "open", limit: 1 }, { quiet: true });
      if (!isOver) onCount(total);
    } catch { /* nobody is logged in, or vspcd is not there: others say so */ }
  }
  function soon(delay) {
    timer ??= setTimeout(ask, delay);
  }
  const end = listen({
    onGap: () => soon(0),
    onEvent: ({ event }) => { if (event.startsWith("alert")) soon(PAUSE_MS); },
  });
  return () => {
    isOver = true;
    clearTimeout(timer);
    end();
  };
}

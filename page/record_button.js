// record_button.js - starts and stops a recording of a console on demand, and
// says whether it is recorded.
//
//     const { element, end } = recordButton(id);

import { consolePath, get, post } from "./api.js";
import { fill, make, say } from "./dom.js";
import { listen } from "./events.js";

export function recordButton(id) {
  let going = []; // recordings of the console that go on
  let isAsked = false;
  let isOver = false;
  let turn = 0;
  const button = make("button", { onclick: toggle, disabled: true }, "Record");
  const sign = make("span", { class: "recording-sign", role: "status" });
  const element = make("span", { class: "record-button" }, button, sign);

  const onDemand = () => going.find(({ reason }) => reason === "demand");

  function draw() {
    const mine = onDemand();
    fill(button, mine ? "Stop recording" : "Record");
    button.setAttribute("aria-pressed", String(Boolean(mine)));
    button.disabled = isAsked;
    fill(sign, going.length === 0 ? null
      : `recorded${going.some((one) => one.has_input) ? ", with what is typed" : ""}`);
  }

  async function refresh() {
    const mine = ++turn;
    try {
      const { items } = await get("/recordings", { console: id, limit: 20 }, { quiet: true });
      if (mine !== turn) return;
      going = items.filter(({ ended }) => ended === null);
    } catch (error) {
      if (error.status === 401 || error.status === 403 || error.status === 503) element.hidden = true;
    }
    if (!isOver) draw();
  }

  async function toggle() {
    isAsked = true;
    draw();
    try {
      await post(consolePath(id, onDemand() ? "/record/stop" : "/record"));
    } catch (error) {
      say(error.hint ? `${error.message} (${error.hint})` : error.message, "error");
    }
    isAsked = false;
    await refresh();
  }

  const endEvents = listen({
    onGap: refresh,
    onEvent: ({ event, console_id: of }) => {
      // Whoever has typed an address may have named it by its UUID.
      if ((of === id || of?.split("/")[0] === id) && event.startsWith("recording-")) refresh();
    },
  });
  refresh();
  return { element, end: () => { isOver = true; endEvents(); } };
}

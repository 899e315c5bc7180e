// record_button.js - starts and stops a recording of a console on demand, and
// says whether the console is recorded.
//
//     const { button, sign, allow, end } = recordButton(id);
//
// Where recordings cannot be had, neither is shown.

import { consolePath, get, post } from "./api.js";
import { fill, make, sayError } from "./dom.js";
import { listen } from "./events.js";

export function recordButton(id) {
  let going = new Map(); // recordings of the console that go on, by their ids
  const told = new Map(); // what was told since: recordings, or null of ended ones
  let isAllowed = true;
  let isBusy = true; // it is not known yet what is so
  let turn = 0;
  const button = make("button", { class: "record-button", onclick: toggle, disabled: true }, "Record");
  const sign = make("span", { class: "recording-sign", role: "status" });

  const isOnDemand = () => [...going.values()].some(({ reason }) => reason === "demand");

  function draw() {
    const isInput = [...going.values()].some((one) => one.has_input);
    fill(button, isOnDemand() ? "Stop recording" : "Record");
    button.disabled = isBusy || !isAllowed;
    button.title = isAllowed ? "" : "You need the right to write here.";
    fill(sign, going.size === 0 ? null : `recorded${isInput ? ", with what is typed" : ""}`);
  }

  function keep(name, recording) {
    if (recording) going.set(name, recording);
    else going.delete(name);
  }

  function tell(name, recording) {
    told.set(name, recording);
    keep(name, recording);
    draw();
  }

  // An answer is of the files that there are. What was told counts before it:
  // a recording that has just begun has none yet.
  async function refresh() {
    const mine = ++turn;
    try {
      const { items } = await get("/recordings", { console: id, limit: 20 }, { quiet: true });
      if (mine !== turn) return;
      going = new Map(items.filter(({ ended }) => ended === null).map((one) => [one.id, one]));
      for (const [name, recording] of told) {
        if (going.has(name) === Boolean(recording)) told.delete(name);
        keep(name, recording);
      }
      button.hidden = sign.hidden = false;
    } catch (error) {
      if (mine !== turn) return;
      if ([401, 403, 503].includes(error.status)) button.hidden = sign.hidden = true;
    }
    isBusy = false;
    draw();
  }

  async function toggle() {
    const isEnd = isOnDemand();
    isBusy = true;
    draw();
    try {
      const { recording } = await post(consolePath(id, isEnd ? "/record/stop" : "/record"));
      tell(recording.id, isEnd ? null : recording);
    } catch (error) {
      sayError(error);
    }
    isBusy = false;
    draw();
  }

  const endEvents = listen({
    onGap: () => {
      told.clear();
      refresh();
    },
    // An address may name a console by any of these.
    onEvent: ({ event, console_id: of, uuid, name, recording, recorded_for: reason, input }) => {
      if (![of, uuid, name].includes(id)) return;
      if (event === "recording-started") tell(recording, { reason, has_input: input });
      else if (event === "recording-ended") tell(recording, null);
    },
  });
  return {
    button, sign,
    // Whether the person may record it, as far as the page knows.
    allow(is) {
      if (is === isAllowed) return;
      isAllowed = is;
      draw();
    },
    end() {
      turn++;
      endEvents();
    },
  };
}

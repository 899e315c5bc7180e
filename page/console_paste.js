// console_paste.js - what is pasted: shown before it is sent where a line of
// it would be run at once, and sent no faster than a serial line takes it.
// Many guests lose what comes faster than they read (a login prompt, a boot
// loader, firmware), and none says so.

import { ask, make } from "./dom.js";
import { bytesText } from "./console_words.js";

const SLOW = 1024; // bytes a second
const STEP_MS = 50;
const FAST_PIECE = 8 * 1024;
const AT_ONCE = 1024; // characters of one line that need no question

const LINE_END = /\r\n?|\n/g;

// As Enter sends it.
export const pasteBytes = (text) => new TextEncoder().encode(text.replace(LINE_END, "\r"));

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
// Marks that turn or hide the text around them.
const UNSEEN = /[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

export const mustShow = (text) => text.length > AT_ONCE || CONTROL.test(text) ||
  text.search(UNSEEN) >= 0;

// With each byte that does something visible.
export const visible = (text) => text
  .replace(LINE_END, "⏎\n")
  .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g,
    (c) => `<${c.charCodeAt(0).toString(16).padStart(2, "0")}>`)
  .replace(UNSEEN, (c) => `<U+${c.charCodeAt(0).toString(16).toUpperCase()}>`);

// Resolves to {bytes, isFast}, or null.
export async function askPaste(text, name) {
  const bytes = pasteBytes(text);
  const lines = text.split(LINE_END).length;
  const fast = make("input", { type: "checkbox" });
  const answer = await ask(`Paste into ${name}?`,
    make("div", {},
      make("p", {}, `${bytesText(bytes.length)}, ${lines === 1 ? "one line" : `${lines} lines`}. ` +
        "Each ⏎ is sent as the Enter key."),
      make("pre", { class: "paste-text", tabindex: "0", "aria-label": "What is sent" },
        visible(text.slice(0, 20_000)) + (text.length > 20_000 ? "\n…" : "")),
      make("label", {}, fast,
        `As fast as it goes (otherwise 1 KiB a second: ${Math.ceil(bytes.length / SLOW)} s)`)),
    [["send", "Send", "main"], ["", "Cancel"]]);
  return answer === "send" ? { bytes, isFast: fast.checked } : null;
}

// Sends bytes step by step. room() says how many can be sent now, type(bytes)
// sends, and returns why not or null, whyNot() what it would return; later as
// in link.js. progress(sent, all, why): why is null under way, "" at the end,
// "cancelled", or why not. Returns what cancels it, with a why of the caller's.
export function pace(bytes, isFast, { room, type, whyNot, later, progress }) {
  let at = 0;
  let isOver = false;
  let cancel = () => {};
  function step() {
    const most = isFast ? FAST_PIECE : Math.ceil(SLOW * STEP_MS / 1000);
    const piece = bytes.subarray(at, at + Math.min(most, room()));
    const why = piece.length > 0 ? type(piece) : whyNot();
    if (isOver) return; // cancelled by what type has done
    if (why === null) at += piece.length;
    isOver = why !== null || at === bytes.length;
    progress(at, bytes.length, isOver ? why ?? "" : null);
    if (!isOver) cancel = later(isFast ? 1 : STEP_MS, step);
  }
  step();
  return (why = "cancelled") => {
    if (isOver) return;
    isOver = true;
    cancel();
    progress(at, bytes.length, why);
  };
}

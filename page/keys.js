// keys.js - keys that do something in the page, outside of fields and
// terminals; and the list of them.
//
//     const end = useKeys([["/", "To the filter", () => ...], ["g h", ...]]);
//
// A key is what KeyboardEvent calls it; two with a blank between are pressed one
// after the other. A key whose function is null is only listed, because
// somebody else looks for it.

import { ask, make } from "./dom.js";

const SEQUENCE_MS = 1500;

const tables = [];
let first = "";
let firstAt = -Infinity;

// Keys of a view; those that came last count first. Ends with what is returned.
export function useKeys(keys) {
  tables.unshift(keys);
  return () => {
    const at = tables.indexOf(keys);
    if (at >= 0) tables.splice(at, 1);
  };
}

const find = (name) =>
  tables.flat().find(([key, , press]) => key === name && press !== null);

const isPrefix = (name) => tables.flat().some(([key]) => key.startsWith(`${name} `));

// Whoever writes means letters.
const isWriting = ({ target }) =>
  target instanceof Element &&
  (target.closest("input, textarea, select, [contenteditable], dialog, .xterm") !== null);

// "x" or "g x"; and what it does.
function pressed(event, now) {
  const sequence = now - firstAt < SEQUENCE_MS && first ? `${first} ${event.key}` : null;
  const found = (sequence && find(sequence)) ?? find(event.key);
  first = !found && isPrefix(event.key) ? event.key : "";
  firstAt = now;
  return found;
}

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing ||
    event.defaultPrevented || isWriting(event)) return;
  const found = pressed(event, event.timeStamp);
  if (!found) return;
  event.preventDefault();
  found[2](event);
}

const NAMES = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };

const shownKey = (key) => key.split(" ").flatMap((one, i) =>
  [i > 0 ? " " : null, make("kbd", {}, NAMES[one] ?? one)]);

export function showKeys() {
  const rows = tables.flat().filter(([, does]) => does).map(([key, does]) =>
    make("tr", {}, make("td", {}, shownKey(key)), make("td", {}, does)));
  return ask("Keys", make("table", { class: "keys" }, make("tbody", {}, rows)),
    [["", "Close"]]);
}

// A key that is held down presses the button that has the focus again and
// again: the one that opened a menu, then what stands first in it, then what
// answers its question.
function onHeldKey(event) {
  if (event.repeat && event.key === "Enter" && event.target.closest?.("button, summary"))
    event.preventDefault();
}

addEventListener("keydown", onKey);
addEventListener("keydown", onHeldKey, { capture: true });

// console_keys.js - the keys that a phone has not, for where a finger points.

import { make } from "./dom.js";

const KEYS = [
  ["Esc", "\x1b", "Escape"], ["Tab", "\t", "Tab"], ["↑", "\x1b[A", "Up"],
  ["↓", "\x1b[B", "Down"], ["←", "\x1b[D", "Left"], ["→", "\x1b[C", "Right"],
  ["^C", "\x03", "Control C"],
];

// What Ctrl makes of a letter; of anything else, nothing.
export const withControl = (bytes) =>
  (bytes.length === 1 && bytes[0] >= 0x40 && bytes[0] < 0x7f ? bytes.map((byte) => byte & 0x1f) : bytes);

// type(text) types. Returns {element, take(bytes)}: take gives what is typed
// with Ctrl, if that was pressed before.
export function makeKeys(type) {
  let hasControl = false;
  // The terminal keeps the focus, and the phone's keyboard stays.
  const stay = (event) => event.preventDefault();
  const key = (label, name, onclick, more = {}) =>
    make("button", { type: "button", "aria-label": name, onpointerdown: stay, onclick, ...more }, label);
  const control = key("Ctrl", "Control", () => setControl(!hasControl), { "aria-pressed": "false" });

  function setControl(is) {
    hasControl = is;
    control.setAttribute("aria-pressed", String(is));
  }

  return {
    element: make("div", { class: "console-keys", role: "toolbar", "aria-label": "Keys" }, control,
      ...KEYS.map(([label, text, name]) => key(label, name, () => type(text)))),
    take(bytes) {
      if (!hasControl) return bytes;
      setControl(false);
      return withControl(bytes);
    },
  };
}

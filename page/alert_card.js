// alert_card.js - an alert, as the page shows it: what was found, on which
// console, with the lines around it.

import { consoleAddress, logAddress } from "./addresses.js";
import { make } from "./dom.js";
import { ago, dateText } from "./words.js";

// A sign of its own for each, so that the colour is not the only one.
const SIGNS = { critical: ["▲", "bad"], warning: ["◆", "doubt"], info: ["●", "faint"] };

export function severity(name) {
  const [sign, look] = SIGNS[name] ?? ["●", "faint"];
  return make("span", { class: `severity ${look}` },
    make("span", { "aria-hidden": "true" }, sign), " ", name);
}

function times({ time, last_time: last, count }) {
  const first = make("time", { datetime: time, title: dateText(time) }, ago(time));
  if (count < 2) return [first];
  return [`${count} times, first `, first, ", last ",
    make("time", { datetime: last, title: dateText(last) }, ago(last))];
}

function lines({ before, text, after }) {
  if (before.length + after.length === 0)
    return make("pre", { class: "lines", tabindex: 0 }, make("span", { class: "found" }, text));
  return make("details", {},
    make("summary", { class: "lines" }, make("span", { class: "text" }, text)),
    make("pre", { class: "lines", tabindex: 0 }, ...before.map((line) => `${line}\n`),
      make("span", { class: "found" }, text), "\n", ...after.map((line) => `${line}\n`)));
}

function answer({ state, acknowledged_by: by, acknowledged_at: at, comment }) {
  if (state !== "acknowledged") return null;
  return make("p", { class: "faint" }, `Acknowledged by ${by ?? "nobody"}`,
    at ? ` ${ago(at)}` : null, comment ? `: “${comment}”` : null);
}

// acts: {acknowledge, mute}, functions of the alert; without them it is shown
// alone.
export function alertCard(alert, acts) {
  const { console, rule, place, state } = alert;
  const button = (label, act, why) => make("button", { onclick: () => act(alert),
    "aria-label": `${label}: ${why}` }, label);
  return make("li", { class: `alert ${state}`, "data-id": alert.id },
    make("div", { class: "alert-head" },
      severity(alert.severity), make("b", {}, rule),
      make("a", { class: "name", href: consoleAddress(console.id) }, console.name),
      make("span", { class: "faint" }, ...times(alert)),
      make("span", { class: "acts" },
        make("a", { href: logAddress(console.id, place),
          "aria-label": `In the log of ${console.name}` }, "In the log"),
        acts && state !== "acknowledged" ? button("Acknowledge", acts.acknowledge, `${rule}, ${console.name}`) : null,
        acts ? button("Mute…", acts.mute, `${rule}, ${console.name}`) : null)),
    lines(alert), answer(alert));
}

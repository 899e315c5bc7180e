// list_tools.js - what stands above the list of consoles: the filter, what it
// may say, groups, the order (on a phone), and how many there are.

import { ask, make } from "./dom.js";
import { numberText } from "./words.js";

const HELP = [
  ["web db", "both are in the name, the host, the UUID, or what the inventory has"],
  ['"two words"', "with the blank between them"],
  ["-test", "not in it; before any of these"],
  ["/^web-\\d+$/", "a regular expression for the name"],
  ["state:none", "connected, moving, none"],
  ["client:alice", "alice has it open; client:* anybody"],
  ["host:10.0.1.", "the host's address, or its name in the inventory, begins so"],
  ["folder:/prod/", "the folder begins so; likewise owner:alice, where there is an inventory"],
  ["tag:web", "one of the VM's tags"],
  ["line:panic", "the last line has it"],
  ["is:locked", "the keyboard is locked"],
  ["is:alert", "an alert is open"],
];

const showHelp = () => ask("Filters", make("table", { class: "keys" }, make("tbody", {},
  HELP.map(([text, does]) => make("tr", {},
    make("td", { class: "mono" }, text), make("td", {}, does))))), [["", "Close"]]);

// on: {filter(text), order(sort), groups(), leave(key)}; leave: the key is one
// that goes from the field to the list. The parts are returned, too.
export function makeTools(title, columns, on) {
  const field = make("input", { type: "search", id: "filter", placeholder: "Filter", size: 34,
    "aria-label": "Filter the consoles", "aria-describedby": "problem", autocomplete: "off",
    autocapitalize: "off", spellcheck: "false", maxlength: 500, oninput: () => on.filter(field.value),
    onkeydown: (event) => {
      if (event.key === "Escape" && field.value !== "") on.filter("");
      else if (["Escape", "Enter", "ArrowDown"].includes(event.key)) on.leave(event.key);
      else return;
      event.preventDefault();
    } });
  const order = make("select", { "aria-label": "Order", onchange: () => on.order(order.value) },
    ...columns.map(({ name, label }) => make("option", { value: name }, label)));
  const groups = make("button", { "aria-pressed": "false", onclick: on.groups }, "Groups");
  const count = make("span", { class: "faint", role: "status" });
  const problem = make("span", { class: "bad", id: "problem" });
  return {
    field, order, groups, count, problem,
    element: make("div", { class: "tools" }, make("h1", { tabindex: -1 }, title), field,
      make("button", { class: "quiet", "aria-label": "How filters are written", onclick: showHelp }, "?"),
      groups, make("label", { class: "order" }, "Order", order), count, problem),
  };
}

export function countText(listed, all, hidden) {
  const what = `${numberText(all)} console${all === 1 ? "" : "s"}`;
  const shown = listed === all ? what : `${numberText(listed)} of ${what}`;
  return hidden > 0 ? `${shown}; ${numberText(hidden)} more that you may not read` : shown;
}

// Why nothing is listed.
export function emptyText({ isLoaded, size, hidden, text }) {
  if (!isLoaded) return "Loading…";
  if (size > 0) return `No console is like “${text}”.`;
  if (hidden > 0) return [`There are ${numberText(hidden)} consoles, of which you may read none. `,
    make("a", { href: "#/login" }, "Log in")];
  return "No VM has connected its serial port yet.";
}

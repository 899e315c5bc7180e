// list.js - the consoles that there are: found, sorted, grouped, and as they
// are now. docs/web.md says what it can do.

import { get } from "./api.js";
import { ask, fill, make } from "./dom.js";
import { listen } from "./events.js";
import { useKeys } from "./keys.js";
import { fillCell } from "./list_cells.js";
import { parseFilter } from "./list_filter.js";
import { makeGrid } from "./list_grid.js";
import { follow } from "./list_live.js";
import { entriesOf, entryId, isGroup, isSort, makeRows } from "./list_rows.js";
import { makeSaved } from "./list_saved.js";
import { isTexts, store, stored } from "./storage.js";

export const title = "Consoles";

const COLUMNS = [
  { name: "state", label: "VM", sorts: true },
  { name: "name", label: "Name", sorts: true },
  { name: "alerts", label: "Alerts", sorts: true },
  { name: "activity", label: "Last output", sorts: true },
  { name: "line", label: "Last line", sorts: true },
  { name: "clients", label: "Clients", sorts: true },
  { name: "writer", label: "Keyboard", sorts: true },
  { name: "host", label: "Host", sorts: true },
];

const FOLDED_MAX = 1000;
// While somebody is at the list, rows do not change places under the hand.
const STILL_MS = 4000;

const HELP = [
  ["web db", "both are in the name, the address of the host, or the UUID"],
  ['"two words"', "with the blank between them"],
  ["-test", "not in it; before any of these"],
  ["/^web-\\d+$/", "a regular expression for the name"],
  ["state:none", "connected, moving, none"],
  ["client:alice", "alice has it open; client:* anybody"],
  ["host:10.0.1.", "the host's address begins so"],
  ["line:panic", "the last line has it"],
  ["is:locked", "the keyboard is locked"],
  ["is:alert", "an alert is open"],
];

const showHelp = () => ask("Filters", make("table", { class: "keys" }, make("tbody", {},
  HELP.map(([text, does]) => make("tr", {},
    make("td", { class: "mono" }, text), make("td", {}, does))))), [["", "Close"]]);

const addressOf = (id) => `#/console/${encodeURIComponent(id)}`;

function openEntry(entry, inWindow) {
  if (inWindow) window.open(addressOf(entry.id), "_blank", "noopener");
  else location.hash = addressOf(entry.id);
}

// The filter, order and groups stand in the address too, so that "back" and a
// bookmark find them.
function keepAddress({ text, sort, isGrouped }) {
  const query = new URLSearchParams();
  if (text) query.set("filter", text);
  if (sort !== "name") query.set("sort", sort);
  if (isGrouped) query.set("groups", "1");
  history.replaceState(history.state, "", query.size ? `#/?${query}` : "#/");
}

function choicesOf(query) {
  const isGiven = Object.keys(query).length > 0;
  const sort = query.sort ?? (isGiven ? "name" : stored("sort", "name", isSort));
  return {
    text: query.filter ?? "",
    sort: isSort(sort) ? sort : "name",
    isGrouped: isGiven ? query.groups === "1" : stored("groups", false),
    folded: new Set(stored("folded", [], isTexts(FOLDED_MAX))),
  };
}

function makeTools(on) {
  const field = make("input", { type: "search", id: "filter", placeholder: "Filter", size: 34,
    "aria-label": "Filter the consoles", "aria-describedby": "problem", autocomplete: "off",
    autocapitalize: "off", spellcheck: "false", maxlength: 500, oninput: () => on.filter(field.value) });
  const order = make("select", { "aria-label": "Order", onchange: () => on.order(order.value) },
    ...COLUMNS.map(({ name, label }) => make("option", { value: name }, label)));
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

function countText(listed, all, hidden) {
  const what = `${all.toLocaleString("en")} console${all === 1 ? "" : "s"}`;
  const shown = listed === all ? what : `${listed.toLocaleString("en")} of ${what}`;
  return hidden > 0 ? `${shown}; ${hidden.toLocaleString("en")} more that you may not read` : shown;
}

function emptyText({ isLoaded, size, hidden, text }) {
  if (!isLoaded) return "Loading…";
  if (size > 0) return `No console is like “${text}”.`;
  if (hidden > 0) return [`There are ${hidden.toLocaleString("en")} consoles, of which you may read none. `,
    make("a", { href: "#/login" }, "Log in")];
  return "No VM has connected its serial port yet.";
}

export function show(root, { query }) {
  const rows = makeRows();
  const choices = choicesOf(query);
  let filter = parseFilter(choices.text);
  let known = { hidden: 0, clients: new Map(), isLoaded: false };
  let isLate = 0; // a frame that is asked for
  let touchedAt = -Infinity;
  let isStill = false; // rows keep their places until nobody is at them
  let places = new Map();

  const saved = makeSaved((text) => setFilter(text));
  const tools = makeTools({
    filter: (text) => setFilter(text),
    order: (sort) => setSort(sort),
    groups: () => setGrouped(!choices.isGrouped),
  });
  const grid = makeGrid("Consoles", COLUMNS, {
    fillCell: (cell, name, entry) => fillCell(cell, name, entry, { addressOf, fold }),
    idOf: entryId,
    isSpan: isGroup,
    open: (entry, inWindow) => (isGroup(entry) ? fold(entry) : openEntry(entry, inWindow)),
    sort: (name) => setSort(choices.sort === name ? `-${name}` : name),
    seen: () => {},
  });
  const empty = make("p", { class: "empty" });

  // Values change where they are; the order by what changes all the time waits
  // until the hand is off the list.
  function list() {
    const made = entriesOf(rows.all(), { test: (row) => filter.test(row, known.clients), ...choices });
    isStill = isStill && performance.now() - touchedAt < STILL_MS;
    if (isStill) {
      const rank = (entry) => places.get(entryId(entry)) ?? places.size;
      return made.sort((a, b) => rank(a) - rank(b));
    }
    places = new Map(made.map((entry, i) => [entryId(entry), i]));
    return made;
  }

  function draw() {
    isLate = 0;
    const entries = list();
    const listed = entries.reduce((sum, e) => sum + (isGroup(e) ? (e.isFolded ? e.members : 0) : 1), 0);
    grid.show(entries);
    grid.element.hidden = entries.length === 0;
    fill(empty, emptyText({ ...known, size: rows.size(), text: choices.text }));
    empty.hidden = entries.length > 0;
    const text = known.isLoaded ? countText(listed, rows.size(), known.hidden) : "";
    if (tools.count.textContent !== text) tools.count.textContent = text;
  }

  const later = () => {
    isLate ||= requestAnimationFrame(draw);
  };

  function chosen() {
    isStill = false;
    keepAddress(choices);
    later();
  }

  function setFilter(text) {
    choices.text = text;
    filter = parseFilter(text);
    if (tools.field.value !== text) tools.field.value = text;
    tools.problem.textContent = filter.problem ?? "";
    saved.show(text);
    chosen();
    if (filter.wantsClients) live.wake();
  }

  function setSort(sort) {
    choices.sort = sort;
    store("sort", sort);
    tools.order.value = sort.replace(/^-/, "");
    grid.sortedBy(sort);
    chosen();
  }

  function setGrouped(isGrouped) {
    choices.isGrouped = isGrouped;
    store("groups", isGrouped);
    tools.groups.setAttribute("aria-pressed", isGrouped);
    chosen();
  }

  function fold({ group, isFolded }) {
    if (isFolded) choices.folded.delete(group);
    else choices.folded.add(group);
    store("folded", [...choices.folded].slice(-FOLDED_MAX));
    chosen();
  }

  function foldActive(isWanted) {
    const entry = grid.active();
    if (!entry || !choices.isGrouped) return;
    const group = isGroup(entry) ? entry : { group: groupOf(entry), isFolded: false };
    if (group.isFolded === isWanted) return;
    grid.choose(`group ${group.group}`);
    fold(group);
  }

  const groupOf = (row) =>
    (places.has(`group ${row.prefix}`) ? row.prefix : "");

  const live = follow({
    rows, get, listen,
    isSeen: () => !document.hidden,
    seen: () => [...new Set(grid.seen().filter((e) => !isGroup(e)).map((e) => e.uuid))],
    wantsClients: () => filter.wantsClients,
    onChange: (now) => {
      known = { ...now, isLoaded: true };
      if (performance.now() - touchedAt < STILL_MS) isStill = true;
      later();
    },
  });

  const openActive = (inWindow) => {
    const entry = grid.active();
    if (entry && isGroup(entry)) fold(entry);
    else if (entry) openEntry(entry, inWindow);
  };
  const endKeys = useKeys([
    ["/", "To the filter", () => tools.field.select()],
    ["j", "The next row; also ↓", () => grid.move(1)],
    ["k", "The row before; also ↑", () => grid.move(-1)],
    ["ArrowDown", "", () => grid.move(1)],
    ["ArrowUp", "", () => grid.move(-1)],
    ["PageDown", "", () => grid.move(grid.page())],
    ["PageUp", "", () => grid.move(-grid.page())],
    ["Home", "", grid.first],
    ["End", "", grid.last],
    ["Enter", "Open the console", ({ target }) => {
      if (target.closest("a, button")) target.click();
      else openActive(false);
    }],
    ["o", "Open it in a new window", () => openActive(true)],
    ["ArrowLeft", "Fold the group", () => foldActive(true)],
    ["ArrowRight", "Unfold the group", () => foldActive(false)],
    ["v", "Groups on and off", () => setGrouped(!choices.isGrouped)],
  ]);

  function onFieldKey(event) {
    if (event.key === "Escape" && tools.field.value !== "") setFilter("");
    else if (event.key === "Escape" || event.key === "Enter" || event.key === "ArrowDown") {
      grid.element.focus();
      if (event.key !== "Escape" && !grid.active()) grid.first();
      if (event.key === "Enter" && grid.seen().length === 1) openActive(false);
    } else return;
    event.preventDefault();
  }

  const touch = () => {
    touchedAt = performance.now();
  };
  const onVisible = () => live.wake();
  tools.field.addEventListener("keydown", onFieldKey);
  grid.element.addEventListener("pointermove", touch);
  grid.element.addEventListener("keydown", touch);
  grid.element.addEventListener("scroll", touch);
  document.addEventListener("visibilitychange", onVisible);

  root.classList.add("fills");
  fill(root, tools.element, saved.element, grid.element, empty);
  setSort(choices.sort);
  setGrouped(choices.isGrouped);
  setFilter(choices.text);

  return () => {
    live.end();
    grid.end();
    endKeys();
    cancelAnimationFrame(isLate);
    document.removeEventListener("visibilitychange", onVisible);
    root.classList.remove("fills");
  };
}

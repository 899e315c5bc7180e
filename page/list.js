// list.js - the consoles that there are: found, sorted, grouped, and as they
// are now. docs/web.md says what it can do.

import { consoleAddress } from "./addresses.js";
import { get } from "./api.js";
import { fill, make } from "./dom.js";
import { listen } from "./events.js";
import { makeAddressKeeper } from "./keep_address.js";
import { useKeys } from "./keys.js";
import { fillCell } from "./list_cells.js";
import { keepChoices, readChoices } from "./list_choices.js";
import { parseFilter } from "./list_filter.js";
import { makeGrid } from "./list_grid.js";
import { follow } from "./list_live.js";
import { entriesOf, entryId, isGroup, listedCount, makePlaces, makeRows } from "./list_rows.js";
import { makeSaved } from "./list_saved.js";
import { countText, emptyText, makeTools } from "./list_tools.js";

export const title = "Consoles";

const COLUMNS = [
  { name: "state", label: "VM" },
  { name: "name", label: "Name" },
  { name: "alerts", label: "Alerts" },
  { name: "activity", label: "Last output" },
  { name: "line", label: "Last line" },
  { name: "clients", label: "Clients" },
  { name: "writer", label: "Keyboard" },
  { name: "host", label: "Host" },
];

// While somebody is at the list, rows do not change places under the hand.
const STILL_MS = 4000;

function openConsole({ id }, inWindow) {
  if (inWindow) window.open(consoleAddress(id), "_blank", "noopener");
  else location.hash = consoleAddress(id);
}

const now = () => performance.now();

// The list without its keys: what is listed, and what may be done with it.
function makeList(query) {
  const rows = makeRows();
  const choices = readChoices(query);
  const keepAddress = makeAddressKeeper();
  const places = makePlaces(STILL_MS);
  let filter = parseFilter(choices.text);
  let known = { hidden: 0, clients: new Map(), isLoaded: false };
  let frame = 0;

  const tools = makeTools(title, COLUMNS, {
    filter: (text) => choose({ text }),
    order: (sort) => choose({ sort }),
    groups: () => choose({ isGrouped: !choices.isGrouped }),
    leave: (key) => leave(key),
  });
  const saved = makeSaved((text) => choose({ text }));
  const empty = make("p", { class: "empty" });
  const grid = makeGrid(title, COLUMNS, {
    fillCell: (cell, name, entry) => fillCell(cell, name, entry, { fold }),
    idOf: entryId,
    isSpan: isGroup,
    open: (entry, inWindow) => open(entry, inWindow),
    sort: (name) => choose({ sort: choices.sort === name ? `-${name}` : name }),
  });

  function draw() {
    frame = 0;
    const test = (row) => filter.test(row, known.clients);
    const entries = places.keep(entriesOf(rows.all(), { ...choices, test }), now());
    grid.show(entries);
    grid.element.hidden = entries.length === 0;
    empty.hidden = entries.length > 0;
    fill(empty, emptyText({ ...known, size: rows.size(), text: choices.text }));
    const count = known.isLoaded ? countText(listedCount(entries), rows.size(), known.hidden) : "";
    if (tools.count.textContent !== count) tools.count.textContent = count;
  }

  const later = () => {
    frame ||= requestAnimationFrame(draw);
  };

  function choose(changes) {
    Object.assign(choices, changes);
    filter = parseFilter(choices.text);
    if (tools.field.value !== choices.text) tools.field.value = choices.text;
    tools.problem.textContent = filter.problem ?? "";
    tools.order.value = choices.sort.replace(/^-/, "");
    tools.groups.setAttribute("aria-pressed", choices.isGrouped);
    grid.sortedBy(choices.sort);
    saved.show(choices.text);
    keepChoices(choices, keepAddress);
    places.reset();
    later();
    if (filter.wantsClients) live.wake();
  }

  function fold({ group, isFolded }) {
    if (isFolded) choices.folded.delete(group);
    else choices.folded.add(group);
    choose({});
  }

  // Of the active row, or the one that is active.
  function foldActive(isWanted) {
    const entry = grid.active();
    if (!entry || !choices.isGrouped) return;
    const prefix = places.has(`group ${entry.prefix}`) ? entry.prefix : "";
    const group = isGroup(entry) ? entry : { group: prefix, isFolded: false };
    if (group.isFolded === isWanted) return;
    grid.choose(entryId(group));
    fold(group);
  }

  const open = (entry, inWindow) => (isGroup(entry) ? fold(entry) : openConsole(entry, inWindow));

  function openActive(inWindow) {
    const entry = grid.active();
    if (entry) open(entry, inWindow);
  }

  // From the filter; Enter opens the only one that it has found.
  function leave(key) {
    grid.element.focus();
    if (key !== "Escape" && !grid.active()) grid.first();
    if (key === "Enter" && grid.seen().length === 1) openActive(false);
  }

  const live = follow({
    rows, get, listen,
    isSeen: () => !document.hidden,
    seen: () => [...new Set(grid.seen().filter((entry) => !isGroup(entry)).map(({ uuid }) => uuid))],
    wantsClients: () => filter.wantsClients,
    onChange: (news) => {
      known = { ...news, isLoaded: true };
      later();
    },
  });

  for (const event of ["pointermove", "keydown", "scroll"])
    grid.element.addEventListener(event, () => places.touch(now()));
  choose({});

  return {
    elements: [tools.element, saved.element, grid.element, empty],
    grid, foldActive, openActive,
    wake: live.wake,
    toFilter: () => tools.field.select(),
    toggleGroups: () => choose({ isGrouped: !choices.isGrouped }),
    end: () => {
      live.end();
      grid.end();
      cancelAnimationFrame(frame);
    },
  };
}

const keysOf = ({ grid, foldActive, openActive, toFilter, toggleGroups }) => [
  ["/", "To the filter", toFilter],
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
  ["v", "Groups on and off", toggleGroups],
];

export function show(root, { query }) {
  const list = makeList(query);
  const endKeys = useKeys(keysOf(list));
  const onVisible = () => list.wake();
  document.addEventListener("visibilitychange", onVisible);
  root.classList.add("fills");
  fill(root, ...list.elements);
  return () => {
    list.end();
    endKeys();
    document.removeEventListener("visibilitychange", onVisible);
    root.classList.remove("fills");
  };
}

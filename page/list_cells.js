// list_cells.js - what the cells of the list of consoles show. Cells are used
// again for other rows: only what is different is written.

import { consoleAddress } from "./addresses.js";
import { make } from "./dom.js";
import { serverNow } from "./server_clock.js";
import { dateText } from "./words.js";

const STATES = {
  connected: ["●", "on", "connected"],
  moving: ["◐", "moving", "moving to another host"],
  none: ["○", "off", "not connected"],
};

// Coarser than ago, because it is shown of many rows: what changes all the
// time draws the eye.
export function since(at, now = serverNow()) {
  if (at === 0) return "";
  const seconds = Math.max(0, (now - at) / 1000);
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]])
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  return seconds < 10 ? "now" : "< 1 min";
}

function put(element, text, hint = "") {
  if (element.textContent !== text) element.textContent = text;
  if (element.title !== hint) element.title = hint;
}

// The one child of a cell, made when the cell is used first.
function child(cell, make) {
  if (cell.firstElementChild === null) cell.replaceChildren(make());
  return cell.firstElementChild;
}

// The name is cut where there is little room; and what is known besides.
const nameHint = ({ name, known: { folder, owner, tags } }) => [name.slice(0, 200),
  folder && `Folder: ${folder}`, owner && `Owner: ${owner}`,
  tags.length > 0 && `Tags: ${tags.join(", ")}`].filter(Boolean).join("\n");

const FILL = {
  state: (cell, row) => {
    const [sign, word, long] = STATES[row.state] ?? ["?", row.state, row.state];
    cell.dataset.state = row.state;
    put(cell, `${sign} ${word}`, `The VM is ${long}`);
  },
  name: (cell, row) => {
    const link = child(cell, () => make("a", { tabindex: -1 }));
    const address = consoleAddress(row.id);
    if (link.getAttribute("href") !== address) link.setAttribute("href", address);
    put(link, row.name, nameHint(row));
  },
  alerts: (cell, { alerts: { count, worst } }) => {
    if (cell.dataset.worst !== (worst ?? "")) cell.dataset.worst = worst ?? "";
    put(cell, count > 0 ? `▲ ${count} ${worst}` : "", count > 0 ? "Open alerts, and the worst of them" : "");
  },
  activity: (cell, row) => put(cell, since(row.at), row.at ? dateText(row.at) : ""),
  line: (cell, row) => put(cell, row.last_line ?? "", row.last_line ?? ""),
  clients: (cell, row) => put(cell, row.clients > 0 ? String(row.clients) : ""),
  writer: (cell, row) => put(cell, row.locked_by ? `${row.locked_by} (alone)` : row.writer,
    row.locked_by ? `${row.locked_by} has the keyboard alone` : row.writer ? "Has typed last" : ""),
  host: (cell, row) => put(cell, row.host ?? ""),
  // A group, over all columns.
  "": (cell, entry, { fold }) => {
    const button = child(cell, () => make("button", { class: "quiet", tabindex: -1 }));
    button.onclick = () => fold(entry);
    if (button.getAttribute("aria-expanded") !== String(!entry.isFolded))
      button.setAttribute("aria-expanded", String(!entry.isFolded));
    const off = entry.members - entry.connected;
    put(button, `${entry.isFolded ? "▸" : "▾"} ${entry.group || "Others"}  ` +
      `${entry.members} console${entry.members === 1 ? "" : "s"}` +
      (off > 0 ? `, ${off} not connected` : ""));
  },
};

export const fillCell = (cell, name, entry, ops) => FILL[name](cell, entry, ops);

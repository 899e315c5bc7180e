// list_rows.js - the consoles that the page knows, and what of them is listed
// in which order. Pure: what comes from the API goes in, entries come out.

const DIGITS = 12;
const KEY_MAX = 200;

// Names as people sort them: web-2 before web-10, letters in any case.
export const orderKey = (name) => name.slice(0, KEY_MAX).toLowerCase()
  .replace(/\d+/g, (digits) => digits.padStart(DIGITS, "0"));

// What names begin with that belong together: "web-" of web-01. "": of none.
export function prefixOf(name) {
  const found = /^[^\d\-_./ ]+(?:[-_./ ]|(?=\d))/u.exec(name.slice(0, KEY_MAX));
  return found ? found[0] : "";
}

const uuidOf = (id) => id.slice(0, id.indexOf("/") < 0 ? id.length : id.indexOf("/"));

const SEVERITIES = ["info", "warning", "critical"];
const NO_ALERTS = { count: 0, worst: null };

const NOTHING = { folder: null, host: null, owner: null, tags: [] };

// A row is a console of the API, and what is worked out of it once. VMs belong
// together that are in one folder, or else those whose names begin alike.
export function rowOf({ inventory, ...item }) {
  const known = inventory ?? NOTHING;
  return {
    alerts: NO_ALERTS,
    ...item,
    known,
    uuid: uuidOf(item.id),
    key: orderKey(item.name),
    prefix: known.folder ?? prefixOf(item.name),
    at: item.last_output === null ? 0 : Date.parse(item.last_output),
    writer: item.locked_by ?? item.typist ?? "",
    text: [item.name, item.id, item.host, known.folder, known.host, known.owner, ...known.tags]
      .filter(Boolean).join("\n").toLowerCase(),
  };
}

// Open alerts by console: how many, and of which severity the worst one is.
export function countAlerts(items) {
  const counts = new Map();
  for (const { console: { id }, severity } of items) {
    const { count, worst } = counts.get(id) ?? NO_ALERTS;
    const isWorse = SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(worst);
    counts.set(id, { count: count + 1, worst: isWorse ? severity : worst });
  }
  return counts;
}

// All that is known; has the same order of calls as the answers have come.
export function makeRows() {
  const rows = new Map();
  let alerts = new Map();
  const put = (item) =>
    rows.set(item.id, rowOf({ ...item, alerts: alerts.get(item.id) ?? NO_ALERTS }));
  return {
    all: () => [...rows.values()],
    get: (id) => rows.get(id),
    size: () => rows.size,
    // A list of all: what is not in it has gone.
    replace: (items) => {
      rows.clear();
      items.forEach(put);
    },
    // An answer about some VMs: likewise.
    update: (uuids, items) => {
      for (const [id, row] of rows) if (uuids.has(row.uuid)) rows.delete(id);
      items.forEach(put);
    },
    setAlerts: (counts) => {
      alerts = counts;
      for (const row of rows.values()) row.alerts = counts.get(row.id) ?? NO_ALERTS;
    },
  };
}

const text = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const STATES = ["connected", "moving", "none"];

// Those first that people look for: active, crowded, in use.
const ORDERS = {
  name: () => 0,
  state: (a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state),
  host: (a, b) => text(orderKey(a.host ?? "~"), orderKey(b.host ?? "~")),
  alerts: (a, b) =>
    SEVERITIES.indexOf(b.alerts.worst) - SEVERITIES.indexOf(a.alerts.worst) || b.alerts.count - a.alerts.count,
  activity: (a, b) => b.at - a.at,
  line: (a, b) => text(a.last_line ?? "\uffff", b.last_line ?? "\uffff"),
  clients: (a, b) => b.clients - a.clients,
  writer: (a, b) => text(a.writer || "\uffff", b.writer || "\uffff"),
};

export const isSort = (sort) =>
  typeof sort === "string" && Object.hasOwn(ORDERS, sort.replace(/^-/, ""));

// sort: "name", "-name", ...
export function sortRows(rows, sort) {
  const order = ORDERS[sort.replace(/^-/, "")];
  const sign = sort.startsWith("-") ? -1 : 1;
  return rows.sort((a, b) =>
    sign * (order(a, b) || text(a.key, b.key) || text(a.id, b.id)));
}

// The group of each row: those whose prefix nobody shares are "". A folder is
// one, with a single VM too.
function groupsOf(rows) {
  const groups = new Map();
  for (const row of rows) {
    if (!groups.has(row.prefix)) groups.set(row.prefix, []);
    groups.get(row.prefix).push(row);
  }
  const others = groups.get("") ?? [];
  groups.delete("");
  for (const [prefix, members] of groups)
    if (members.length < 2 && members[0].known.folder === null) {
      others.push(...members);
      groups.delete(prefix);
    }
  const named = [...groups].sort(([a], [b]) => text(orderKey(a), orderKey(b)));
  return others.length ? [...named, ["", others]] : named;
}

const count = (rows, state) => rows.filter((row) => row.state === state).length;

// What is listed, one after the other: rows, and before them, where isGrouped,
// {group, members, connected, isFolded}.
export function entriesOf(rows, { test, sort, isGrouped = false, folded = new Set() }) {
  const wanted = rows.filter(test);
  if (!isGrouped) return sortRows(wanted, sort);
  return groupsOf(wanted).flatMap(([group, members]) => {
    const isFolded = folded.has(group);
    const head = { group, members: members.length, isFolded,
      connected: count(members, "connected") };
    return isFolded ? [head] : [head, ...sortRows(members, sort)];
  });
}

export const isGroup = (entry) => entry.group !== undefined;
export const entryId = (entry) => (isGroup(entry) ? `group ${entry.group}` : entry.id);

/*
 * The order of a list that is shown: entries stay where they are for so long
 * after somebody has touched the list. keep(entries, now) returns them in the
 * order in which they are shown; reset: another order was asked for.
 */
export function makePlaces(stillMs) {
  let places = new Map();
  let touchedAt = -Infinity;
  return {
    touch: (now) => {
      touchedAt = now;
    },
    reset: () => {
      places = new Map();
    },
    has: (id) => places.has(id),
    keep: (entries, now) => {
      const rank = (entry) => places.get(entryId(entry)) ?? places.size;
      const shown = now - touchedAt < stillMs && places.size > 0
        ? [...entries].sort((a, b) => rank(a) - rank(b)) : entries;
      places = new Map(shown.map((entry, i) => [entryId(entry), i]));
      return shown;
    },
  };
}

// How many consoles the entries stand for.
export const listedCount = (entries) => entries.reduce((sum, entry) =>
  sum + (isGroup(entry) ? (entry.isFolded ? entry.members : 0) : 1), 0);

// list_live.js - keeps rows as they are: loads all of them, and then what has
// changed. An event says only which VM something has happened to; what is so
// now is asked of the API, for many VMs in one request. So a thousand events a
// second are a request now and then, and nothing is counted here that could be
// counted wrongly.
//
// What no event tells (the last line, the last output, a move that has begun)
// is asked for again every few seconds, of the rows that are seen alone; and all
// is loaded again each minute, and when events are lost. Open alerts are loaded
// with all, and when there is an event of one. A page that nobody sees asks for
// nothing.

import { countAlerts } from "./list_rows.js";

const FIELDS = "id,name,state,host,clients,last_output,locked_by,typist,inventory,last_line";

const COALESCE_MS = 300;
const SEEN_MS = 3000;
const ALL_MS = 60000;
// All of it takes the server at most a twentieth of the time.
const ALL_LEAST_MS = 2000;
const ALL_SHARE = 20;
const ALERTS_MAX = 500;
const SOME_MAX = 100; // VMs in a request: their UUIDs stand in its address
const FAILED_FIRST_MS = 1000;
const FAILED_LAST_MS = 15000;

const REAL = {
  now: () => performance.now(),
  later: (f, ms) => setTimeout(f, ms),
  never: (timer) => clearTimeout(timer),
};

/*
 * rows: makeRows. get, listen: of api.js and events.js. isSeen: whether anybody
 * looks; seen: UUIDs of the rows that are seen; wantsClients: whether names of
 * clients are needed. onChange({hidden, clients}): the rows are others now.
 * Returns {wake, end}; wake: isSeen or wantsClients may have changed.
 */
export function follow({ rows, get, listen, isSeen, seen, wantsClients, onChange, time = REAL }) {
  const stale = new Set();
  const abort = new AbortController();
  let isAllDue = true;
  let areAlertsDue = true;
  let allFrom = -Infinity; // not earlier than that
  let allAt = -Infinity; // when all was loaded last
  let isBusy = false;
  let failures = 0;
  let timer = null;
  let hidden = 0;
  let clients = new Map();

  const ask = (path, query) => get(path, query, { signal: abort.signal });

  async function loadClients() {
    if (!wantsClients()) return;
    const { items } = await ask("/who", {});
    clients = new Map();
    for (const person of items)
      for (const client of person.clients) {
        const names = clients.get(client.console_id) ?? [];
        clients.set(client.console_id, [...names, person.name ?? person.address ?? ""]);
      }
  }

  // Where alerts are not told of, there are none.
  async function loadAlerts() {
    if (!areAlertsDue) return;
    areAlertsDue = false;
    try {
      const { items } = await ask("/alerts", { state: "open", limit: ALERTS_MAX });
      rows.setAlerts(countAlerts(items));
    } catch (error) {
      if (!error.status) areAlertsDue = true;
      if (!error.status || error.status === 401) throw error;
      rows.setAlerts(new Map());
    }
  }

  async function loadAll() {
    const began = time.now();
    isAllDue = false;
    areAlertsDue = true;
    stale.clear();
    try {
      const answer = await ask("/consoles", { fields: FIELDS });
      rows.replace(answer.items);
      hidden = answer.hidden;
    } catch (error) {
      isAllDue = true;
      throw error;
    }
    allAt = time.now();
    allFrom = allAt + Math.max(ALL_LEAST_MS, ALL_SHARE * (allAt - began));
  }

  async function loadSome() {
    const uuids = new Set([...stale].slice(0, SOME_MAX));
    for (const uuid of uuids) stale.delete(uuid);
    try {
      const { items } = await ask("/consoles", { fields: FIELDS, uuids: [...uuids].join(",") });
      rows.update(uuids, items);
    } catch (error) {
      isAllDue = true;
      throw error;
    }
  }

  const note = (uuid) => {
    // Which of them a comma would tell apart, nobody knows.
    if (uuid.includes(",")) isAllDue = true;
    else stale.add(uuid);
    if (stale.size > SOME_MAX) isAllDue = true;
  };

  async function load() {
    if (time.now() - allAt > ALL_MS) isAllDue = true;
    if (isAllDue && time.now() >= allFrom) await loadAll();
    else {
      if (stale.size === 0) seen().slice(0, SOME_MAX).forEach(note);
      if (stale.size > 0) await loadSome();
    }
    await loadAlerts();
    await loadClients();
  }

  async function tick() {
    timer = null;
    isBusy = true;
    try {
      await load();
      failures = 0;
      if (!abort.signal.aborted) onChange({ hidden, clients });
    } catch (error) {
      if (error.status === undefined && error.name !== "AbortError") throw error;
      failures++;
    } finally {
      isBusy = false;
      plan();
    }
  }

  function delay() {
    const backOff = Math.min(FAILED_FIRST_MS * 2 ** (failures - 1), FAILED_LAST_MS);
    if (failures > 0) return Math.max(backOff, allFrom - time.now());
    if (isAllDue) return Math.max(COALESCE_MS, Math.min(allFrom - time.now(), SEEN_MS));
    return stale.size > 0 ? COALESCE_MS : SEEN_MS;
  }

  function plan(ms = delay()) {
    if (abort.signal.aborted || isBusy || !isSeen()) return;
    time.never(timer);
    timer = time.later(tick, ms);
  }

  const endListening = listen({
    onEvent: ({ uuid, event }) => {
      if (uuid === undefined) return;
      if (event.startsWith("alert")) areAlertsDue = true;
      const isFirst = stale.size === 0 && !isAllDue;
      note(uuid);
      if (isFirst && failures === 0) plan(COALESCE_MS);
    },
    onGap: () => {
      isAllDue = true;
      if (failures === 0) plan(allAt < 0 ? 0 : delay());
    },
  });
  plan(COALESCE_MS);

  return {
    wake: () => {
      if (time.now() - allAt > SEEN_MS) isAllDue = true;
      plan(0);
    },
    end: () => {
      abort.abort();
      endListening();
      time.never(timer);
    },
  };
}

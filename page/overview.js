// overview.js - how vspcd is, and was over the last day: #/overview. For people
// who have no monitoring system.

import { alertCard } from "./alert_card.js";
import { get, request } from "./api.js";
import { fill, loadStyle, make } from "./dom.js";
import { listen } from "./events.js";
import { plot } from "./plot.js";
import { store, stored } from "./storage.js";
import { ago, errorText, numberText, sizeText } from "./words.js";

export const title = "Overview";

await loadStyle("/past.css");

const EACH_MS = 10000;
const PAUSE_MS = 1000;
const ALERTS = 5;
const REFUSED = 20;

// [series, title, kind, format]
const perSecond = (step) => (bytes) => `${sizeText(Math.round(bytes / step))}/s`;
const PLOTS = [
  ["vms", "VMs connected", "level"],
  ["clients", "Clients", "level"],
  ["moves", "Moves", "count"],
  ["moves_failed", "Failed moves", "count"],
  ["alerts", "Alerts", "count"],
  ["refused_logins", "Failed logins", "count"],
  ["refused_vms", "Refused connections of VMs", "count"],
  ["refused_clients", "Refused clients", "count"],
  ["log_gaps", "Gaps in logs", "count"],
  ["output_bytes", "Output of VMs", "level", perSecond],
  ["input_bytes", "Input to VMs", "level", perSecond],
  ["open_files", "Open files", "level"],
];
const YOUNG_MS = 15 * 60 * 1000;
const SPANS = [["60", "the last day"], ["5", "the last 15 minutes"]];

function showPlots(root, { step, from, series }) {
  const open = new Set([...root.querySelectorAll("details[open]")].map((one) => one.parentNode.dataset.name));
  const focused = document.activeElement?.closest?.("figure")?.dataset.name;
  fill(root, ...PLOTS.filter(([name]) => series[name]).map(([name, label, kind, format]) => {
    const figure = plot({ title: label, values: series[name], from, step, kind, format: format?.(step) });
    figure.dataset.name = name;
    figure.querySelector("details").open = open.has(name);
    return figure;
  }));
  if (focused) root.querySelector(`[data-name="${focused}"] summary`)?.focus();
}

const amount = (number, unit) => (unit === "bytes" ? sizeText(number) : numberText(number));

// How near a limit is, in words too.
function limitRow({ name, used, limit, unit, setting, help }) {
  const part = used / limit;
  const percent = `${Math.floor(100 * part)} %`;
  const word = part >= 1 ? ["bad", "reached"] : part >= 0.8 ? ["doubt", `${percent}, near`] : ["faint", percent];
  return make("tr", {},
    make("th", { scope: "row", title: help }, name),
    make("td", { "data-label": "Used" }, make("meter", { min: 0, max: limit, high: limit * 0.8, value: used,
      "aria-label": `${name}: ${amount(used, unit)} of ${amount(limit, unit)}` })),
    make("td", { "data-label": "Used", class: "number" }, `${amount(used, unit)} of ${amount(limit, unit)}`),
    make("td", { "data-label": "", class: word[0] }, word[1]),
    make("td", { "data-label": "Setting", class: "faint" }, setting ?? "the system's"));
}

const showLimits = (root, { items }) => fill(root, make("table", { class: "cards" },
  make("caption", { class: "spoken" }, "Limits"),
  make("tbody", {}, ...items.filter(({ used, limit }) => used !== null && limit !== null).map(limitRow))));

// What is not well, in words; nothing, if all is.
function troubles({ health, log_missing_bytes: missing }) {
  const said = Object.entries({ state: "The state file cannot be written.",
    audit: "The audit log cannot be written.", logs: "Console logs cannot be written.",
    inventory: "The inventory cannot be read." })
    .filter(([name]) => health[name] === "failing").map(([, text]) => text);
  if (health.ready !== "ok") said.push(health.ready);
  if (missing > 0) said.push(`${sizeText(missing)} are missing in console logs.`);
  return said;
}

function showStatus(root, status) {
  const { consoles, clients, moves, version, started } = status;
  const bad = troubles(status);
  const fact = (label, ...value) => make("div", {}, make("dt", {}, label), make("dd", {}, ...value));
  fill(root,
    bad.length > 0 ? make("ul", { class: "troubles bad" }, ...bad.map((text) => make("li", {}, text))) : null,
    make("dl", { class: "facts" },
      fact("VMs connected", numberText(consoles.connected), make("span", { class: "faint" }, ` of ${numberText(consoles.total)}`)),
      fact("Moving now", moves.under_way),
      fact("Clients", numberText(clients)),
      fact("Moves", numberText(moves.completed), make("span", { class: "faint" }, `, ${numberText(moves.failed)} failed`)),
      fact("Started", ago(started)),
      fact("vspcd", version)));
}

// Audit events of refusals, for administrators: who was it?
const isRefusal = ({ audit }) => /^login failed|\brefused\b/.test(audit?.message ?? "");

function showRefusals(root, events) {
  if (events.length === 0) return fill(root, make("p", { class: "faint" }, "None that is still known."));
  fill(root, make("table", { class: "cards" }, make("caption", { class: "spoken" }, "Refused"),
    make("tbody", {}, ...events.map(({ audit }) => make("tr", {},
      make("td", { class: "nowrap" }, ago(audit.time)), make("td", {}, audit.message),
      make("td", { class: "name mono" }, audit.peer ?? ""),
      make("td", { class: "name" }, audit.console ?? audit.principal ?? ""))))));
}

export function show(root, { person }) {
  let isOver = false;
  let timer = null;
  let alarm = null;
  const isAdmin = person?.right === "admin";
  let chosen = stored("overview.step", null, (value) => SPANS.some(([step]) => step === value));
  const span = make("select", { "aria-label": "Time", onchange: () => {
    chosen = span.value;
    store("overview.step", chosen);
    refresh();
  } }, ...SPANS.map(([value, label]) => make("option", { value, selected: value === chosen }, label)));
  const status = make("div");
  const alerts = make("ol", { class: "alerts", "aria-label": "Open alerts" });
  const plots = make("div", { class: "plots" });
  const limits = make("div");
  const refusals = make("div");
  const note = make("p", { class: "bad", role: "alert", hidden: true });

  async function part(path, query, draw) {
    const said = await get(path, query);
    if (!isOver) draw(said);
  }

  // Of a vspcd that is young the last day has nothing to show.
  function choose({ started }) {
    span.value = chosen ?? (Date.now() - Date.parse(started) < YOUNG_MS ? "5" : "60");
  }

  async function refresh() {
    clearTimeout(timer);
    try {
      await part("/status", {}, (said) => {
        showStatus(status, said);
        choose(said);
      });
      await Promise.all([
        part("/series", { step: span.value }, (said) => showPlots(plots, said)),
        part("/limits", {}, (said) => showLimits(limits, said)),
      ]);
      note.hidden = true;
    } catch (error) {
      if (!isOver) {
        fill(note, errorText(error));
        note.hidden = false;
      }
    }
    if (!isOver) timer = setTimeout(refresh, document.hidden ? 6 * EACH_MS : EACH_MS);
  }

  async function refreshAlerts() {
    alarm = null;
    try {
      await part("/alerts", { state: "open", limit: ALERTS }, ({ items, total }) => fill(alerts,
        ...items.map((alert) => alertCard(alert)),
        total > items.length ? make("li", {}, make("a", { href: "#/alerts" }, `All ${total} open alerts`)) : null,
        total === 0 ? make("li", { class: "faint" }, "No alert is open.") : null));
    } catch { /* where there are none, none is shown */ }
  }

  const endEvents = listen({
    onGap: refreshAlerts,
    onEvent: ({ event }) => {
      if (event.startsWith("alert")) alarm ??= setTimeout(refreshAlerts, PAUSE_MS);
    },
  });

  // What is still known of refusals; it is asked for once.
  async function readRefusals() {
    const response = await request("GET", "/events",
      { query: { audit: true, kind: "audit", after: 0, follow: false }, quiet: true });
    const lines = (await response.text()).split("\n").filter((line) => line.startsWith("data: "));
    const refused = lines.map((line) => JSON.parse(line.slice(6))).filter(isRefusal);
    if (!isOver) showRefusals(refusals, refused.slice(-REFUSED).reverse());
  }

  fill(root,
    make("div", { class: "log-head" }, make("h1", { tabindex: -1 }, title), span), note,
    status, make("h2", {}, "Open alerts"), alerts,
    make("h2", {}, "Over time"), plots,
    make("h2", {}, "Limits"), limits,
    isAdmin ? make("h2", {}, "Refused lately") : null, isAdmin ? refusals : null);
  refresh();
  if (isAdmin) readRefusals().catch(() => {});
  return () => {
    isOver = true;
    clearTimeout(timer);
    clearTimeout(alarm);
    endEvents();
  };
}

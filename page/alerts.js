// alerts.js - what was found in the output of consoles: the alerts, what is
// muted, and the rules. #/alerts

import { alertCard, severity } from "./alert_card.js";
import { acknowledge, mute } from "./alerts_dialogs.js";
import { get, patternOf, remove } from "./api.js";
import { fill, loadStyle, make, say, sayError } from "./dom.js";
import { listen } from "./events.js";
import { store, stored } from "./storage.js";
import { dateText, errorText } from "./words.js";

export const title = "Alerts";

await loadStyle("/past.css");

const PAGE = 50;
const PAUSE_MS = 500;
const STATES = [["open", "open"], ["acknowledged", "acknowledged"], ["all", "all"]];

const table = (caption, heads, rows) => make("table", { class: "cards" },
  make("caption", { class: "spoken" }, caption),
  make("thead", {}, make("tr", {}, ...heads.map((label) => make(label ? "th" : "td",
    label ? { scope: "col" } : {}, label)))),
  make("tbody", {}, ...rows));

const cell = (label, ...children) => make("td", { "data-label": label }, ...children);

function mutesTable(mutes, refresh) {
  const end = async ({ id }) => {
    try {
      await remove(`/alerts/mutes/${id}`);
      say("It is told of again.");
    } catch (error) {
      sayError(error);
    }
    refresh();
  };
  return table("What is muted", ["Consoles", "Rules", "Until", "By", "Reason", "Muted", ""],
    mutes.map((one) => make("tr", {},
      cell("Consoles", one.match ?? "all"), cell("Rules", one.rule ?? "all"),
      cell("Until", dateText(one.until)), cell("By", one.by ?? ""), cell("Reason", one.reason ?? ""),
      cell("Muted", String(one.count)),
      make("td", { class: "acts" }, make("button", { class: "quiet", onclick: () => end(one),
        "aria-label": `End the mute of ${one.match ?? "all consoles"}, ${one.rule ?? "all rules"}` }, "End")))));
}

const lookedFor = (rule) => rule.pattern ??
  (rule.after_silence > 0 ? `nothing for ${rule.after_silence} s`
    : rule.flood > 0 ? `${rule.flood} bytes a second` : "");

const rulesTable = (rules) => table("Rules",
  ["Rule", "Severity", "Looks for", "Consoles", "Found", "Left out"],
  rules.map((rule) => make("tr", {},
    cell("Rule", rule.name, rule.set ? make("span", { class: "faint" }, ` ${rule.set}`) : null),
    cell("Severity", severity(rule.severity)),
    make("td", { "data-label": "Looks for", class: "mono pattern" }, lookedFor(rule)),
    make("td", { "data-label": "Consoles", class: "name" }, rule.consoles.join(", ") || "all"),
    make("td", { "data-label": "Found", class: "number" }, String(rule.found)),
    make("td", { "data-label": "Left out", class: "number" }, String(rule.left_out)))));

export function show(root) {
  let turn = 0;
  let timer = null;
  let shown = PAGE;
  const list = make("ol", { class: "alerts", "aria-label": "Alerts" });
  const note = make("p", { class: "faint", role: "status" });
  const more = make("button", { hidden: true, onclick: () => { shown += PAGE; refresh(); } }, "More");
  const mutes = make("div");
  const rules = make("div");
  const chosen = stored("alerts.state", "open", (value) => STATES.some(([name]) => name === value));
  const state = make("select", { "aria-label": "State", onchange: () => {
    store("alerts.state", state.value);
    begin();
  } }, ...STATES.map(([value, label]) => make("option", { value, selected: value === chosen }, label)));
  const match = make("input", { type: "search", name: "match", placeholder: "Console, such as web-*",
    "aria-label": "Consoles", oninput: soon });
  const rule = make("input", { type: "search", name: "rule", placeholder: "Rule", "aria-label": "Rules",
    oninput: soon });
  const acts = {
    acknowledge: async (alert) => { if (await acknowledge(alert)) refresh(); },
    mute: async ({ console, rule: name }) => { if (await mute({ match: console.name, rule: name })) refresh(); },
  };

  // An open card stays open, and who is in it stays there.
  function drawList(items) {
    const open = new Set([...list.querySelectorAll("details[open]")]
      .map((details) => details.closest("li").dataset.id));
    const focused = list.contains(document.activeElement)
      ? [document.activeElement.closest("li").dataset.id, document.activeElement.getAttribute("aria-label")] : null;
    fill(list, ...items.map((alert) => alertCard(alert, acts)));
    for (const card of list.children) {
      if (open.has(card.dataset.id)) card.querySelector("details")?.setAttribute("open", "");
      if (focused && card.dataset.id === focused[0])
        [...card.querySelectorAll("a, button, summary")]
          .find((one) => one.getAttribute("aria-label") === focused[1])?.focus();
    }
  }

  // Those who may read no rules or mutes are shown none.
  async function optional(path, draw) {
    try {
      draw(await get(path, {}, { quiet: true }));
    } catch (error) {
      if (error.status !== 401 && error.status !== 403) throw error;
    }
  }

  async function refresh() {
    const mine = ++turn;
    try {
      const { items, total, hidden } = await get("/alerts", { state: state.value,
        match: patternOf(match.value.trim()), rule: patternOf(rule.value.trim()), limit: shown });
      if (mine !== turn) return;
      drawList(items);
      more.hidden = items.length >= total;
      fill(note, total === 0 ? (state.value === "open" ? "No alert is open." : "There are none.")
        : `${items.length} of ${total}`, hidden > 0 ? `; ${hidden} of consoles that you may not read` : "");
      await optional("/alerts/mutes", (found) => mine === turn &&
        fill(mutes, found.items.length > 0 ? mutesTable(found.items, refresh)
          : make("p", { class: "faint" }, "Nothing is muted.")));
      await optional("/alerts/rules", (found) => mine === turn &&
        fill(rules, found.items.length > 0 ? rulesTable(found.items)
          : make("p", { class: "faint" }, "There are no rules: nothing is looked for. The setting “alerts” has ready-made ones.")));
    } catch (error) {
      if (mine === turn) fill(note, errorText(error));
    }
  }
  function soon() {
    timer ??= setTimeout(() => { timer = null; refresh(); }, PAUSE_MS);
  }
  function begin() {
    shown = PAGE;
    refresh();
  }

  fill(root,
    make("div", { class: "log-head" }, make("h1", { tabindex: -1 }, title),
      make("button", { onclick: async () => { if (await mute()) refresh(); } }, "Mute…")),
    make("form", { class: "tools", role: "search", onsubmit: (event) => { event.preventDefault(); begin(); } },
      state, match, rule),
    list, make("div", { class: "tools" }, note, more),
    make("h2", {}, "Muted"), mutes,
    make("details", { class: "rules" }, make("summary", {}, make("h2", {}, "Rules")), rules));
  const endEvents = listen({
    onGap: refresh,
    onEvent: ({ event }) => { if (event.startsWith("alert")) soon(); },
  });
  refresh();
  return () => {
    turn++;
    clearTimeout(timer);
    endEvents();
  };
}

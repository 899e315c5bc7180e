// console.js - the view of consoles: one, or several in tabs or as tiles. The
// address has which: #/console/ID/ID...?tiles=1. With window=1 it is a window
// of its own, without the page's frame.

import { consoleAddress, logAddress } from "./addresses.js";
import { get } from "./api.js";
import { ask, fill, loadStyle, make, say } from "./dom.js";
import { makePane } from "./console_pane.js";
import { setTitle } from "./frame.js";
import { makeAddressKeeper } from "./keep_address.js";
import { useKeys } from "./keys.js";

export const title = "Console";

await Promise.all(["/vendor/xterm.css", "/console.css"].map(loadStyle));

const MOST = 16; // consoles at once
const FOUND_MOST = 30;
const HANDOVER = "vspcd.handover";

// What the window that has opened this one has left for this console.
function takeHandover(id) {
  try {
    const left = JSON.parse(sessionStorage.getItem(HANDOVER));
    sessionStorage.removeItem(HANDOVER);
    return left?.id === id ? left : {};
  } catch {
    return {};
  }
}

// A window copies what its opener has in sessionStorage.
async function openOwnWindow(pane) {
  const left = { id: pane.id, ...await pane.handover() };
  try {
    sessionStorage.setItem(HANDOVER, JSON.stringify(left));
  } catch { /* without: it begins anew */ }
  const { width, height } = pane.element.getBoundingClientRect();
  const opened = window.open(`${consoleAddress(pane.id)}?window=1`, "_blank",
    `popup,width=${Math.round(width)},height=${Math.round(height)}`);
  sessionStorage.removeItem(HANDOVER);
  if (!opened) say("The browser opens no window: allow it for this page.", "error");
}

// Resolves to the id of a console that a person has chosen, or null.
async function askConsole() {
  const list = make("ul", { class: "pick-list" });
  const input = make("input", { type: "search", "aria-label": "Name", placeholder: "Name", autofocus: true });
  let chosen = null;
  let turn = 0;
  async function look() {
    const mine = ++turn;
    try {
      const { items } = await get("/consoles", {
        search: input.value.trim(), limit: FOUND_MOST, fields: "id,name,state" });
      if (mine !== turn) return;
      fill(list, ...items.map((c) => make("li", {}, make("button", { value: "go", class: "quiet cut",
        onclick: () => {
          chosen = c.id;
        } }, c.name))));
    } catch (error) {
      if (mine === turn) fill(list, make("li", { class: "bad" }, error.message));
    }
  }
  input.addEventListener("input", look);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    list.querySelector("button")?.click();
  });
  look();
  await ask("Open another console", make("div", {}, input, list), [["", "Cancel"]]);
  return chosen;
}

// Those that a terminal leaves to the page.
const KEYS = [
  ["Ctrl+Shift+C", "Copies what is selected", null],
  ["Ctrl+Shift+V", "Pastes, and asks before where that could run something", null],
  ["Ctrl+Shift+F", "Finds on the screen", null],
  ["Shift+PageUp", "Back in what was printed; at its top, Enter shows what the log has from before", null],
  ["Ctrl+Shift+X", "Leaves the terminal, for its buttons", null],
  ["Ctrl+Shift+←", "The console to the left", null],
  ["Ctrl+Shift+→", "The console to the right", null],
];

const isEditing = (element) => element?.closest?.("input, select, dialog") !== null;

// The place of an alert is one in the log.
function showPlace(id, place) {
  location.replace(logAddress(id, place));
}

export function show(root, { path, query }) {
  if (query.at && path.length > 0) return showPlace(path[0], query.at);
  const isOwnWindow = query.window === "1";
  let isTiled = query.tiles === "1";
  const keepAddress = makeAddressKeeper();
  let panes = [];
  let active = null;
  const tabs = make("div", { class: "tabs", role: "tablist", "aria-label": "Consoles" });
  const tile = make("button", { "aria-pressed": String(isTiled), onclick: () => setTiled(!isTiled) }, "Tiles");
  const bar = make("div", { class: "tab-bar", hidden: isOwnWindow }, tabs,
    make("button", { onclick: add, "aria-label": "Open another console" }, "+"), tile);
  const place = make("div", { class: "panes" });
  document.body.classList.toggle("is-own-window", isOwnWindow);
  root.classList.add("is-console");
  fill(root, make("h1", { class: "spoken" }, title), bar, place);

  const frame = {
    changed: (pane) => pane && drawTab(pane),
    rang: (pane) => pane !== active && panes.length > 1 && tabOf(pane)?.classList.add("has-rung"),
    key,
    ownWindow: isOwnWindow ? null : openOwnWindow,
    close: isOwnWindow ? () => window.close() : close,
  };

  // ---- tabs ----------------------------------------------------------------

  const tabOf = (pane) => tabs.children[panes.indexOf(pane)];
  const nameOf = (pane) => pane.status().name ?? pane.id;

  function drawTab(pane) {
    const tab = tabOf(pane);
    if (!tab) return;
    const sign = pane.element.querySelector(".badge").firstChild?.textContent ?? "";
    fill(tab, make("span", { "aria-hidden": "true" }, sign), make("bdi", {}, nameOf(pane)));
    tab.setAttribute("aria-selected", String(pane === active));
    tab.tabIndex = pane === active ? 0 : -1;
    if (pane === active) setTitle(nameOf(pane).slice(0, 200));
  }

  function draw() {
    fill(tabs, ...panes.map((pane) => make("button", {
      role: "tab", class: "tab cut", onclick: () => choose(pane),
      onauxclick: (event) => event.button === 1 && close(pane),
    })));
    panes.forEach((pane) => {
      drawTab(pane);
      pane.element.hidden = !isTiled && pane !== active;
      pane.element.classList.toggle("is-active", isTiled && pane === active);
    });
    tile.disabled = panes.length < 2;
    place.classList.toggle("are-tiles", isTiled);
    place.style.setProperty("--columns", Math.ceil(Math.sqrt(panes.length)));
    const rest = [isTiled && "tiles=1", isOwnWindow && "window=1"].filter(Boolean).join("&");
    keepAddress(`#/console/${panes.map((pane) => encodeURIComponent(pane.id)).join("/")}` +
      (rest ? `?${rest}` : ""));
  }

  function choose(pane) {
    active = pane;
    draw();
    tabOf(pane).classList.remove("has-rung");
    pane.layOut();
    if (!isEditing(document.activeElement)) pane.focus();
  }

  function setTiled(is) {
    isTiled = is;
    tile.setAttribute("aria-pressed", String(is));
    draw();
    panes.forEach((pane) => pane.layOut());
  }

  function open(id) {
    const known = panes.find((pane) => pane.id === id);
    if (known) return known;
    if (panes.length >= MOST) {
      say(`${MOST} consoles are open: close some.`, "error");
      return active;
    }
    const pane = makePane(id, frame, isOwnWindow ? takeHandover(id) : {});
    pane.element.addEventListener("focusin", () => {
      if (pane === active || !panes.includes(pane)) return;
      active = pane;
      panes.forEach((one) => {
        drawTab(one);
        one.element.classList.toggle("is-active", isTiled && one === active);
      });
    });
    panes.push(pane);
    place.append(pane.element);
    return pane;
  }

  async function add() {
    const id = await askConsole();
    if (id) choose(open(id));
  }

  function close(pane) {
    const at = panes.indexOf(pane);
    pane.end();
    pane.element.remove();
    panes = panes.filter((one) => one !== pane);
    if (panes.length === 0) location.hash = "#/";
    else choose(pane === active ? panes[Math.min(at, panes.length - 1)] : active);
  }

  function step(by) {
    if (panes.length > 1) choose(panes[(panes.indexOf(active) + by + panes.length) % panes.length]);
    active.focus();
  }

  // Of a terminal, too: these are not sent to the VM.
  function key(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.code];
    if (!event.ctrlKey || !event.shiftKey || event.altKey || !by || panes.length < 2) return false;
    if (event.type === "keydown") {
      event.preventDefault();
      step(by);
    }
    return true;
  }

  tabs.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    choose(panes[(panes.indexOf(active) + by + panes.length) % panes.length]);
    tabOf(active).focus();
  });

  const endKeys = useKeys(KEYS);
  for (const id of [...new Set(path)].slice(0, MOST)) open(id);
  if (panes.length > 0) choose(panes[0]);
  else fill(root, make("p", { class: "empty" }, "No console is named here. ", make("a", { href: "#/" }, "All consoles")));

  return () => {
    endKeys();
    for (const pane of panes) pane.end();
    panes = [];
    root.classList.remove("is-console");
    document.body.classList.remove("is-own-window");
  };
}

// app.js - which view is shown for the address behind "#", and who is logged in.
// A view is a module with
//
//     export const title = "Consoles";
//     export function show(root, {path, query, person}) { ...; return () => {...}; }
//
// show fills root, and returns what ends it. Views are loaded when they are
// first shown. What stands around them is frame.js's.

import { watchCount } from "./alerts_count.js";
import { get, post, whenLoginIsNeeded, whenReached } from "./api.js";
import { closeDialogs, fill, make, sayError } from "./dom.js";
import { listen } from "./events.js";
import { setCount, setReached, setTitle, showPerson, showPlaces } from "./frame.js";
import { showKeys, useKeys } from "./keys.js";
import "./theme.js";
import "./wake.js";

// Address -> module; what is behind a "*" is path[0] of the view.
const VIEWS = [
  ["", "./list.js"],
  ["alerts", "./alerts.js"],
  ["console", "./console.js"],
  ["log", "./log.js"],
  ["overview", "./overview.js"],
  ["recording", "./recording.js"],
  ["recordings", "./recordings.js"],
  ["login", "./login.js"],
];

// What stands in the bar: [address, label].
const PLACES = [
  ["#/", "Consoles"],
  ["#/overview", "Overview"],
  ["#/alerts", "Alerts"],
  ["#/recordings", "Recordings"],
];

const KEYS = [
  ["?", "This list of keys", showKeys],
  ["g h", "To the consoles", () => go("#/")],
  ["g a", "To the alerts", () => go("#/alerts")],
  ["g o", "To the overview", () => go("#/overview")],
];

let person = null; // of whoami
let end = () => {};
let turn = 0;

function go(address) {
  location.hash = address;
}

const decoded = (part) => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

// "#/console/ID?at=PLACE" as {path: ["console", "ID"], query}.
export function parseAddress(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return {
    path: path.split("/").filter((part) => part !== "").map(decoded),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

// The module of an address, and what is behind its name.
export function findView({ path }, views = VIEWS) {
  const name = path[0] ?? "";
  const found = views.find(([first]) => first === name);
  return found ? { module: found[1], rest: path.slice(1) } : null;
}

/* ---- views ---------------------------------------------------------------- */

function showNothing(root) {
  setTitle("Not here");
  fill(root, make("h1", { tabindex: -1 }, "There is nothing at this address"),
    make("p", {}, make("a", { href: "#/" }, "All consoles")));
}

// A view whose file cannot be had now: vspcd is away, or is another version.
function showUnloaded(root) {
  setTitle("Not loaded");
  fill(root, make("h1", { tabindex: -1 }, "This view could not be loaded"),
    make("button", { onclick: () => location.reload() }, "Try again"));
}

const load = (module) => import(module).catch(() => null);

async function show({ isFirst = false } = {}) {
  const mine = ++turn;
  const root = document.getElementById("main");
  const { hash } = location;
  const address = parseAddress(hash);
  const view = findView(address);
  closeDialogs();
  end();
  end = () => {};
  showPlaces(PLACES);
  const module = view ? await load(view.module) : null;
  if (mine !== turn || location.hash !== hash) return; // somebody was faster
  fill(root);
  if (!view) showNothing(root);
  else if (!module) showUnloaded(root);
  else {
    setTitle(module.title);
    end = module.show(root, { path: view.rest, query: address.query, person, loggedIn }) ?? (() => {});
  }
  // Whoever hears the page hears where he is; a field that has the focus keeps
  // it.
  const at = document.activeElement;
  if (!isFirst && (at === root || !root.contains(at)))
    (root.querySelector("h1[tabindex]") ?? root).focus();
}

/* ---- who ------------------------------------------------------------------ */

const isAtLogin = () => parseAddress(location.hash).path[0] === "login";

function toLogin(why = "") {
  if (isAtLogin()) return;
  const back = location.hash || "#/";
  location.replace(`#/login?${new URLSearchParams({ back, ...(why ? { why } : {}) })}`);
}

// What was open for somebody else, or was refused, is opened anew.
function loggedIn(who, back) {
  setPerson(who);
  dispatchEvent(new Event("woken"));
  location.replace(back);
}

async function logOut() {
  try {
    await post("/logout", {}, { quiet: true });
  } catch (error) {
    sayError(error);
    return;
  }
  // All that was loaded goes with the page.
  location.replace("#/login");
  location.reload();
}

// The sheet may be open, so it is made anew only if it is another one.
function setPerson(who) {
  const shown = (one) => one && [one.name, one.peer, one.proof, one.right, one.session?.id].join("\n");
  const isSame = shown(who) === shown(person);
  person = who;
  if (isSame) return;
  showPerson(person, {
    logIn: who.session ? null : () => toLogin(),
    logOut: who.session ? logOut : null,
  });
}

// Who the page is to vspcd now. Whoever may nothing, and could log in, does.
async function askWho() {
  try {
    const { who, can_gain: canGain } = await get("/login", {}, { quiet: true });
    const hadSession = person?.session;
    setPerson(who);
    if (hadSession && !who.session) toLogin("ended");
    else if (who.name === null && who.right === "none" && canGain) toLogin();
  } catch (error) {
    if (error.status === 401) toLogin("ended");
    else if (error.status !== 0) sayError(error);
  }
}

async function start() {
  await askWho();
  useKeys(KEYS);
  addEventListener("hashchange", () => show());
  // A connection that was cut may be a session that has ended.
  listen({ onLost: askWho });
  watchCount(setCount);
  await show({ isFirst: true });
}

whenLoginIsNeeded(() => toLogin(person?.session ? "ended" : ""));
whenReached(setReached);
start();

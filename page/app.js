// app.js - the page's frame: which view is shown for the address behind "#",
// and who is logged in. A view is a module with
//
//     export const title = "Consoles";
//     export function show(root, {path, query, person}) { ...; return () => {...}; }
//
// show fills root, and returns what ends it. Views are loaded when they are
// first shown.

import { get, whenLoginIsNeeded } from "./api.js";
import { fill, make, say } from "./dom.js";

// Address -> module; what is behind a "*" is path[0] of the view.
const VIEWS = [
  ["", "./list.js"],
  ["log", "./log.js"],
];

// What stands in the bar: [address, label].
const PLACES = [
  ["#/", "Consoles"],
];

let person = null;
let end = () => {};
let turn = 0;

// "#/console/ID?at=PLACE" as {path: ["console", "ID"], query}.
export function parseAddress(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return {
    path: path.split("/").filter((part) => part !== "").map(decodeURIComponent),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

// The module of an address, and what is behind its name.
export function findView({ path }, views = VIEWS) {
  const name = path[0] ?? "";
  const found = views.find(([first]) => first === name);
  return found ? { module: found[1], rest: path.slice(1) } : null;
}

function showPlaces() {
  fill(document.getElementById("places"), ...PLACES.map(([address, label]) =>
    make("a", {
      href: address,
      "aria-current": (location.hash || "#/") === address ? "page" : null,
    }, label)));
}

function showPerson() {
  fill(document.getElementById("person"), person ? person.name ?? person.peer : "");
}

async function show() {
  const mine = ++turn;
  const root = document.getElementById("main");
  const address = parseAddress(location.hash);
  const view = findView(address);
  end();
  end = () => {};
  showPlaces();
  if (!view) {
    fill(root, make("p", { class: "empty" }, "There is nothing at this address. ",
      make("a", { href: "#/" }, "All consoles")));
    return;
  }
  const module = await import(view.module);
  if (mine !== turn) return; // somebody was faster
  fill(root);
  document.title = `${module.title} – vspcd`;
  end = module.show(root, { path: view.rest, query: address.query, person }) ?? (() => {});
}

async function start() {
  try {
    person = await get("/whoami", {}, { quiet: true });
  } catch (error) {
    say(error.message, "error");
  }
  showPerson();
  addEventListener("hashchange", show);
  await show();
}

whenLoginIsNeeded((error) => say(error.message, "error"));
start();

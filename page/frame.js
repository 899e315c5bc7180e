// frame.js - what stands around every view: the bar with its places, the person
// and what he may choose, the title of the window, and the word that vspcd
// cannot be reached.

import { get } from "./api.js";
import { fill, make } from "./dom.js";
import { showKeys } from "./keys.js";
import { THEMES, setTheme, theme } from "./theme.js";

const place = (id) => document.getElementById(id);

/* ---- title ---------------------------------------------------------------- */

let shownTitle = "vspcd";
let count = 0;

function putTitle() {
  document.title = `${count > 0 ? `(${count}) ` : ""}${shownTitle}`;
}

export function setTitle(text) {
  shownTitle = `${text} – vspcd`;
  putTitle();
}

// How many alerts are open: in front of the title, and at their place in the
// bar.
export function setCount(number) {
  count = number;
  putTitle();
  putCount();
}

function putCount() {
  const at = place("places").querySelector('a[href="#/alerts"]');
  at?.querySelector(".count")?.remove();
  if (count > 0)
    at?.append(make("span", { class: "count" }, count, make("span", { class: "spoken" }, " open")));
}

/* ---- places --------------------------------------------------------------- */

const isHere = (address) => {
  const first = (hash) => (hash || "#/").replace(/^#\/?/, "").split(/[/?]/, 1)[0];
  return first(address) === first(location.hash);
};

// [[address, label], ...]
export function showPlaces(places) {
  fill(place("places"), ...places.map(([address, label]) =>
    make("a", { href: address, "aria-current": isHere(address) ? "page" : null }, label)));
  putCount();
  setMenu(false);
}

// On a phone the places are behind a button.
function setMenu(isOpen) {
  place("bar").classList.toggle("open", isOpen);
  place("menu").setAttribute("aria-expanded", String(isOpen));
}

/* ---- the person ----------------------------------------------------------- */

const PROOFS = {
  address: "by the address alone",
  certificate: "by a certificate",
  password: "by a password",
  token: "by an access token",
  uid: "by the account on vspcd's machine",
  proxy: "by the word of a proxy",
  ssh: "by an ssh key",
};

function themeChoice() {
  const one = (name) => make("label", {},
    make("input", { type: "radio", name: "theme", value: name, checked: name === theme(),
      onchange: () => setTheme(name) }), name[0].toUpperCase() + name.slice(1));
  return make("fieldset", {}, make("legend", {}, "Colours"), ...THEMES.map(one));
}

const LOOPBACK = /^(127\.|\[?::1\b)/;

// What stands for a name; of whom only the address is known, for that and what
// it may do.
function nameOf({ name, peer, right }) {
  if (name) return name;
  if (right === "none") return "Not logged in";
  const from = !peer || LOOPBACK.test(peer) ? "This machine" : "This address";
  return `${from} (${right})`;
}

// person: of whoami. logIn, logOut: null where there is nothing to log in to, or
// out of.
export function showPerson(person, { logIn, logOut }) {
  const name = nameOf(person);
  const isSomebody = person.name || person.right !== "none";
  const sheet = make("div", { id: "sheet", popover: "", class: "sheet" },
    make("p", {}, make("strong", {}, name),
      make("span", { class: "faint" }, isSomebody ? ` ${PROOFS[person.proof] ?? person.proof}` : null),
      make("span", { class: "faint block" }, `From ${person.peer ?? "this machine"}`),
      make("span", { class: "faint block" }, `Right on the server: ${person.right}`)),
    themeChoice(),
    make("div", { class: "buttons" },
      make("button", { onclick: () => { sheet.hidePopover(); showKeys(); } }, "Keys"),
      logIn ? make("button", { onclick: () => { sheet.hidePopover(); logIn(); } }, "Log in") : null,
      logOut ? make("button", { onclick: logOut }, "Log out") : null));
  fill(place("person"),
    make("button", { class: "quiet", popovertarget: "sheet" },
      make("span", { class: "name" }, name), " ", make("span", { "aria-hidden": "true" }, "▾")),
    sheet);
}

/* ---- reached -------------------------------------------------------------- */

const TRY_FIRST_MS = 1000;
const TRY_LAST_MS = 10000;

let timer = null;
let wait = TRY_FIRST_MS;

const tryAgain = () => get("/version", {}, { quiet: true }).catch(() => {});

// The word comes with the first request that fails, and goes with the first one
// that is answered.
export function setReached(isReached) {
  const banner = place("unreached");
  clearTimeout(timer);
  timer = null;
  if (isReached) {
    wait = TRY_FIRST_MS;
    if (banner.childElementCount > 0) fill(banner);
    return;
  }
  if (banner.childElementCount === 0)
    fill(banner, make("span", {}, make("strong", {}, "vspcd cannot be reached."),
      " What is shown may be old. It is tried again by itself."),
    make("button", { onclick: tryAgain }, "Try now"));
  timer = setTimeout(tryAgain, wait);
  wait = Math.min(2 * wait, TRY_LAST_MS);
}

place("menu").addEventListener("click", () => setMenu(!place("bar").classList.contains("open")));
// Its address would be taken for a view's.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  place("main").focus();
});

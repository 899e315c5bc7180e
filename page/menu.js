// menu.js - a button with a list of what can be done.

import { fill, make } from "./dom.js";

function itemElement(item, close) {
  if (item.heading) return make("div", { class: "menu-heading", role: "presentation" }, item.heading);
  const isChoice = item.checked !== undefined;
  return make("button", {
    type: "button", role: isChoice ? "menuitemcheckbox" : "menuitem", tabindex: "-1",
    class: item.isDangerous ? "danger-item" : "", disabled: Boolean(item.disabled),
    "aria-checked": isChoice ? String(Boolean(item.checked)) : null,
    title: item.hint ?? null,
    onclick: () => {
      close();
      item.run();
    },
  }, make("span", { class: "menu-sign", "aria-hidden": "true" }, item.checked ? "✓" : ""),
  make("span", { class: "menu-label" }, item.label),
  item.key ? make("kbd", {}, item.key) : null);
}

// items: a function, called when the list is opened; each item is {label, run,
// key, hint, checked, disabled, isDangerous} or {heading}.
export function makeMenu(label, items, { name = null } = {}) {
  const list = make("div", { class: "menu-list", role: "menu", "aria-label": name ?? label, hidden: true });
  const button = make("button", {
    type: "button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": name,
    onclick: () => (list.hidden ? open() : close()),
  }, label);
  const element = make("div", { class: "menu" }, button, list);

  function outside(event) {
    if (!element.contains(event.target)) close(false);
  }

  function close(givesFocus = true) {
    if (list.hidden) return;
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    if (givesFocus) button.focus();
  }

  function open() {
    fill(list, ...items().map((item) => itemElement(item, close)));
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    const { left, width } = list.getBoundingClientRect();
    list.style.translate = `${Math.min(0, innerWidth - 8 - left - width)}px 0`;
    document.addEventListener("pointerdown", outside, true);
    list.querySelector("button:not(:disabled)")?.focus();
  }

  function move(event) {
    const all = [...list.querySelectorAll("button:not(:disabled)")];
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Escape") close();
    else if (event.key === "Tab") close(false);
    else if (to !== undefined) all[(to + all.length) % all.length]?.focus();
    if (to !== undefined || event.key === "Escape") event.preventDefault();
  }
  list.addEventListener("keydown", move);
  list.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !element.contains(relatedTarget)) close(false);
  });

  return { element, button, close: () => close(false), setLabel: (text) => fill(button, text) };
}

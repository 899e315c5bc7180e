// dom.js - elements, made of names, attributes and texts. A text stays a text:
// nothing that a VM or a person has named is ever parsed as markup.

import { errorText } from "./words.js";

// make("button", {class: "quiet", onclick: f, disabled: true}, "Send", ...).
// Children are elements, texts, numbers, or null for nothing.
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(key, value);
  }
  fill(element, ...children);
  return element;
}

// Puts these children in the place of those that an element has.
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((c) => c !== null && c !== undefined)
    .map((c) => (c instanceof Node ? c : document.createTextNode(String(c)))));
  return element;
}

// Tells everybody, those with a screen reader too, what has happened. An error
// stays until it is clicked away.
export function say(text, kind = "done") {
  const place = document.getElementById("said");
  const note = make("div", { class: `note ${kind}` }, text,
    make("button", { class: "quiet", "aria-label": "Close this message",
      onclick: () => note.remove() }, "×"));
  place.append(note);
  while (place.childElementCount > 4) place.firstElementChild.remove();
  if (kind !== "error") setTimeout(() => note.remove(), 6000);
}

export const sayError = (error) => say(errorText(error), "error");

// A dialog that is waited for: resolves to the value of the button that was
// pressed, or to null where it was left. Buttons: [value, label, class]. Where
// one of them is dangerous, the focus is at the last, which does nothing.
export function ask(title, body, buttons) {
  const isDangerous = buttons.some(([, , kind]) => kind === "danger");
  return new Promise((done) => {
    const dialog = make("dialog", { "aria-label": title },
      make("form", { method: "dialog" },
        make("h2", {}, title), body,
        make("div", { class: "buttons" },
          ...buttons.map(([value, label, kind], index) =>
            make("button", { value, class: kind ?? "",
              autofocus: isDangerous && index === buttons.length - 1 }, label)))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      done(dialog.returnValue || null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// What was asked is of a view that is left: nobody answers any more.
export function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
}

// Loads a style sheet of the page, once; resolves when it counts.
export function loadStyle(address) {
  if (document.querySelector(`link[href="${address}"]`)) return Promise.resolve();
  return new Promise((done) => {
    document.head.append(make("link", { rel: "stylesheet", href: address,
      onload: done, onerror: done }));
  });
}

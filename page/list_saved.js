// list_saved.js - filters that a person has saved, as buttons beside the field.

import { fill, make } from "./dom.js";
import { isTexts, store, stored } from "./storage.js";

const MAX = 20;

const all = () => stored("filters", [], isTexts(MAX));

/*
 * use(text) is called where a button is pressed. Returns {element, show(text)};
 * show: the field has this text now.
 */
export function makeSaved(use) {
  const element = make("div", { class: "saved", role: "group", "aria-label": "Saved filters" });
  let now = "";

  const put = (filters) => {
    store("filters", filters.slice(-MAX));
    show(now);
  };

  const one = (text) => make("span", { class: "chip" },
    make("button", { class: "mono", "aria-pressed": String(text === now),
      onclick: () => use(text === now ? "" : text) }, text),
    make("button", { class: "quiet", "aria-label": `Forget the filter ${text}`,
      onclick: () => put(all().filter((other) => other !== text)) }, "×"));

  function show(text) {
    now = text;
    const filters = all();
    fill(element, ...filters.map(one),
      now !== "" && !filters.includes(now)
        ? make("button", { class: "quiet", onclick: () => put([...filters, now]) }, "Save this filter")
        : null);
  }

  return { element, show };
}

// log_find.js - looks for a text in a whole log, a slice at a time, and lists
// the lines that have it.

import { fill, make } from "./dom.js";
import { markText, timeText } from "./log_text.js";
import { sizeText } from "./words.js";

const HITS_MAX = 1000;

// panel({onPick(place, text), onError}) -> {element, start(source, text), stop()}.
export function makeFind({ onPick, onError }) {
  const list = make("ol", { class: "hits", "aria-label": "Lines that have the text" });
  const status = make("p", { class: "faint", role: "status" });
  const progress = make("progress", { max: 1, "aria-label": "Looked through", hidden: true });
  const cancel = make("button", { class: "quiet", onclick: () => close() }, "Close");
  const element = make("section", { class: "find-panel", "aria-label": "Found", hidden: true },
    make("div", { class: "tools" }, status, progress, cancel), list);
  let search = new AbortController();

  function close() {
    search.abort();
    element.hidden = true;
  }

  function addHit(index, { at, time, line }, text) {
    const pick = (event) => {
      list.querySelector("[aria-current]")?.removeAttribute("aria-current");
      event.currentTarget.setAttribute("aria-current", "true");
      onPick({ index, at }, text);
    };
    list.append(make("li", {}, make("button", { class: "hit", onclick: pick },
      time ? make("span", { class: "time" }, timeText(time), " ") : null,
      ...markText(line, text).map(([part, isMarked]) =>
        (isMarked ? make("mark", {}, part) : part)))));
  }

  // From the newest file to the oldest: what is looked for is mostly late.
  async function lookThrough(source, text, signal) {
    const total = source.files.reduce((sum, { bytes }) => sum + bytes, 0);
    let done = 0;
    for (let index = source.files.length - 1; index >= 0; index--) {
      for (let from = source.files[index].begin; from !== null;) {
        const { lines, next } = await source.search(index, text, from, signal);
        if (signal.aborted) return;
        for (const line of lines) addHit(index, line, text);
        progress.value = total > 0 ? Math.min(1, (done + (next ?? 0)) / total) : 1;
        if (list.childElementCount >= HITS_MAX && (next !== null || index > 0))
          return `The first ${list.childElementCount} lines; there may be more.`;
        from = next;
      }
      done += source.files[index].bytes;
    }
    const count = list.childElementCount;
    return `${count === 0 ? "No line has" : count === 1 ? "1 line has" : `${count} lines have`} ` +
      `“${text}”, of ${sizeText(total)}.`;
  }

  // With the arrows from line to line.
  list.addEventListener("keydown", (event) => {
    const way = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const next = way && event.target.closest("li")?.[way]?.firstElementChild;
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });

  return {
    element,
    async start(source, text) {
      search.abort();
      search = new AbortController();
      const { signal } = search;
      fill(list);
      element.hidden = false;
      progress.hidden = false;
      progress.value = 0;
      fill(status, "Looking for ", make("b", {}, text), " …");
      try {
        const said = await lookThrough(source, text, signal);
        if (signal.aborted) return;
        fill(status, said);
        list.querySelector("button")?.focus();
      } catch (error) {
        if (signal.aborted) return;
        fill(status, error.message);
        onError(error);
      }
      progress.hidden = true;
    },
    stop: () => search.abort(),
  };
}

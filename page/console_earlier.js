// console_earlier.js - what a console has printed before what its terminal
// keeps: a strip at the terminal's top offers it, and the console's log, read
// from there upwards, stands over the terminal until it is closed.

import { logAddress } from "./addresses.js";
import { fill, loadStyle, make, sayError } from "./dom.js";

const BEFORE = 64 * 1024; // bytes in which the terminal's first line is looked for

// Where so many lines begin before the end of bytes; 0: all of them are fewer.
export function linesBack(bytes, lines) {
  let at = bytes.length;
  for (let left = lines; left >= 0; left--) {
    at = bytes.lastIndexOf(10, at - 1);
    if (at <= 0) return 0;
  }
  return at + 1;
}

// mark(): {place, lines}, a place of the output, and how many lines stand before
// it in the terminal; null: none is known. back(): the terminal has the focus
// again. Returns {element, offer, hide, end}.
export function makeEarlier(id, { mark, back }) {
  const button = make("button", { class: "quiet", onclick: open, title: "Shift+Page Up, then Enter" },
    "↑ Earlier output");
  const strip = make("div", { class: "earlier-strip", role: "status", hidden: true });
  const element = make("div", { class: "earlier-place" }, strip);
  let isOver = false;
  let close = null; // what closes the log that is shown
  strip.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") leave();
  });

  function leave() {
    hide();
    back();
  }

  function hide() {
    if (strip.hidden) return;
    strip.hidden = true;
    fill(strip);
  }

  // hasFocus: Enter opens it.
  function offer(hasFocus = false) {
    if (strip.hidden) fill(strip, button);
    strip.hidden = false;
    if (hasFocus) button.focus();
  }

  async function open() {
    const known = mark();
    button.disabled = true;
    try {
      const [{ openSource }, { makeWindow }] = await Promise.all([
        import("./log_source.js"), import("./log_window.js"), loadStyle("/past.css")]);
      const at = known && `${known.place.epoch}:${known.place.position - 1}`;
      const source = await openSource(id, known ? { at } : {});
      if (isOver) return;
      if (source.hasLog) await showLog(source, makeWindow, known?.lines ?? 0);
      else {
        fill(strip, "This console has no log: nothing earlier is kept.");
        back();
      }
    } catch (error) {
      sayError(error);
    } finally {
      button.disabled = false;
    }
  }

  // The byte of the log at which the terminal's first line begins.
  async function firstLine(source, { index, at }, lines) {
    const from = Math.max(source.files[index].begin, at + 1 - BEFORE);
    const bytes = await source.read(index, from, at + 1 - from);
    return { index, at: from + linesBack(bytes, lines) };
  }

  async function showLog(source, makeWindow, lines) {
    const scroller = make("div", { class: "log", tabindex: 0, role: "region", "aria-label": "Earlier output" });
    const panel = make("div", { class: "earlier", onkeydown: ({ key }) => {
      if (key === "Escape") close();
    } },
    make("header", { class: "earlier-head" }, make("span", {}, "Earlier output, from the log"),
      make("a", { href: logAddress(id) }, "All of the log"),
      make("button", { onclick: () => close() }, "Back to the screen")), scroller);
    const log = makeWindow(scroller, { onMove() {}, onError: sayError });
    close = () => {
      close = null;
      log.stop();
      panel.remove();
      leave();
    };
    hide();
    element.append(panel);
    log.use(source);
    scroller.focus();
    if (!source.found) {
      await log.end();
      return;
    }
    await log.show(await firstLine(source, source.found, lines));
    scroller.scrollTop -= scroller.clientHeight;
  }

  return {
    element, offer, hide,
    end() {
      isOver = true;
      close?.();
    },
  };
}

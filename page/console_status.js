// console_status.js - the line that says what is true of a console's
// connection, and the sign beside its name. It always has its place, so that
// nothing moves when it has something to say.

import { fill, make } from "./dom.js";
import { describe, lossText } from "./console_words.js";

const FLASH_MS = 6000;
const HELP = "Ctrl+Shift+X leaves the terminal.";

const ACTIONS = {
  retry: ["Now", "retry"],
  take: ["Take over…", "take"],
  "take-back": ["Take it back", "retry"],
};

// on: retry, take, forget; done: something was clicked here.
export function makeStatusLine(on) {
  const badge = make("span", { class: "badge" });
  const text = make("span", { class: "line-text", role: "status" });
  const actions = make("span", { class: "line-actions" });
  const loss = make("span", { class: "line-loss bad" });
  const paste = make("span", { class: "line-paste" });
  const element = make("div", { class: "console-line" }, text, actions, loss, paste);
  let status = null;
  let drawn = "";
  let flashed = null; // what is said for a moment
  let flashTimer = 0;
  let clock = 0;

  function draw() {
    if (!status) return;
    const words = describe(status, performance.now());
    const lost = lossText(status);
    const key = JSON.stringify([words, lost, flashed]);
    if (key === drawn) return;
    drawn = key;
    badge.className = `badge ${words.tone}`;
    fill(badge, make("span", { "aria-hidden": "true" }, `${words.sign} `), words.badge);
    element.classList.toggle("is-loud", words.tone === "bad");
    fill(text, flashed ?? (words.text || HELP));
    text.classList.toggle("faint", !flashed && !words.text);
    fill(actions, ...words.actions.map((name) =>
      make("button", { onclick: () => {
        on[ACTIONS[name][1]]();
        if (name !== "take") on.done();
      } }, ACTIONS[name][0])));
    fill(loss, ...(lost ? ["⚠ ", lost, " ", make("button", { onclick: () => {
      on.forget();
      on.done();
    } }, "OK")] : []));
  }

  return {
    badge, element,
    show(now) {
      status = now;
      clearInterval(clock);
      if (now.retryAt !== null) clock = setInterval(draw, 500);
      draw();
    },
    // Beside what is true: for some seconds.
    flash(words) {
      flashed = words;
      clearTimeout(flashTimer);
      flashTimer = setTimeout(() => {
        flashed = null;
        draw();
      }, FLASH_MS);
      draw();
    },
    showPaste(progress) {
      if (!progress) {
        fill(paste);
        return;
      }
      const { sent, all, cancel } = progress;
      if (!paste.firstChild)
        fill(paste, make("progress", { max: all, "aria-label": "Pasting" }), make("span", {}),
          make("button", { onclick: () => {
            cancel();
            on.done();
          } }, "Cancel"));
      paste.firstChild.value = sent;
      fill(paste.children[1], ` ${sent} of ${all} bytes `);
    },
    end() {
      clearInterval(clock);
      clearTimeout(flashTimer);
    },
  };
}

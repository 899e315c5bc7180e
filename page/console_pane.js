// console_pane.js - one console: its terminal, its connection, and what can be
// done with it. A pane is used alone, in a tab, or as a tile (console.js).

import { consolePath, get, post, socketAddress } from "./api.js";
import { ask, fill, make, say, sayError } from "./dom.js";
import { makeLink } from "./link.js";
import { makeMenu } from "./menu.js";
import { askPaste, mustShow, pace, pasteBytes } from "./console_paste.js";
import { makeEarlier } from "./console_earlier.js";
import { makeKeys } from "./console_keys.js";
import { makePeople } from "./console_people.js";
import { makeStatusLine } from "./console_status.js";
import { gapText, mayDo, whyNotText } from "./console_words.js";
import { breakItems, moreItems, sizeItems } from "./console_menus.js";
import { recordButton } from "./record_button.js";
import { recallConsole, rememberConsole } from "./remember.js";
import { stored } from "./storage.js";
import { STANDARD } from "./terminal_size.js";
import { makeTerminal } from "./terminal.js";

const BELL_MS = 400;
const HANDOVER_TRIES = 20;

const newLabel = () => Array.from(crypto.getRandomValues(new Uint8Array(16)),
  (byte) => byte.toString(16).padStart(2, "0")).join("");

function later(ms, f) {
  const timer = setTimeout(f, ms);
  return () => clearTimeout(timer);
}

// Why there is no WebSocket, by asking for the same console in HTTP. A login
// that has ended leads to the next one (api.js).
async function diagnose(id) {
  try {
    await get(consolePath(id));
  } catch (error) {
    return error.status ? { status: error.status, hint: error.hint } : null;
  }
  return null;
}

const linkIo = (id) => ({
  newLabel, later, random: Math.random,
  now: () => performance.now(),
  open(query) {
    const socket = new WebSocket(socketAddress(consolePath(id, "/attach"), query), "vspcd.v1");
    socket.binaryType = "arraybuffer";
    return socket;
  },
  diagnose: () => diagnose(id),
});

// frame: changed(pane), key(event) true if it was the frame's, ownWindow(pane)
// or null, close(pane) or null. from: what another window has left for this
// one: {link, content}.
export function makePane(id, frame, from = {}) {
  const choices = { size: STANDARD, answers: false, ...recallConsole(id) };
  const answers = { areOn: choices.answers === true };
  const name = make("h2", { class: "console-name cut" }, id);
  const tools = make("div", { class: "console-tools", role: "toolbar", "aria-label": "Console" });
  const screen = make("div", { class: "console-screen" });
  const sheet = make("div", { class: "console-sheet" }, screen);
  const find = makeFind((text, isBack) => terminal.find(text, isBack), () => {
    terminal.endFind();
    terminal.focus();
  });
  const people = makePeople(id, (members) => link.command(members),
    (rest, body) => post(consolePath(id, rest), body));
  const line = makeStatusLine({
    retry: () => link.retry(),
    take: () => people.takeOver(),
    forget: () => link.forget(),
    done: () => terminal.focus(),
  });
  const record = recordButton(id);
  const earlier = makeEarlier(id, {
    mark() {
      const first = terminal.firstMark();
      return first && { place: first.value, lines: first.lines };
    },
    back: () => terminal.focus(),
  });
  const keys = makeKeys((text) => typeText(text));
  const element = make("section", { class: "console", "aria-label": id },
    make("header", { class: "console-head" }, name, line.badge, record.sign, tools),
    line.element, find.element,
    make("div", { class: "console-body" }, sheet, people.element, earlier.element), keys.element);
  let status = { phase: "new" };
  let cancelPaste = null;
  let frameRequest = 0;
  let told = {}; // size

  const terminal = makeTerminal(screen, {
    typed: (bytes) => type(keys.take(bytes)),
    pasted: paste,
    bell: () => ring(),
    link: openLink,
    top: (is) => (is ? earlier.offer() : earlier.hide()),
    key: (event) => ownKey(event) || frame.key(event),
  }, { answers, isForReaders: stored("screen-reader", false) });

  const link = makeLink(linkIo(id), {
    state: setStatus,
    output(bytes, done) {
      const place = link.place();
      terminal.write(bytes, () => {
        if (place) terminal.mark(place);
        done();
      });
    },
    gap(gap) {
      terminal.writeLine(gapText(gap));
      people.add(gapText(gap));
    },
    fresh: () => terminal.clear(),
    said,
    people(text) {
      people.setPeople(text);
      peopleButton.textContent = `People ${text.total}`;
    },
  });

  // ---- what it says --------------------------------------------------------

  function setStatus(now) {
    status = now;
    if (now.name && name.textContent !== now.name) {
      name.textContent = now.name;
      name.title = id;
    }
    line.show(now);
    people.setStatus(now);
    record.allow(mayDo(now.you, "write"));
    element.classList.toggle("is-away", now.phase !== "connected");
    if (now.phase !== "connected") {
      peopleButton.textContent = "People";
      // The rest was meant for this connection, however soon the next one is there.
      cancelPaste?.("disconnected");
    }
    frame.changed(pane);
  }

  function said(text) {
    if (text.type === "break") {
      people.add(text.is_on ? "The VM begins a break" : "The VM ends its break");
      return;
    }
    people.add(text.text);
    if (text.kind === "message" || text.kind === "error")
      say(`${status.name}: ${text.text}`, text.kind === "error" ? "error" : "done");
  }

  function ring() {
    element.classList.add("is-ringing");
    setTimeout(() => element.classList.remove("is-ringing"), BELL_MS);
    frame.rang?.(pane);
  }

  // ---- what is typed -------------------------------------------------------

  function type(bytes) {
    const why = link.type(bytes);
    // That there is no connection, the line says already, and how much is lost.
    if (why !== null && why !== "disconnected") line.flash(whyNotText(why, status));
    return why;
  }

  const typeText = (text) => type(new TextEncoder().encode(text));

  async function paste(text) {
    if (!text) return;
    if (cancelPaste) {
      line.flash("Something is being pasted already.");
      return;
    }
    const wish = mustShow(text) ? await askPaste(text, status.name ?? id)
      : { bytes: pasteBytes(text), isFast: false };
    terminal.focus();
    if (!wish) return;
    cancelPaste?.();
    const { room } = link;
    cancelPaste = pace(wish.bytes, wish.isFast, {
      room, type, later, whyNot: () => status.whyNot, progress: showPaste,
    });
  }

  function showPaste(sent, all, why) {
    const isOver = why !== null;
    if (isOver) queueMicrotask(() => {
      cancelPaste = null;
    });
    line.showPaste(isOver ? null : { sent, all, cancel: () => cancelPaste?.() });
    if (why)
      say(`${sent} of ${all} bytes were pasted into ${status.name}; ` +
        (why === "cancelled" ? "cancelled." : whyNotText(why, status)), "error");
  }

  async function pasteFromClipboard() {
    try {
      await paste(await navigator.clipboard.readText());
    } catch {
      line.flash("The browser does not let the page read the clipboard: press Ctrl+Shift+V.");
      terminal.focus();
    }
  }

  async function copy() {
    const text = terminal.selection();
    if (!text) {
      line.flash("Nothing is selected.");
      return;
    }
    try {
      await navigator.clipboard.writeText(text);
      line.flash("Copied.");
    } catch {
      line.flash("The browser does not let the page write the clipboard: use its own menu.");
    }
  }

  function ownKey(event) {
    if (event.code === "PageUp" && event.shiftKey && event.type === "keydown" && terminal.isAtTop()) {
      event.preventDefault();
      earlier.offer(true);
      return true;
    }
    if (!event.ctrlKey || !event.shiftKey || event.altKey) return false;
    const run = { KeyC: copy, KeyF: () => find.open(), KeyV: null, KeyX: () => leaveButton.focus() };
    if (!Object.hasOwn(run, event.code)) return false;
    if (event.type === "keydown" && run[event.code]) {
      event.preventDefault();
      run[event.code]();
    }
    return true;
  }

  // ---- what it does --------------------------------------------------------

  function keep(changed) {
    Object.assign(choices, changed);
    answers.areOn = choices.answers === true;
    rememberConsole(id, choices);
    layOut();
  }

  // The size of a window is told when it has changed; a hidden pane has none.
  function layOut() {
    cancelAnimationFrame(frameRequest);
    frameRequest = requestAnimationFrame(() => {
      const size = terminal.layOut(choices.size, {
        width: sheet.clientWidth - 18, height: sheet.clientHeight - 8 });
      if (!size || (size.rows === told.rows && size.columns === told.columns)) return;
      told = size;
      link.setWindow(size.rows, size.columns);
    });
  }
  async function openLink(address) {
    if (!address) {
      line.flash("Only links to http and https are opened.");
      return;
    }
    const answer = await ask("Open this link?",
      make("div", {}, make("p", {}, "The VM has printed it; it leads to:"),
        make("p", { class: "mono paste-text" }, address)),
      [["open", "Open in a new tab", "main"], ["", "Cancel"]]);
    if (answer === "open") window.open(address, "_blank", "noopener,noreferrer");
    terminal.focus();
  }

  function run(promise, done) {
    promise.then((answer) => line.flash(done ?? answer), sayError);
    terminal.focus();
  }

  const pane = {
    id, element, choices, keep, copy, layOut, terminal, line, run,
    command: (members) => link.command(members),
    type: typeText,
    status: () => status,
    mayDo: (right) => status.phase === "connected" && mayDo(status.you, right),
    focus: () => terminal.focus(),
    // Null where output comes faster than it is drawn: it is begun anew then.
    async handover() {
      for (let tries = 0; tries < HANDOVER_TRIES; tries++) {
        const [content, left] = await terminal.content(link.handover);
        if (left) return { link: left, content };
      }
      return null;
    },
    ownWindow: frame.ownWindow && (() => frame.ownWindow(pane)),
    close: frame.close && (() => frame.close(pane)),
    end() {
      cancelPaste?.();
      stop.abort();
      observer.disconnect();
      cancelAnimationFrame(frameRequest);
      line.end();
      record.end();
      earlier.end();
      link.end();
      terminal.end();
    },
  };

  const peopleButton = make("button", { "aria-expanded": "false", onclick: togglePeople }, "People");
  const leaveButton = make("button", { onclick: pasteFromClipboard, title: "Ctrl+Shift+V" }, "Paste");
  fill(tools, leaveButton,
    makeMenu("Break ▾", () => breakItems(pane)).element,
    makeMenu("Size ▾", () => sizeItems(pane)).element,
    peopleButton,
    record.button,
    make("button", { onclick: () => find.open(), title: "Ctrl+Shift+F" }, "Find"),
    makeMenu("More ▾", () => moreItems(pane)).element);

  function togglePeople() {
    people.element.hidden = !people.element.hidden;
    peopleButton.setAttribute("aria-expanded", String(!people.element.hidden));
    layOut();
  }

  const stop = new AbortController();
  const wake = () => document.visibilityState === "visible" && link.wake();
  for (const sign of ["online", "woken"])
    addEventListener(sign, () => link.wake(), { signal: stop.signal });
  addEventListener("pagehide", () => link.leave(), { signal: stop.signal });
  addEventListener("pageshow", () => link.wake(), { signal: stop.signal });
  document.addEventListener("visibilitychange", wake, { signal: stop.signal });
  const observer = new ResizeObserver(layOut);
  observer.observe(sheet);

  if (from.content) terminal.show(from.content);
  link.start(from.link ?? {});
  return pane;
}

// What searches the screen: a line that is shown when it is wanted.
function makeFind(find, closed) {
  const input = make("input", { type: "search", "aria-label": "Find on the screen", placeholder: "Find on the screen" });
  const found = make("span", { class: "faint", role: "status" });
  const element = make("form", { class: "console-find", hidden: true, onsubmit: (event) => {
    event.preventDefault();
    look(false);
  } }, input,
  make("button", { type: "button", onclick: () => look(true) }, "Earlier"),
  make("button", { type: "submit" }, "Later"), found,
  make("button", { type: "button", class: "quiet", "aria-label": "Close the search", onclick: close }, "×"));
  async function look(isBackwards) {
    if (!input.value) return;
    fill(found, await find(input.value, isBackwards) ? "" : "Not found");
  }
  function close() {
    element.hidden = true;
    closed();
  }
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Enter" && event.shiftKey) {
      event.preventDefault();
      look(true);
    }
  });
  return {
    element,
    open() {
      element.hidden = false;
      input.select();
      input.focus();
    },
  };
}

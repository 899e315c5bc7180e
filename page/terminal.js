// terminal.js - a terminal (xterm) in an element: what it shows, what is typed
// into it. It knows of no console and no connection.

import { Terminal } from "./vendor/xterm.mjs";
import { Unicode11Addon } from "./vendor/addon-unicode11.mjs";
import { WebLinksAddon } from "./vendor/addon-web-links.mjs";
import { isDark } from "./theme.js";
import { allowTerminalStyles } from "./terminal_style.js";
import { guardTerminal, linkAddress } from "./terminal_guard.js";
import { layOut } from "./terminal_size.js";

const SCROLLBACK = 5000; // lines; older ones are in the log
const BELL_MS = 1000; // between two that are shown
const MARKED = 500; // lines between two marks
const PIECE = 4 * 1024; // bytes that xterm takes without looking up

const THEMES = {
  dark: {
    background: "#101418", foreground: "#d8dee4", cursor: "#d8dee4", cursorAccent: "#101418",
    selectionBackground: "#2d5f86",
    black: "#1d2329", red: "#e5786d", green: "#7cc08a", yellow: "#d9b860", blue: "#7aa8e0",
    magenta: "#c08ad0", cyan: "#6cc0c8", white: "#d0d6dc",
    brightBlack: "#7a8691", brightRed: "#ff9b90", brightGreen: "#9adba6", brightYellow: "#f0d488",
    brightBlue: "#9fc4f2", brightMagenta: "#dbabe8", brightCyan: "#93dde4", brightWhite: "#ffffff",
  },
  light: {
    background: "#ffffff", foreground: "#1b2228", cursor: "#1b2228", cursorAccent: "#ffffff",
    selectionBackground: "#b7d6ec",
    black: "#1b2228", red: "#a3231f", green: "#1d6b3a", yellow: "#7a5200", blue: "#15527a",
    magenta: "#7b2d8b", cyan: "#0b6470", white: "#56626d",
    brightBlack: "#56626d", brightRed: "#b5302b", brightGreen: "#26794a", brightYellow: "#856000",
    brightBlue: "#1d6595", brightMagenta: "#8e3a9e", brightCyan: "#11707c", brightWhite: "#1b2228",
  },
};

const colours = () => THEMES[isDark() ? "dark" : "light"];
const encoder = new TextEncoder();

function options(isForReaders, onLink) {
  return {
    allowProposedApi: true, // unicode11
    altClickMovesCursor: false, // it would type arrows
    cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    fontFamily: "ui-monospace, \"DejaVu Sans Mono\", \"Liberation Mono\", Menlo, Consolas, monospace",
    ignoreBracketedPasteMode: true,
    screenReaderMode: isForReaders,
    scrollback: SCROLLBACK,
    theme: colours(),
    linkHandler: { activate: (event, text) => onLink(linkAddress(text)) },
  };
}

// on: typed(bytes), pasted(text), bell(), link(address or null), key(event): true if it
// was the page's, top(is): somebody looks at the first line that is kept, or does
// not any more.
export function makeTerminal(root, on, { isForReaders = false, answers }) {
  allowTerminalStyles();
  const ended = new AbortController();
  const terminal = new Terminal(options(isForReaders, on.link));
  terminal.loadAddon(new Unicode11Addon());
  terminal.unicode.activeVersion = "11";
  terminal.loadAddon(new WebLinksAddon((event, text) => on.link(linkAddress(text))));
  const isTyped = guardTerminal(terminal.parser, answers);
  terminal.onData((data) => {
    if (!isTyped(data)) return;
    on.top(false);
    on.typed(encoder.encode(data));
  });
  terminal.onBinary((data) => {
    if (answers.areOn) on.typed(Uint8Array.from(data, (c) => c.charCodeAt(0)));
  });
  terminal.attachCustomKeyEventHandler((event) => !on.key(event));
  // Where output has no lines above, the wheel would type arrows.
  terminal.attachCustomWheelEventHandler(() =>
    answers.areOn || terminal.buffer.active.type === "normal");
  terminal.open(root);

  // Before xterm sees it: what is pasted is looked at first.
  root.addEventListener("paste", (event) => {
    event.preventDefault();
    event.stopPropagation();
    on.pasted(event.clipboardData?.getData("text/plain") ?? "");
  }, { capture: true, signal: ended.signal });
  addEventListener("theme", () => {
    terminal.options.theme = colours();
  }, { signal: ended.signal });

  const isAtTop = () => terminal.buffer.active.type === "normal" && terminal.buffer.active.viewportY === 0;
  let wasAtTop = true;
  terminal.onRender(() => {
    if (isAtTop() === wasAtTop) return;
    wasAtTop = !wasAtTop;
    on.top(wasAtTop && terminal.buffer.active.baseY > 0);
  });
  root.addEventListener("wheel", ({ deltaY }) => deltaY < 0 && isAtTop() && on.top(true),
    { passive: true, signal: ended.signal });

  let marks = []; // {marker, value}, the oldest first
  terminal.parser.registerEscHandler({ final: "c" }, () => {
    marks = [];
    return false;
  });
  function mark(value) {
    const { type, baseY, cursorY } = terminal.buffer.active;
    const last = marks.at(-1)?.marker;
    if (type !== "normal" || (last && !last.isDisposed && baseY + cursorY < last.line + MARKED)) return;
    marks = marks.filter(({ marker }) => !marker.isDisposed);
    marks.push({ marker: terminal.registerMarker(), value });
  }
  function firstMark() {
    const first = marks.find(({ marker }) => !marker.isDisposed);
    return first ? { value: first.value, lines: first.marker.line } : null;
  }

  let rung = 0;
  terminal.onBell(() => {
    if (performance.now() - rung < BELL_MS && rung > 0) return;
    rung = performance.now();
    on.bell();
  });

  let search = null;
  async function find(text, isBackwards) {
    if (!search) {
      const { SearchAddon } = await import("./vendor/addon-search.mjs");
      search = new SearchAddon();
      terminal.loadAddon(search);
    }
    return isBackwards ? search.findPrevious(text) : search.findNext(text, { incremental: false });
  }

  return {
    // done is called when all of it is on the screen.
    write(bytes, done) {
      for (let at = 0; at < bytes.length; at += PIECE) {
        const isLast = at + PIECE >= bytes.length;
        terminal.write(bytes.subarray(at, at + PIECE), isLast ? done : undefined);
      }
    },
    // A line of the page's own; ends what the output has left open, and letters
    // that are drawn as lines.
    writeLine: (text) => terminal.write(`\x18\x0f\x1b(B\r\n\x1b[0;7m[vspcd: ${text}]\x1b[0m\r\n`),
    // Behind what was written before and is not on the screen yet.
    clear: () => terminal.write("\x18\x1bc"),
    isAtTop,
    // What is on the screen now has been printed up to here: {value, lines} of
    // the first such mark, and how many lines are kept before it, or null.
    mark, firstMark,
    layOut: (choice, room) => layOut(terminal, choice, room),
    size: () => ({ rows: terminal.rows, columns: terminal.cols }),
    focus: () => terminal.focus(),
    selection: () => terminal.getSelection(),
    find,
    endFind: () => search?.clearDecorations(),
    setForReaders(is) {
      terminal.options.screenReaderMode = is;
    },
    // All that is on it, as what would draw it; and what other() says of that
    // moment, when all that was written before is drawn.
    async content(other) {
      const { SerializeAddon } = await import("./vendor/addon-serialize.mjs");
      const addon = new SerializeAddon();
      terminal.loadAddon(addon);
      const taken = await new Promise((done) => {
        terminal.write("", () => done([addon.serialize({ scrollback: 1000 }), other()]));
      });
      addon.dispose();
      return taken;
    },
    show: (text) => terminal.write(text),
    async useGraphics() {
      const { WebglAddon } = await import(`./vendor/addon-webgl${".mjs"}`);
      const addon = new WebglAddon();
      addon.onContextLoss(() => addon.dispose());
      terminal.loadAddon(addon);
    },
    end() {
      ended.abort();
      terminal.dispose();
    },
  };
}

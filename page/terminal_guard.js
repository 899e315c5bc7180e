// terminal_guard.js - what a VM's output may make the terminal do. It may draw;
// it may not type, name the page, reach the clipboard, or move the window.
//
// A terminal answers some sequences by itself, as if somebody had typed: what
// it is (DA, XTVERSION), where the cursor is (DSR, CPR), what is set (DECRQM,
// DECRQSS), its colours (OSC 4, 10 to 12), its size (XTWINOPS). xterm's onData
// has these answers among the keys, with no sign of which is which. Whoever
// prints to a console could so type into it. Therefore each sequence that is
// answered is taken here, before xterm's own handler, and is done with; and of
// what comes by onData, reports of mouse and focus are dropped, which are
// known by how they begin, and which no key makes.
//
// answers.areOn is a person's choice for one console, because some programs
// ask, and hang without an answer (resize, vi of old): then these go their way,
// but for titles, clipboard and windows.

// final, with prefix or intermediates, of control sequences that are answered.
const ASKING = [
  { final: "c" }, { prefix: ">", final: "c" }, { prefix: "=", final: "c" },
  { final: "n" }, { prefix: "?", final: "n" },
  { intermediates: "$", final: "p" }, { prefix: "?", intermediates: "$", final: "p" },
  { prefix: ">", final: "q" },
  { prefix: "?", final: "u" },
  { final: "x" },
];
const ASKING_STRINGS = [{ intermediates: "$", final: "q" }, { intermediates: "+", final: "q" }];
// Colours are asked for by what also sets them. Those of the page have a
// contrast that can be read.
const COLOURS = [4, 5, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 104, 110, 111, 112];
// Titles, working folder, notifications, clipboard, files (iTerm2), and others
// that some terminals know and that have no use here.
const NEVER = [0, 1, 2, 3, 6, 7, 9, 22, 30, 50, 51, 52, 99, 777, 1337];
// Modes that make reports of the mouse, of focus, or of what is pasted.
const REPORTING = new Set([9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016, 2004,
  2031, 2048]);

// Control sequences that are done as often as their first parameter says; xterm
// takes any number, and is away for minutes then. No screen has so many rows,
// columns or tabs.
const REPEATED = [
  ..."@ILMPSTXZ^".split("").map((final) => ({ final })),
  { intermediates: " ", final: "@" }, { intermediates: " ", final: "A" },
  { intermediates: "'", final: "}" }, { intermediates: "'", final: "~" },
  { final: "b" },
];
const OFTEN = 400;

const isReport = (data) =>
  data.startsWith("\x1b[M") || data.startsWith("\x1b[<") || data === "\x1b[I" ||
  data === "\x1b[O";

// answers: {areOn}. Returns a filter for what comes by onData: true where a
// person has typed it.
export function guardTerminal(parser, answers) {
  const unlessOn = () => !answers.areOn;
  for (const id of ASKING) parser.registerCsiHandler(id, unlessOn);
  for (const id of ASKING_STRINGS) parser.registerDcsHandler(id, unlessOn);
  for (const ident of COLOURS) parser.registerOscHandler(ident, unlessOn);
  for (const ident of NEVER) parser.registerOscHandler(ident, () => true);
  for (const id of REPEATED) parser.registerCsiHandler(id, ([times]) => times > OFTEN);
  parser.registerCsiHandler({ final: "t" }, () => true);
  parser.registerCsiHandler({ prefix: "?", final: "h" }, (modes) =>
    !answers.areOn && modes.every((mode) => REPORTING.has(mode)));
  return (data) => answers.areOn || !isReport(data);
}

// The address that a link of the output may open; null: none.
export function linkAddress(text) {
  let address;
  try {
    address = new URL(text);
  } catch {
    return null;
  }
  return ["http:", "https:"].includes(address.protocol) ? address.href : null;
}

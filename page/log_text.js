// log_text.js - bytes of a console's output as lines for people: characters
// and colours, without what a terminal would do. Pure: nothing of the page.
//
// A line is {at, end, time, parts}: bytes at..end of the file with its line end,
// the time that the log has written before it (or null), and texts with the
// names of their looks: [["text", "red bold"], ...]. Colours begin anew with
// each line, so that a line looks alike wherever reading has begun.

const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;
const STAMP_LENGTH = 25;

// ECMA-48's sequences, and the strings of xterm, which end with the line.
const ESCAPE =
  /\x1b\[([0-?]*)[ -/]*([@-~])|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|\x1b[ -/]*[0-~]?/g;

// What nobody sees, or what would turn the rest of the line around.
const UNSEEN = /[^\P{C}\t\ufffd]|[\u2028\u2029]/gu;

const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

// Behind one "m" sequence: the colour (or null), and whether it is bold.
function lookAfter(look, parameters) {
  const codes = parameters.split(/[;:]/).map(Number);
  let { colour, bold } = look;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) [colour, bold] = [null, false];
    else if (code === 1) bold = true;
    else if (code === 22) bold = false;
    else if (code === 39) colour = null;
    else if (code >= 30 && code <= 37) colour = COLOURS[code - 30];
    else if (code >= 90 && code <= 97) colour = COLOURS[code - 90];
    else if (code === 38 || code === 48) {
      // One of 256 colours, or of all: the first sixteen are these.
      if (code === 38)
        colour = codes[i + 1] === 5 && codes[i + 2] < 16 ? COLOURS[codes[i + 2] % 8] : null;
      i += codes[i + 1] === 5 ? 2 : 4;
    }
  }
  return { colour, bold };
}

const nameOf = ({ colour, bold }) => [colour, bold ? "bold" : null].filter(Boolean).join(" ");

// The texts of a line without its end, and their looks.
export function partsOf(text) {
  const parts = [];
  let look = { colour: null, bold: false };
  const add = (piece) => {
    const shown = piece.replace(/\r+$/, "").replace(/^\r+/, "")
      .replace(/\r+/g, "\n").replace(UNSEEN, (c) => (c === "\n" ? c : ""));
    const name = nameOf(look);
    if (shown === "") return;
    if (parts.length > 0 && parts.at(-1)[1] === name) parts.at(-1)[0] += shown;
    else parts.push([shown, name]);
  };
  let from = 0;
  for (const found of text.matchAll(ESCAPE)) {
    add(text.slice(from, found.index));
    from = found.index + found[0].length;
    if (found[2] === "m" && /^[0-9;:]*$/.test(found[1])) look = lookAfter(look, found[1]);
  }
  add(text.slice(from));
  return parts;
}

// The lines of bytes that begin at a line, at this offset of the file.
export function linesOf(bytes, at = 0, isTimed = false) {
  const decoder = new TextDecoder();
  const lines = [];
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(10, from);
    const next = end < 0 ? bytes.length : end + 1;
    let text = decoder.decode(bytes.subarray(from, end < 0 ? next : end));
    let time = null;
    if (isTimed && STAMP.test(text)) {
      time = text.slice(0, STAMP_LENGTH - 1);
      text = text.slice(STAMP_LENGTH);
    }
    lines.push({ at: at + from, end: at + next, time, parts: partsOf(text) });
    from = next;
  }
  return lines;
}

export const textOf = (line) => line.parts.map(([text]) => text).join("");

// What of bytes that were read somewhere is whole lines: {bytes, at}. A line
// that does not end within them stays whole if it is all that there is.
// isBegin, isEnd: nothing comes before, behind them.
export function wholeLines(bytes, at, { isBegin = false, isEnd = false }) {
  let from = 0;
  let to = bytes.length;
  if (!isBegin) from = bytes.indexOf(10) + 1;
  if (!isEnd) to = bytes.lastIndexOf(10) + 1;
  if (from >= to) [from, to] = [0, bytes.length];
  return { bytes: bytes.subarray(from, to), at: at + from };
}

// Texts cut where a text stands in them, in any case of the letters:
// [["pan", false], ["ic", true], ...].
export function markText(text, wanted) {
  if (!wanted) return [[text, false]];
  const low = lower(text);
  const key = lower(wanted);
  const parts = [];
  let from = 0;
  for (let at; (at = low.indexOf(key, from)) >= 0; from = at + key.length) {
    if (at > from) parts.push([text.slice(from, at), false]);
    parts.push([text.slice(at, at + key.length), true]);
  }
  if (from < text.length) parts.push([text.slice(from), false]);
  return parts;
}

// ASCII letters alone, as vspcd looks for them: of other letters, the lower
// case may be longer.
export const lower = (text) => text.replace(/[A-Z]/g, (c) => c.toLowerCase());

// "2026-01-31 23:59:59.123" of a time in UTC.
export const timeText = (time) => time.replace("T", " ").replace("Z", "");

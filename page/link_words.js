// link_words.js - why there is no connection, in words, and when the next one
// is tried. Numbers from 1000 are close codes (docs/api-attach.md), the others
// those of HTTP.

const RELOAD = ["The page and vspcd do not understand each other.", "Reload the page."];
const NO_RIGHT = ["You may not read this console.",
  "Ask an administrator for the right to read it."];
const NO_CONSOLE = ["There is no such console.",
  "It may come back with its VM; the page tries again."];

const REFUSALS = {
  0: ["The browser makes no connection.", "Reload the page."],
  1002: RELOAD,
  1007: RELOAD,
  1008: RELOAD,
  1009: RELOAD,
  4001: ["Somebody has disconnected you.", "Ask who it was before you connect again."],
  4003: NO_RIGHT,
  4004: NO_CONSOLE,
  4009: ["Somebody else has this console for himself.", "The page tries again."],
  4029: ["There are too many connections.",
    "Close some that are not needed; the page tries again."],
  401: ["You are not logged in, or no longer.", "Log in, and connect again."],
  403: NO_RIGHT,
  404: NO_CONSOLE,
};
const COMES_LATER = new Set([4004, 4009, 4029, 404]);

const AT_ONCE_MS = 20;
const FIRST_MS = 500;
const LONGEST_MS = 15_000;

const sentence = (text) => text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

// {code, reason, hint, isLater}: what is refused, and whether it is useful to
// come again; null: the connection was only lost. said: vspcd's own words.
export function refusalOf(code, said = "", hint = null) {
  const words = REFUSALS[code];
  if (!words) return null;
  return {
    code, isLater: COMES_LATER.has(code), hint: hint ?? words[1],
    reason: said ? `${words[0]} ${sentence(said)}` : words[0],
  };
}

// Milliseconds until the next try: at once behind a connection that has got
// on, then from half a second to 15; up to a quarter less, so that those who
// lost a server together do not come back together.
export function waitTime(tries, random) {
  if (tries === 0) return AT_ONCE_MS;
  const wait = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries - 1, 10));
  return Math.round(wait * (1 - random / 4));
}

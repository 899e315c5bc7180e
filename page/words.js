// words.js - numbers, sizes, times and errors, as the page says them.

import { serverNow } from "./server_clock.js";

export const numberText = (number) => number.toLocaleString("en");

export function sizeText(bytes) {
  for (const [unit, size] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]])
    if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}`;
  return `${bytes} B`;
}

const two = (number) => String(number).padStart(2, "0");

// "3 min ago" of an RFC 3339 time; "never" of null.
export function ago(time, now = serverNow()) {
  if (time === null || time === undefined) return "never";
  const seconds = Math.max(0, Math.round((now - Date.parse(time)) / 1000));
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]])
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit} ago`;
  return seconds < 2 ? "now" : `${seconds} s ago`;
}

// "2026-01-31 23:59:59" of an RFC 3339 time, as clocks show it here.
export function dateText(time) {
  const date = new Date(time);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

// "1:02:03" of milliseconds.
export function clockText(ms) {
  const seconds = Math.floor(ms / 1000);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  const hours = Math.floor(seconds / 3600);
  return hours > 0 ? `${hours}:${rest}` : rest;
}

// What an error says, and what helps.
export const errorText = ({ message, hint }) => (hint ? `${message} (${hint})` : message);

// What a file may be called of which this is the name.
export const fileText = (name) => name.replace(/[^\w.-]+/g, "_").slice(0, 120);

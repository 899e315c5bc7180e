// recording_words.js - what is said of a recording, and where it is. Pure.

import { clockText } from "./cast_text.js";

export const REASONS = {
  rule: "always recorded, by a rule",
  session: "a session, by a rule",
  demand: "on demand",
};

export const castAddress = (id, format) =>
  `/api/v1/recordings/${encodeURIComponent(id)}/cast?format=${format}`;

export const replayAddress = (id) => `/replay.html?recording=${encodeURIComponent(id)}`;

export function castFile({ console, started }, format) {
  const name = `${console.name}-${started.slice(0, 19)}`.replace(/[^\w.-]+/g, "_").slice(0, 120);
  return `${name}.${format === "text" ? "txt" : "cast"}`;
}

export const lengthText = ({ ended, seconds }) =>
  clockText(seconds * 1000) + (ended === null ? ", goes on" : "");

// What somebody has to know who believes a recording.
export function remarks({ gaps, has_input: hasInput, is_complete: isComplete, ended, parts }) {
  return [
    hasInput ? "with what was typed" : null,
    gaps > 0 ? `${gaps} gap${gaps > 1 ? "s" : ""}` : null,
    ended !== null && !isComplete ? "its end is missing" : null,
    parts > 1 ? `${parts} parts` : null,
  ].filter(Boolean);
}

// "2026-01-31 23:59:59" of an RFC 3339 time, as clocks show it here.
export function dateText(time) {
  const date = new Date(time);
  const two = (n) => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

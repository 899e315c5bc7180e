// recording_words.js - what is said of a recording. Pure.

import { clockText } from "./words.js";

export const REASONS = {
  rule: "always recorded, by a rule",
  session: "a session, by a rule",
  demand: "on demand",
};

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

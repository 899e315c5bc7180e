// addresses.js - where things are: views of the page, and files of the API.

import { apiAddress, consolePath } from "./api.js";
import { fileText } from "./words.js";

export const consoleAddress = (id) => `#/console/${encodeURIComponent(id)}`;

// place: "EPOCH:POSITION", where the log is shown; without one, at its end.
export const logAddress = (id, place) =>
  `#/log/${encodeURIComponent(id)}${place ? `?at=${encodeURIComponent(place)}` : ""}`;

export const recordingsAddress = (id) => `#/recordings?console=${encodeURIComponent(id)}`;

export const replayAddress = (recording) =>
  `/replay.html?recording=${encodeURIComponent(recording)}`;

// A link that downloads a console's log, or what is kept of its output.
export function logFile(id, name, { format, previous, hasLog }) {
  return {
    href: apiAddress(consolePath(id, hasLog ? "/log" : "/history"), { format, previous }),
    download: `${fileText(name)}.${format === "raw" ? "raw" : "txt"}`,
  };
}

// A link that downloads a recording.
export function recordingFile({ id, console, started }, format) {
  return {
    href: apiAddress(`/recordings/${encodeURIComponent(id)}/cast`, { format }),
    download: `${fileText(`${console.name}-${started.slice(0, 19)}`)}.${format === "text" ? "txt" : "cast"}`,
  };
}

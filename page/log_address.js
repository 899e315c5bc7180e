// log_address.js - addresses of a console's log: in the page, and of its files.

import { consolePath } from "./api.js";

// Of the page. place: "EPOCH:POSITION", where the log is shown; without one, at
// its end.
export const logAddress = (id, place) =>
  `#/log/${encodeURIComponent(id)}${place ? `?at=${encodeURIComponent(place)}` : ""}`;

// Of a download, and the file's name.
export function downloadOf(id, name, { format, previous, hasLog }) {
  const path = consolePath(id, hasLog ? "/log" : "/history");
  const query = new URLSearchParams({ format, ...(previous ? { previous } : {}) });
  return {
    href: `/api/v1${path}?${query}`,
    download: `${name.replace(/[^\w.-]+/g, "_").slice(0, 100)}.${format === "raw" ? "raw" : "txt"}`,
  };
}

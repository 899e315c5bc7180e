// log_source.js - where a log's bytes come from: the files of a console's log,
// or, without one, the output that vspcd keeps in memory. Either is
//
//     {hasLog, timed, found, last, files: [{file, bytes, begin}, ...],   oldest first
//      read(index, from, bytes, signal) -> Uint8Array,
//      find({at | since}) -> {index, at} | null,
//      search(index, text, from) -> {lines: [{at, time, line}], next},
//      follow(from, signal) -> async generator of Uint8Array}

import { consolePath, get, request } from "./api.js";
import { linesOf, lower, textOf } from "./log_text.js";

async function bytesOf(id, rest, query, signal) {
  const response = await request("GET", consolePath(id, rest), { query, signal });
  return new Uint8Array(await response.arrayBuffer());
}

// The pieces of an answer that goes on. signal ends it.
async function* stream(id, rest, query, signal) {
  const response = await request("GET", consolePath(id, rest), { query, signal });
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

function lastOf(place) {
  const [epoch, position] = place.split(":");
  return Number(position) > 0 ? `${epoch}:${Number(position) - 1}` : null;
}

function sourceOfLog(id, places) {
  const files = places.files.reverse();
  const indexOf = (place) => place && {
    index: files.findIndex(({ file }) => file === place.file), at: place.at,
  };
  return {
    hasLog: true,
    timed: places.timed,
    files,
    found: indexOf(places.found),
    // The place of the last byte that was printed; null: none was.
    last: lastOf(places.place),
    read: (index, from, bytes, signal) =>
      bytesOf(id, "/log", { format: "file", file: files[index].file, from, bytes }, signal),
    find: async (query) =>
      indexOf((await get(consolePath(id, "/log/places"), query)).found),
    search: async (index, search, from, signal) => {
      const { items, next } = await get(consolePath(id, "/log/search"),
        { search, file: files[index].file, from }, { signal });
      return { lines: items, next };
    },
    follow: (from, signal) => stream(id, "/log",
      { format: "raw", file: files.at(-1).file, from, follow: true }, signal),
  };
}

// kept: the place of the first of these bytes.
function sourceOfHistory(id, kept, bytes, { at = "" }) {
  const [epoch, begin] = kept.split(":");
  const wanted = at.split(":");
  const offset = wanted[0] === epoch ? Number(wanted[1]) - Number(begin) : -1;
  return {
    hasLog: false,
    timed: false,
    files: [{ file: "", bytes: bytes.length, begin: 0 }],
    found: offset >= 0 && offset < bytes.length ? { index: 0, at: offset } : null,
    last: null,
    read: async (index, from, count) => bytes.subarray(from, from + count),
    find: async () => null,
    search: async (index, text) => ({
      lines: linesOf(bytes).map((line) => ({ at: line.at, time: null, line: textOf(line) }))
        .filter(({ line }) => lower(line).includes(lower(text))),
      next: null,
    }),
    // All of it again: nobody has said at which position these bytes end.
    follow: (from, signal) => stream(id, "/history", { format: "raw", follow: true }, signal),
  };
}

// query: what is looked for in it, {at} or {since}, or nothing; then found says
// where it is.
export async function openSource(id, query = {}) {
  const places = await get(consolePath(id, "/log/places"), query);
  if (places.files.length > 0) return sourceOfLog(id, places);
  const from = places.kept.split(":")[1];
  return sourceOfHistory(id, places.kept, await bytesOf(id, "/history", { format: "raw", from }), query);
}

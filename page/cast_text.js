// cast_text.js - a recording (asciicast v2 or v3) as the player takes it. Pure.
//
// The file may be anybody's: a header that asks for a screen of a million
// columns, times that go backwards, a line that was torn. What is not as it has
// to be is left out, and counted.

const COLUMNS_MAX = 500;
const ROWS_MAX = 250;
const HOUR_MS = 3600 * 1000;
const LENGTH_MAX_MS = 1000 * 24 * HOUR_MS;

const isSize = (columns, rows) =>
  Number.isInteger(columns) && Number.isInteger(rows) &&
  columns > 0 && rows > 0 && columns <= COLUMNS_MAX && rows <= ROWS_MAX;

function jsonOf(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

// {version, columns, rows, title}, or an Error that says what is wrong.
function readHeader(line) {
  const header = jsonOf(line);
  if (header === null || typeof header !== "object") throw new Error("This is no recording.");
  const { version } = header;
  if (version !== 2 && version !== 3)
    throw new Error(`Recordings of version ${JSON.stringify(version)} are not known.`);
  const [columns, rows] = version === 2 ? [header.width, header.height]
    : [header.term?.cols, header.term?.rows];
  const isGood = isSize(columns, rows);
  return { version, columns: isGood ? columns : 80, rows: isGood ? rows : 24,
    title: typeof header.title === "string" ? header.title : "" };
}

// What of an event the player may have; null: nothing.
function checked(code, data) {
  if (typeof data !== "string") return null;
  if (code === "o" || code === "i" || code === "m") return [code, data];
  const size = code === "r" && data.match(/^(\d{1,5})x(\d{1,5})$/);
  if (!size || !isSize(Number(size[1]), Number(size[2]))) return null;
  return [code, data];
}

// {columns, rows, title, events: [[ms, code, data]], chapters: [{ms, label}],
//  length (ms), leftOut (lines)}
export function parseCast(text) {
  const end = text.indexOf("\n");
  const { version, ...cast } = readHeader(end < 0 ? text : text.slice(0, end));
  const events = [];
  const chapters = [];
  let leftOut = 0;
  let time = 0;
  for (let from = end + 1; end >= 0 && from < text.length;) {
    const next = text.indexOf("\n", from);
    const line = text.slice(from, next < 0 ? text.length : next);
    from = next < 0 ? text.length : next + 1;
    // A comment of v3; an empty line.
    if (line === "" || line.startsWith("#")) continue;
    const event = jsonOf(line);
    const seconds = Array.isArray(event) ? event[0] : NaN;
    if (typeof seconds !== "number" || !(seconds >= 0)) {
      leftOut++;
      continue;
    }
    time = Math.min(LENGTH_MAX_MS,
      version === 3 ? time + seconds * 1000 : Math.max(time, seconds * 1000));
    if (event[1] === "x") continue; // the end, of v3
    const good = checked(event[1], event[2]);
    if (!good) leftOut++;
    else events.push([time, ...good]);
    if (good?.[0] === "m") chapters.push({ ms: time, label: good[1] });
  }
  return { ...cast, events, chapters, length: time, leftOut };
}

// log.js - the log of a console, from its first byte to what the VM prints now:
// #/log/ID, or #/log/ID?at=EPOCH:POSITION for the line of an alert, or
// #/log/ID?since=TIME.

import { consoleAddress, logFile, recordingsAddress } from "./addresses.js";
import { consolePath, get } from "./api.js";
import { fill, loadStyle, make, say, sayError } from "./dom.js";
import { downloadMenu } from "./download_menu.js";
import { setTitle } from "./frame.js";
import { useKeys } from "./keys.js";
import { makeFind } from "./log_find.js";
import { openSource } from "./log_source.js";
import { makeWindow } from "./log_window.js";
import { errorText, sizeText } from "./words.js";

export const title = "Log";

await loadStyle("/past.css");

// Output is in the file within a tenth of a second, if the disk works; where
// files have no notes of places, nobody knows when.
const WRITTEN_MS = 100;
const WRITTEN_TRIES = 10;

function downloads(id, name, source) {
  const link = (label, format, previous) =>
    [label, logFile(id, name, { format, previous, hasLog: source.hasLog })];
  const several = source.files.length > 1;
  return downloadMenu([
    link("Text", "text"),
    source.timed && link("Text with times", "timed"),
    link("As printed (raw)", "raw"),
    several && link("Text, with rotated files", "text", true),
    several && source.timed && link("Text with times, with rotated files", "timed", true),
    several && link("As printed, with rotated files", "raw", true),
  ]);
}

// Where in all files a place is, from 0 to 1000, and back.
const totalOf = (source) => source.files.reduce((sum, { bytes }) => sum + bytes, 0);

function partOf(source, { index, at }) {
  const before = source.files.slice(0, index).reduce((sum, { bytes }) => sum + bytes, 0);
  return Math.round(1000 * (before + at) / Math.max(1, totalOf(source)));
}

function placeAt(source, part) {
  let left = totalOf(source) * part / 1000;
  for (let index = 0; index < source.files.length; index++) {
    const { bytes } = source.files[index];
    if (left <= bytes || index + 1 === source.files.length)
      return { index, at: Math.floor(Math.min(left, bytes)) };
    left -= bytes;
  }
  return { index: 0, at: 0 };
}

export function show(root, { path, query }) {
  const id = path[0];
  let source = null;
  let isOver = false;
  let follow = null; // an AbortController while what comes is shown

  const scroller = make("div", { class: "log", tabindex: 0, role: "region", "aria-label": "Log" });
  const heading = make("h1", {}, "Log");
  const extra = make("div", { class: "tools" });
  const note = make("p", { class: "faint" });
  const slider = make("input", { type: "range", min: 0, max: 1000, value: 1000, class: "place",
    "aria-label": "Place in the log" });
  const text = make("input", { type: "search", name: "find", placeholder: "Find in the whole log",
    "aria-label": "Find in the whole log", maxlength: 200 });
  const time = make("input", { type: "datetime-local", step: 1, name: "time",
    "aria-label": "Time in UTC" });
  const timeForm = make("form", { hidden: true, onsubmit: jump }, time, make("button", { "aria-label": "Go to this time, in UTC" }, "Go (UTC)"));
  const followButton = make("button", { "aria-pressed": "false", onclick: toggleFollow }, "Follow");
  const log = makeWindow(scroller, { onMove, onError });
  const find = makeFind({ onError, onPick: (place, wanted) => {
    stopFollowing();
    log.show(place, { isTarget: true, wanted });
  } });

  function onError(error) {
    if (error.status === 404)
      say("The log's files have changed. Load the page again to go on.", "error");
    else sayError(error);
  }

  function onMove(place) {
    const part = partOf(source, place);
    if (document.activeElement !== slider) slider.value = part;
    slider.setAttribute("aria-valuetext",
      `${Math.round(part / 10)} % of ${sizeText(totalOf(source))}`);
  }

  async function jump(event) {
    event.preventDefault();
    if (!time.value) return;
    stopFollowing();
    try {
      const place = await source.find({ since: `${time.value}Z` });
      if (place) await log.show(place, { isTarget: true });
    } catch (error) {
      onError(error);
    }
  }

  function stopFollowing() {
    follow?.abort();
    follow = null;
    followButton.setAttribute("aria-pressed", "false");
  }

  // What has come is a part of the files, as soon as it is written.
  async function leaveFollowing() {
    const distance = log.distance();
    stopFollowing();
    try {
      await open({});
      const { last } = source;
      for (let i = 0; last !== null && i < WRITTEN_TRIES && !await source.find({ at: last }); i++)
        await new Promise((done) => setTimeout(done, WRITTEN_MS));
      if (last !== null) await open({});
      if (isOver) return;
      await log.end();
      log.scrollUpBy(distance);
    } catch (error) {
      onError(error);
    }
  }

  async function toggleFollow() {
    if (follow) return leaveFollowing();
    const mine = follow = new AbortController();
    followButton.setAttribute("aria-pressed", "true");
    try {
      await open({});
      if (source.hasLog) await log.end();
      else log.clear();
      if (mine.signal.aborted) return;
      const live = log.beginLive();
      for await (const bytes of source.follow(live.from, mine.signal)) live.take(bytes);
      if (!mine.signal.aborted) say("The log has ended: the console is not there any more.");
    } catch (error) {
      if (!mine.signal.aborted) onError(error);
    }
    if (follow === mine) stopFollowing();
  }

  async function open(wish) {
    source = await openSource(id, wish);
    log.use(source);
  }

  async function start() {
    const [found] = await Promise.all([get(consolePath(id)), open(query)]);
    fill(heading, "Log of ", make("a", { href: consoleAddress(found.id) }, found.name));
    setTitle(`Log of ${found.name}`);
    fill(extra, downloads(found.id, found.name, source),
      source.hasLog ? make("a", { class: "button", href: recordingsAddress(found.id) },
        "Recordings") : null);
    timeForm.hidden = !source.timed;
    if (!source.hasLog)
      fill(note, "This console has no log: this is the last output, which vspcd keeps in memory.");
    if (source.found) return log.show(source.found, { isTarget: true });
    if (query.at || query.since)
      say("The log does not have that place any more, or not yet: this is its end.");
    return log.end();
  }

  const end = () => { stopFollowing(); return log.end(); };
  const begin = () => { stopFollowing(); return log.show({ index: 0, at: 0 }); };

  const endKeys = useKeys([
    ["/", "Find in the whole log", () => text.focus()],
    ["Home", "To the log's beginning", () => source && begin()],
    ["End", "To its end", () => source && end()],
    ["f", "Follow what the VM prints", () => source && toggleFollow()],
  ]);
  // Who looks back does not want to be moved to the end again.
  scroller.addEventListener("wheel", (event) => {
    if (follow && event.deltaY < 0) leaveFollowing();
  }, { passive: true });
  slider.addEventListener("change", () => {
    stopFollowing();
    const part = Number(slider.value);
    if (part >= 1000) log.end();
    else log.show(placeAt(source, part));
  });

  fill(root, make("div", { class: "log-view" },
    make("div", { class: "log-head" }, heading, extra),
    make("div", { class: "tools" },
      make("form", { role: "search", onsubmit: (event) => {
        event.preventDefault();
        if (text.value && source) find.start(source, text.value);
      } }, text, make("button", {}, "Find")),
      timeForm,
      make("span", { class: "places" },
        make("button", { onclick: () => source && begin() }, "Begin"), slider,
        make("button", { onclick: () => source && end() }, "End")),
      followButton),
    note, find.element, scroller));
  start().catch((error) => fill(note, errorText(error)));

  return () => {
    isOver = true;
    stopFollowing();
    find.stop();
    log.stop();
    endKeys();
  };
}

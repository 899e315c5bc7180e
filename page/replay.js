// replay.js - a recording, as it was: /replay.html?recording=ID. A document of
// its own, because the player's terminal is WebAssembly and its markup is made
// of texts, which no other document may do.

import { consoleAddress, recordingFile } from "./addresses.js";
import { get, request } from "./api.js";
import { parseCast } from "./cast_text.js";
import { fill, make } from "./dom.js";
import { lengthText, REASONS, remarks } from "./recording_words.js";
import "./theme.js";
import { clockText, dateText, sizeText } from "./words.js";

// What a browser can have in its memory several times.
const BYTES_MAX = 64 * 1024 * 1024;
const SPEEDS = [0.5, 1, 2, 5, 10];
const IDLE = [["", "as it was"], ["1", "1 s at most"], ["5", "5 s at most"]];

// The player's own markup, which is in its file, and nothing else.
function allowMarkup() {
  globalThis.trustedTypes?.createPolicy("default", {
    createHTML: (text) => (/<script|<iframe|\son\w+=|javascript:/i.test(text) ? null : text),
  });
}

async function load(id) {
  const recording = await get(`/recordings/${encodeURIComponent(id)}`);
  if (recording.bytes > BYTES_MAX)
    throw new Error(`The recording has ${sizeText(recording.bytes)}, which is too much for a browser. ` +
      "Download it, or play it with: vspc play");
  const response = await request("GET", `/recordings/${encodeURIComponent(id)}/cast`, { query: { format: "v2" } });
  return { recording, cast: parseCast(await response.text()) };
}

const choice = (label, values, value, onchange) => make("label", {}, label,
  make("select", { onchange }, ...values.map(([key, text]) =>
    make("option", { value: key, selected: key === value }, text))));

function showCast(root, recording, cast, create) {
  const stage = make("div", { class: "stage" });
  let speed = 1;
  let idle = "1";
  let player = null;

  // The player takes these at its beginning alone.
  async function play(startAt, autoPlay) {
    player?.dispose();
    player = create({ data: cast, parser: ({ columns, rows, events }) => ({ cols: columns, rows, events }) },
      stage, { speed, startAt, autoPlay, idleTimeLimit: idle === "" ? undefined : Number(idle),
        fit: "both", theme: "asciinema", terminalFontFamily: "monospace", cursorMode: "steady",
        preload: true });
    stage.querySelector(".ap-wrapper")?.focus();
  }
  async function again(change) {
    const at = await player.getCurrentTime();
    change();
    await play(at, true);
  }

  const chapters = cast.chapters.map(({ ms, label }, index) =>
    make("li", {}, make("button", { class: "chapter", onclick: () => player.seek({ marker: index }) },
      make("span", { class: "time" }, clockText(ms)), " ", label)));
  const said = remarks(recording);
  if (cast.leftOut > 0) said.push(`${cast.leftOut} lines could not be read`);
  fill(root, make("div", { class: "replay" },
    make("div", { class: "log-head" },
      make("h1", {}, "Recording of ", make("a",
        { href: `/${consoleAddress(recording.console.id)}` }, recording.console.name)),
      make("div", { class: "tools" },
        choice("Speed", SPEEDS.map((n) => [String(n), `${n} ×`]), "1",
          (event) => again(() => { speed = Number(event.target.value); })),
        choice("Pauses", IDLE, idle, (event) => again(() => { idle = event.target.value; })),
        ...[["v2", "Download"], ["text", "Download as text"]].map(([format, label]) =>
          make("a", { class: "button", ...recordingFile(recording, format) }, label)))),
    make("p", { class: "faint" }, [dateText(recording.started), lengthText(recording),
      REASONS[recording.reason] ?? recording.reason,
      recording.by ? `by ${recording.by}` : null, ...said].filter(Boolean).join(" · ")),
    make("div", { class: "replay-body" }, stage,
      chapters.length > 0 ? make("nav", { class: "chapters", "aria-label": "What happened" },
        make("h2", {}, "What happened"), make("ol", {}, ...chapters)) : null)));
  if (cast.events.length > 0) play(0, false);
  else fill(stage, make("p", { class: "empty" }, "Nothing was printed."));
}

async function start() {
  const root = document.getElementById("main");
  const id = new URLSearchParams(location.search).get("recording") ?? "";
  allowMarkup();
  try {
    const { create } = await import("./vendor/asciinema-player/index.js");
    const { recording, cast } = await load(id);
    document.title = `Recording of ${recording.console.name} – vspcd`;
    showCast(root, recording, cast, create);
  } catch (error) {
    fill(root, make("h1", {}, "Recording"), make("p", { class: "bad", role: "alert" }, error.message),
      error.status === 401 ? make("a", { href: "/#/login" }, "Log in") : null);
  }
}

start();

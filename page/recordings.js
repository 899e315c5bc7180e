// recordings.js - the recordings that there are: #/recordings, or of one console
// #/recordings?console=ID.

import { consoleAddress, logAddress, recordingFile, replayAddress } from "./addresses.js";
import { consolePath, get, patternOf, remove } from "./api.js";
import { ask, fill, loadStyle, make, say, sayError } from "./dom.js";
import { downloadMenu } from "./download_menu.js";
import { listen } from "./events.js";
import { setTitle } from "./frame.js";
import { recordButton } from "./record_button.js";
import { lengthText, REASONS, remarks } from "./recording_words.js";
import { dateText, errorText, sizeText } from "./words.js";

export const title = "Recordings";

await loadStyle("/past.css");

const PAGE = 100;

async function forget(recording, refresh) {
  const answer = await ask("Delete this recording?",
    make("p", {}, `The recording of ${recording.console.name} of ` +
      `${dateText(recording.started)} is deleted for everybody, with all its parts.`),
    [["yes", "Delete", "danger"], ["", "Cancel"]]);
  if (answer !== "yes") return;
  try {
    await remove(`/recordings/${encodeURIComponent(recording.id)}`);
    say("The recording was deleted.");
  } catch (error) {
    sayError(error);
  }
  refresh();
}

function row(recording, refresh) {
  const { id, console, started, bytes, by, reason } = recording;
  const when = dateText(started);
  const download = (format, label) => [label, recordingFile(recording, format)];
  const said = remarks(recording);
  return make("tr", {},
    make("td", { "data-label": "Started", class: "nowrap" }, make("a", { href: replayAddress(id),
      "aria-label": `Play the recording of ${console.name}, ${when}` }, "▶ ", when)),
    make("td", { "data-label": "Console", class: "name" },
      make("a", { href: consoleAddress(console.id) }, console.name)),
    make("td", { "data-label": "Length", class: "number" }, lengthText(recording)),
    make("td", { "data-label": "Size", class: "number" }, sizeText(bytes)),
    make("td", { "data-label": "Why", class: "why" }, (REASONS[reason] ?? reason) + (by ? `, ${by}` : ""),
      said.length > 0 ? make("div", { class: "faint" }, said.join(", ")) : null),
    make("td", { "data-label": "", class: "acts" },
      downloadMenu([download("v2", "asciicast v2"), download("v3", "asciicast v3"),
        download("text", "Text")], `the recording of ${console.name}, ${when}`),
      make("button", { class: "quiet danger", onclick: () => forget(recording, refresh),
        "aria-label": `Delete the recording of ${console.name}, ${when}` }, "Delete")));
}

export function show(root, { query }) {
  let offset = 0;
  let turn = 0;
  let timer = null;
  const of = query.console ?? "";
  const heading = make("h1", {}, title);
  const rows = make("tbody");
  const note = make("p", { class: "faint", role: "status" });
  const table = make("table", { class: "cards" },
    make("caption", { class: "spoken" }, title),
    make("thead", {}, make("tr", {}, ...["Started", "Console", "Length", "Size", "Why", ""]
      .map((label) => make(label ? "th" : "td", { scope: label ? "col" : null,
        class: label === "Length" || label === "Size" ? "number" : "" }, label)))), rows);
  const search = make("input", { type: "search", name: "search", size: 28, placeholder: of ? "Find in recordings" : "Console, or text in recordings",
    "aria-label": "Find recordings", oninput: typed });
  const kind = make("select", { name: "kind", "aria-label": "What is looked for", onchange: begin },
    of ? null : make("option", { value: "match" }, "in names"), make("option", { value: "search" }, "in what was printed"));
  const reason = make("select", { name: "reason", "aria-label": "Why", onchange: begin },
    make("option", { value: "" }, "for every reason"),
    ...Object.entries(REASONS).map(([value, label]) => make("option", { value }, label)));
  const since = make("input", { type: "date", name: "since", "aria-label": "Since", onchange: begin });
  const earlier = make("button", { onclick: () => turnTo(offset + PAGE) }, "Earlier");
  const later = make("button", { onclick: () => turnTo(offset - PAGE) }, "Later");
  const record = of ? recordButton(of) : null;

  function wish() {
    const text = search.value.trim();
    const isName = kind.value === "match";
    return {
      limit: PAGE, offset,
      console: of,
      match: isName ? patternOf(text) : "",
      search: isName ? "" : text,
      reason: reason.value,
      since: since.value ? new Date(`${since.value}T00:00:00`).toISOString() : "",
    };
  }

  async function refresh() {
    const mine = ++turn;
    try {
      const { items, total, hidden } = await get("/recordings", wish());
      if (mine !== turn) return;
      fill(rows, ...items.map((one) => row(one, refresh)));
      fill(note, total === 0 ? "There are no such recordings."
        : `${offset + 1}–${offset + items.length} of ${total}` +
          (hidden > 0 ? `; ${hidden} of consoles that you may not read` : ""));
      table.hidden = items.length === 0;
      earlier.disabled = offset + items.length >= total;
      later.disabled = offset === 0;
    } catch (error) {
      if (mine !== turn) return;
      fill(rows);
      table.hidden = true;
      fill(note, errorText(error));
    }
  }

  function turnTo(place) {
    offset = Math.max(0, place);
    refresh();
  }
  function begin() {
    turnTo(0);
  }
  function soon() {
    clearTimeout(timer);
    timer = setTimeout(refresh, 300);
  }
  // Looking into recordings is work: it waits for Enter.
  function typed() {
    offset = 0;
    if (kind.value === "match") soon();
  }

  const acts = make("div", { class: "tools" }, record?.sign, record?.button);
  fill(root, make("div", { class: "log-head" }, heading, acts),
    make("form", { class: "tools", role: "search", onsubmit: (event) => { event.preventDefault(); begin(); } },
      search, kind, reason, make("label", {}, "since", since)),
    table, make("div", { class: "tools" }, note, later, earlier));
  if (of)
    get(consolePath(of)).then((found) => {
      setTitle(`Recordings of ${found.name}`);
      fill(heading, "Recordings of ",
        make("a", { href: consoleAddress(found.id) }, found.name));
      acts.append(make("a", { class: "button", href: logAddress(found.id) }, "Log"));
    }, () => fill(heading, `Recordings of ${of}`));
  const endEvents = listen({
    onGap: refresh,
    onEvent: ({ event }) => { if (event.startsWith("recording-")) soon(); },
  });
  refresh();
  return () => {
    turn++;
    clearTimeout(timer);
    endEvents();
    record?.end();
  };
}

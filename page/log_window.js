// log_window.js - the part of a log that is on the screen, and a little around
// it: pieces of PIECE bytes, loaded before the edges are reached, and dropped
// again at the far end. So a log of any size costs the same memory.
//
// window.show({index, at}) begins there; window.end() at the end. A piece is
// an element with texts; there is no element for each line.

import { fill, make } from "./dom.js";
import { linesOf, markText, timeText, wholeLines } from "./log_text.js";

const PIECE = 64 * 1024;
const PIECES_MAX = 8;
const LIVE_LINES = 500;
const LIVE_LINE = 16 * 1024;
// How many heights of the window are kept ready above and below it.
const AHEAD = 2;

// A piece's lines as texts; the line that `target` is in is one element.
function nodesOf(lines, { target, wanted }) {
  const nodes = [];
  for (const line of lines) {
    const into = target !== null && target >= line.at && target < line.end ? [] : nodes;
    if (line.time) into.push(make("span", { class: "time" }, timeText(line.time)), " ");
    for (const [text, look] of line.parts) {
      const marked = markText(text, wanted)
        .map(([part, isMarked]) => (isMarked ? make("mark", {}, part) : part));
      if (look) into.push(make("span", { class: look }, ...marked));
      else into.push(...marked);
    }
    if (into !== nodes) nodes.push(make("span", { class: "found" }, ...into));
    nodes.push("\n");
  }
  return nodes;
}

// onMove({index, at}): what is at the top of the window now.
export function makeWindow(scroller, { onMove, onError }) {
  let source = null;
  let pieces = []; // {index, at, end, element, isLive}
  let marks = { target: null, wanted: "" };
  let loading = new AbortController();
  let isBusy = false;

  const isWhole = (piece) => piece.end >= source.files[piece.index].bytes;

  function pieceOf(index, { bytes, at }) {
    const element = make("pre", { class: "piece" });
    const isTarget = marks.index === index;
    element.append(...nodesOf(linesOf(bytes, at, source.timed),
      { ...marks, target: isTarget ? marks.target : null }));
    return { index, at, end: at + bytes.length, element, bytes };
  }

  async function readPiece(index, from, to, signal) {
    const file = source.files[index];
    const begin = Math.max(from, file.begin);
    const end = Math.min(to, file.bytes);
    const bytes = end > begin ? await source.read(index, begin, end - begin, signal)
      : new Uint8Array();
    // What was read forward begins at a line: it goes on behind another piece.
    return { bytes, at: begin, file, isEnd: begin + bytes.length >= file.bytes };
  }

  async function readBehind(index, from, signal) {
    const { bytes, at, isEnd } = await readPiece(index, from, from + PIECE, signal);
    return pieceOf(index, wholeLines(bytes, at, { isBegin: true, isEnd }));
  }

  async function readBefore(index, to, signal) {
    const { bytes, at, file } = await readPiece(index, to - PIECE, to, signal);
    return pieceOf(index, wholeLines(bytes, at, { isBegin: at === file.begin, isEnd: true }));
  }

  function dropTop() {
    const height = pieces[0].element.offsetHeight;
    pieces.shift().element.remove();
    scroller.scrollTop -= height;
  }

  function addBottom(piece) {
    pieces.push(piece);
    scroller.append(piece.element);
    while (pieces.length > PIECES_MAX) dropTop();
  }

  function addTop(piece) {
    pieces.unshift(piece);
    scroller.prepend(piece.element);
    scroller.scrollTop += piece.element.offsetHeight;
    while (pieces.length > PIECES_MAX) pieces.pop().element.remove();
  }

  // The piece before the first one; null: that is the log's beginning.
  function loadTop(signal) {
    const { index, at, isLive } = pieces[0];
    if (isLive) return null;
    if (at > source.files[index].begin) return readBefore(index, at, signal);
    return index > 0 ? readBefore(index - 1, source.files[index - 1].bytes, signal) : null;
  }

  function loadBottom(signal) {
    const last = pieces.at(-1);
    if (last.isLive) return null;
    if (!isWhole(last)) return readBehind(last.index, last.end, signal);
    return last.index + 1 < source.files.length
      ? readBehind(last.index + 1, source.files[last.index + 1].begin, signal) : null;
  }

  // The piece for lines that come; a full one is left behind.
  function livePiece(count) {
    const last = pieces.at(-1);
    if (last?.isLive && last.count < LIVE_LINES) {
      last.count += count;
      return last;
    }
    const at = source.files.at(-1).bytes;
    const piece = { isLive: true, index: source.files.length - 1, at, end: at, count,
      element: make("pre", { class: "piece" }) };
    addBottom(piece);
    return piece;
  }

  const room = () => ({
    above: scroller.scrollTop,
    below: scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight,
    ahead: AHEAD * scroller.clientHeight,
  });

  // Loads what is missing around the window, one piece after the other.
  async function settle(signal) {
    for (let more = true; more && !signal.aborted;) {
      const { above, below, ahead } = room();
      more = false;
      if (below < ahead) {
        const piece = await loadBottom(signal);
        if (signal.aborted) return;
        if (piece) addBottom(piece);
        more = Boolean(piece);
      }
      if (above < ahead) {
        const piece = await loadTop(signal);
        if (signal.aborted) return;
        if (piece) addTop(piece);
        more ||= Boolean(piece);
      }
    }
  }

  async function guarded(work) {
    const { signal } = loading;
    isBusy = true;
    scroller.setAttribute("aria-busy", "true");
    try {
      await work(signal);
    } catch (error) {
      if (!signal.aborted) onError(error);
    } finally {
      if (!signal.aborted) {
        isBusy = false;
        scroller.removeAttribute("aria-busy");
      }
    }
  }

  function moved() {
    const top = scroller.getBoundingClientRect().top;
    const piece = pieces.find(({ element }) => element.getBoundingClientRect().bottom > top);
    if (!piece) return;
    const box = piece.element.getBoundingClientRect();
    const part = Math.max(0, top - box.top) / Math.max(1, box.height);
    onMove({ index: piece.index, at: Math.round(piece.at + part * (piece.end - piece.at)) });
  }

  function onScroll() {
    if (!source || pieces.length === 0) return;
    moved();
    if (!isBusy) guarded(settle);
  }
  scroller.addEventListener("scroll", onScroll, { passive: true });

  function restart() {
    loading.abort();
    loading = new AbortController();
    pieces = [];
    fill(scroller);
  }

  function begin(index, first) {
    restart();
    return guarded(async (signal) => {
      const piece = await first(signal);
      if (signal.aborted) return;
      addBottom(piece);
      await settle(signal);
    });
  }

  return {
    use(other) { source = other; },
    // A byte of the log at the top; or, marked, the line that it is in, and the
    // text that it has, in the middle.
    async show({ index, at }, { isTarget = false, wanted = "" } = {}) {
      marks = { index, target: isTarget ? at : null, wanted };
      await begin(index, async (signal) => {
        const from = isTarget ? at - PIECE / 4 : at;
        const { bytes, at: first, isEnd, file } =
          await readPiece(index, from, from + PIECE, signal);
        return pieceOf(index, wholeLines(bytes, first, { isBegin: first === file.begin, isEnd }));
      });
      scroller.querySelector(".found")?.scrollIntoView({ block: "center" });
    },
    async end() {
      const index = source.files.length - 1;
      marks = { target: null, wanted: "" };
      await begin(index, (signal) => readBefore(index, source.files[index].bytes, signal));
      scroller.scrollTop = scroller.scrollHeight;
      moved();
    },
    clear: restart,
    // What comes from now on, behind the end. from: where that begins; take:
    // bytes as they come.
    beginLive() {
      const last = pieces.at(-1);
      let rest = new Uint8Array();
      let from = source.files.at(-1).bytes;
      if (last && last.bytes.length > 0) {
        // A line that may go on is the first of these.
        const begin = last.bytes.lastIndexOf(10) + 1;
        from = last.at + begin;
        last.element.replaceChildren(...nodesOf(
          linesOf(last.bytes.subarray(0, begin), last.at, source.timed), marks));
      }
      const tail = make("span");
      return {
        from,
        take(bytes) {
          const all = new Uint8Array(rest.length + bytes.length);
          all.set(rest);
          all.set(bytes, rest.length);
          const cut = all.lastIndexOf(10) + 1;
          const end = all.length - cut > LIVE_LINE ? all.length : cut;
          const lines = linesOf(all.subarray(0, end));
          rest = all.slice(end);
          livePiece(lines.length).element.append(
            ...nodesOf(lines, { target: null, wanted: marks.wanted }), tail);
          tail.replaceChildren(...nodesOf(linesOf(rest), { target: null, wanted: "" }).slice(0, -1));
          scroller.scrollTop = scroller.scrollHeight;
        },
      };
    },
    // From the end of what is loaded.
    distance: () => room().below,
    scrollUpBy(distance) {
      scroller.scrollTop = scroller.scrollHeight - scroller.clientHeight - distance;
    },
    stop() {
      loading.abort();
      scroller.removeEventListener("scroll", onScroll);
    },
  };
}

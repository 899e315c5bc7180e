// Lines of a log, whatever a VM has printed.
import assert from "node:assert";
import { test } from "node:test";

import { linesOf, markText, partsOf, textOf, wholeLines } from "../../page/log_text.js";

const bytes = (text) => new Uint8Array(Buffer.from(text, "latin1"));

test("lines have places, times and texts", () => {
  const lines = linesOf(bytes("one\r\n2026-01-31T23:59:59.123Z two\nthree"), 100, true);
  assert.deepEqual(lines.map(({ at, end, time }) => [at, end, time]), [
    [100, 105, null], [105, 134, "2026-01-31T23:59:59.123Z"], [134, 139, null]]);
  assert.deepEqual(lines.map(textOf), ["one", "two", "three"]);
  assert.deepEqual(linesOf(bytes("2026-01-31T23:59:59.123Z x"), 0, false).map(textOf),
    ["2026-01-31T23:59:59.123Z x"]);
});

test("colours are names", () => {
  assert.deepEqual(partsOf("a\x1b[1;31mb\x1b[39mc\x1b[0md\x1b[38;5;12me\x1b[38;2;1;2;3mf"),
    [["a", ""], ["b", "red bold"], ["c", "bold"], ["d", ""], ["e", "blue"], ["f", ""]]);
  assert.deepEqual(partsOf("\x1b[48;5;31mx\x1b[mx"), [["xx", ""]]);
});

test("nothing is left of what a terminal would do", () => {
  for (const [from, to] of [
    ["\x1b]0;title\x07text", "text"], ["\x1b]0;title\x1b\\text", "text"], ["a\x1b]0;never ends", "a"],
    ["\x1b[2J\x1b[?25hx\x1b(B", "x"], ["bell\x07\x00!", "bell!"], ["a\u202eb\u200bc\u2028", "abc"],
    ["\u009b31m", "31m"], ["tab\tstays", "tab\tstays"], ["bad \ufffd", "bad \ufffd"],
    ["10 %\r20 %\r\r", "10 %\n20 %"], ["\rfirmware", "firmware"], ["\x1b", ""], ["x\x1b[", "x"],
    ["\u{1f600}é", "\u{1f600}é"]])
    assert.equal(partsOf(from).map(([text]) => text).join(""), to, JSON.stringify(from));
});

test("hostile lines take no long time", () => {
  for (const piece of ["\x1b]", "\x1b[", "\x1b[0;", "\r", "\x1b[31mx"]) {
    const text = piece.repeat(20000);
    partsOf(text);
    linesOf(bytes(text));
  }
  assert.equal(linesOf(bytes("\n".repeat(65536))).length, 65536);
});

test("what was read somewhere is cut to whole lines", () => {
  const of = (text, ends) => {
    const whole = wholeLines(bytes(text), 10, ends);
    return [Buffer.from(whole.bytes).toString(), whole.at];
  };
  assert.deepEqual(of("b\ncd\ne", {}), ["cd\n", 12]);
  assert.deepEqual(of("b\ncd\ne", { isBegin: true }), ["b\ncd\n", 10]);
  assert.deepEqual(of("b\ncd\ne", { isEnd: true }), ["cd\ne", 12]);
  assert.deepEqual(of("bcde", {}), ["bcde", 10]);
  assert.deepEqual(of("bc\nde", {}), ["bc\nde", 10]);
});

test("a text is marked where it stands", () => {
  assert.deepEqual(markText("Kernel Panic: PANIC", "panic"),
    [["Kernel ", false], ["Panic", true], [": ", false], ["PANIC", true]]);
  assert.deepEqual(markText("İ panic", "PANIC"), [["İ ", false], ["panic", true]]);
  assert.deepEqual(markText("a.b", "."), [["a", false], [".", true], ["b", false]]);
  assert.deepEqual(markText("text", ""), [["text", false]]);
});

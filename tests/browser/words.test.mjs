// Texts of numbers, times and errors, and addresses.

import assert from "node:assert/strict";
import { test } from "node:test";

import { logAddress, logFile, recordingFile } from "../../page/addresses.js";
import { patternOf } from "../../page/api.js";
import { ago, clockText, errorText, sizeText } from "../../page/words.js";

const HOSTILE = "500c/s0?a=1&b#";

test("times are clocks", () => {
  assert.deepEqual([0, 61e3, 3723e3].map(clockText), ["00:00", "01:01", "1:02:03"]);
});

test("how long ago something was", () => {
  const now = Date.parse("2026-01-31T12:00:00Z");
  assert.deepEqual([null, "2026-01-31T12:00:09Z", "2026-01-31T11:59:30Z", "2026-01-31T11:57:01Z",
    "2026-01-30T11:00:00Z"].map((time) => ago(time, now)), ["never", "now", "30 s ago", "2 min ago", "1 d ago"]);
});

test("sizes are short", () => {
  assert.deepEqual([0, 999, 1000, 2.5e6, 3e12].map(sizeText), ["0 B", "999 B", "1.0 kB", "2.5 MB", "3000.0 GB"]);
});

test("an error says what helps", () => {
  assert.equal(errorText({ message: "no", hint: null }), "no");
  assert.equal(errorText({ message: "no", hint: "ask" }), "no (ask)");
});

test("a text is looked for in names, a pattern is taken as it is", () => {
  assert.deepEqual(["", "web", "web-?"].map(patternOf), ["", "*web*", "web-?"]);
});

test("nothing that is named leads elsewhere", () => {
  assert.equal(logAddress(HOSTILE, "1:2"), "#/log/500c%2Fs0%3Fa%3D1%26b%23?at=1%3A2");
  assert.deepEqual(logFile(HOSTILE, "../x y", { format: "raw", hasLog: true }),
    { href: "/api/v1/consoles/500c%2Fs0%3Fa%3D1%26b%23/log?format=raw", download: ".._x_y.raw" });
  const { href, download } = recordingFile(
    { id: "../x", console: { name: "a/b" }, started: "2026-01-31T12:00:00.000Z" }, "text");
  assert.equal(href, "/api/v1/recordings/..%2Fx/cast?format=text");
  assert.equal(download, "a_b-2026-01-31T12_00_00.txt");
});

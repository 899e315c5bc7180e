// Where a terminal's first line is in the log.

import assert from "node:assert/strict";
import { test } from "node:test";

import { linesBack } from "../../page/console_earlier.js";

const bytes = new TextEncoder().encode("one\r\ntwo\r\nthree\r\nlogin: ");
const from = (lines) => new TextDecoder().decode(bytes.subarray(linesBack(bytes, lines)));

test("so many lines before the one that goes on", () => {
  assert.equal(from(0), "login: ");
  assert.equal(from(1), "three\r\nlogin: ");
  assert.equal(from(2), "two\r\nthree\r\nlogin: ");
});

test("where there are fewer, all of them", () => {
  for (const lines of [3, 4, 5000]) assert.equal(linesBack(bytes, lines), 0);
  assert.equal(linesBack(new Uint8Array(), 3), 0);
});

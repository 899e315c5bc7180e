// What of a console's view needs no browser: words, pasting, sizes, choices.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mustShow, pace, pasteBytes, visible } from "../../page/console_paste.js";
import { clientText, describe, gapText, lossText, mayDo, whyNotText }
  from "../../page/console_words.js";
import { withControl } from "../../page/console_keys.js";
import { SYSRQ } from "../../page/console_sysrq.js";
import { linkAddress } from "../../page/terminal_guard.js";
import { countFor, fontFor } from "../../page/terminal_size.js";
import { recallConsole, rememberConsole } from "../../page/remember.js";

const status = (more) => ({
  phase: "connected", vm: "connected", you: { right: "admin" }, lock: null, retryAt: null,
  notSent: 0, unsure: 0, refusal: null, whyNot: null, ...more });

test("each state has a sign, a name, and what to do", () => {
  const badges = [
    status(), status({ vm: "none" }), status({ vm: "moving" }), status({ phase: "connecting" }),
    status({ phase: "waiting", retryAt: 5000 }), status({ phase: "replaced" }),
    status({ phase: "refused", refusal: { reason: "R.", hint: "H." } }),
  ].map((one) => describe(one, 1000));
  assert.equal(new Set(badges.map(({ badge }) => badge)).size, badges.length);
  assert.equal(new Set(badges.map(({ sign }) => sign)).size, badges.length - 1);
  assert.match(badges[4].text, /in 4 s/);
  assert.deepEqual(badges.slice(4).map(({ actions }) => actions[0]), ["retry", "take-back", "retry"]);
  assert.equal(badges[6].text, "R. H.");
  for (const vm of ["lost", "constructor", undefined])
    assert.equal(describe(status({ vm }), 0).badge, "VM is not known");
});

test("who has the keyboard is said, and that it can be taken", () => {
  const lock = { by: "bob", reason: "upgrade", may_type: false };
  const words = describe(status({ whyNot: "locked", lock }), 0);
  assert.match(words.text, /bob has the keyboard \(upgrade\)/);
  assert.deepEqual(words.actions, ["take"]);
  assert.deepEqual(describe(status({ whyNot: "locked", lock, you: { right: "write" } }), 0).actions, []);
});

test("a key that does nothing says why", () => {
  for (const why of ["disconnected", "full", "right", "read-only", "locked"])
    assert.match(whyNotText(why, status({ lock: { by: "bob" } })), /sent/);
});

test("losses are counted", () => {
  assert.equal(lossText(status()), null);
  assert.equal(lossText(status({ notSent: 1, unsure: 2000 })),
    "1 byte typed and not sent; 2,000 bytes sent, perhaps not received");
  assert.match(gapText({ reason: "slow", bytes: 12 }), /^12 bytes missing here: this page/);
  assert.match(gapText({ reason: "toString", bytes: null }), /^output missing here: toString$/);
});

test("rights are of an order", () => {
  assert.ok(mayDo({ right: "control" }, "break"));
  assert.ok(!mayDo({ right: "write" }, "break"));
  assert.ok(!mayDo(null, "read") && !mayDo({ right: "else" }, "read"));
  assert.deepEqual(clientText({ name: "", peer: "192.0.2.1:5", door: "telnet", right: "read", mode: "" }),
    { who: "192.0.2.1:5", how: "telnet, watches" });
});

test("each SysRq letter is there once, and what ends something is asked", () => {
  const rows = SYSRQ.filter(({ letter }) => letter);
  assert.equal(new Set(rows.map(({ letter }) => letter)).size, rows.length);
  for (const letter of "bcefikou")
    assert.ok(rows.find((row) => row.letter === letter).isDangerous, letter);
  for (const letter of "hlmpstw")
    assert.ok(!rows.find((row) => row.letter === letter).isDangerous, letter);
});

test("what is pasted is shown where it could do more than it looks", () => {
  assert.ok(!mustShow("ls -l /tmp"));
  for (const text of ["ls\n", "a\tb", "\x1b[A", "a\u202eb", "a\u200bb", "\x85", "x".repeat(1025)])
    assert.ok(mustShow(text), JSON.stringify(text));
  assert.equal(visible("a\r\nb\rc\x1b\x7f\u202e"), "a⏎\nb⏎\nc<1b><7f><U+202E>");
  assert.deepEqual([...pasteBytes("a\r\nb\nc\rd")], [...Buffer.from("a\rb\rc\rd")]);
});

function paceAll(size, isFast, { room = () => 1e9, refuses = () => null } = {}) {
  const sent = [];
  const said = [];
  const world = { time: 0, next: null, sent, said };
  world.cancel = pace(new Uint8Array(size).map((_, i) => i), isFast, {
    room, whyNot: () => refuses(sent.length),
    type(piece) {
      const why = refuses(sent.length);
      if (why === null) sent.push(...piece);
      return why;
    },
    later(ms, f) {
      world.next = () => {
        world.time += ms;
        world.next = null;
        f();
      };
      return () => {
        world.next = null;
      };
    },
    progress: (...args) => said.push(args),
  });
  return world;
}

test("a paste that its own bytes bring to an end says so once", () => {
  const said = [];
  let cancel = null;
  const rest = [];
  cancel = pace(new Uint8Array(100), false, {
    room: () => 1000, whyNot: () => null, later: (ms, f) => (rest.push(f), () => {}),
    type: () => (cancel ? (cancel("disconnected"), "disconnected") : null),
    progress: (...args) => said.push(args),
  });
  for (let i = 0; i < rest.length; i++) rest[i]();
  assert.deepEqual(said.filter(([, , why]) => why !== null), [[52, 100, "disconnected"]]);
});

test("what is pasted goes at 1 KiB a second, or as fast as it goes", () => {
  const slow = paceAll(4096, false);
  while (slow.next) slow.next();
  assert.deepEqual(slow.sent, Array.from({ length: 4096 }, (_, i) => i % 256));
  assert.ok(slow.time > 3800 && slow.time < 4200, `${slow.time}`);
  assert.deepEqual(slow.said.at(-1), [4096, 4096, ""]);
  const fast = paceAll(100_000, true);
  while (fast.next) fast.next();
  assert.equal(fast.sent.length, 100_000);
  assert.ok(fast.time < 50);
});

test("it waits where there is no room, stops where it is refused, and is cancelled", () => {
  let room = 10;
  const waits = paceAll(20, true, { room: () => room });
  room = 0;
  for (let i = 0; i < 5; i++) waits.next();
  assert.equal(waits.sent.length, 10);
  room = 100;
  waits.next();
  assert.deepEqual(waits.said.at(-1), [20, 20, ""]);
  const refused = paceAll(4096, false, { refuses: (sent) => (sent > 100 ? "locked" : null) });
  while (refused.next) refused.next();
  assert.deepEqual(refused.said.at(-1), [refused.sent.length, 4096, "locked"]);
  const cancelled = paceAll(4096, false);
  cancelled.next();
  const before = cancelled.sent.length;
  cancelled.cancel();
  assert.equal(cancelled.next, null);
  assert.deepEqual([cancelled.sent.length, ...cancelled.said.at(-1)], [before, before, 4096, "cancelled"]);
});

test("links lead to http and https", () => {
  assert.equal(linkAddress("https://example.org/x"), "https://example.org/x");
  for (const text of ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "x", "vbscript:x", ""])
    assert.equal(linkAddress(text), null);
});

test("letters are as large as the room allows", () => {
  const cell = { width: 0.6, height: 1.2 };
  assert.equal(fontFor({ columns: 80, rows: 24 }, cell, { width: 960, height: 10000 }), 20);
  assert.equal(fontFor({ columns: 80, rows: 24 }, cell, { width: 1e6, height: 1e6 }), 24);
  assert.equal(fontFor({ columns: 132, rows: 43 }, cell, { width: 100, height: 100 }), 6);
  assert.deepEqual(countFor({ width: 10, height: 20 }, { width: 805, height: 485 }), { columns: 80, rows: 24 });
});

test("Ctrl makes control characters of letters", () => {
  const of = (text) => [...withControl(new TextEncoder().encode(text))];
  assert.deepEqual([of("c"), of("C"), of("["), of("@")], [[3], [3], [27], [0]]);
  assert.deepEqual([of("1"), of("ü"), of("ab")], [[49], [195, 188], [97, 98]]);
});

test("what is remembered may be garbage", () => {
  const kept = new Map();
  globalThis.localStorage = {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => kept.set(name, value),
  };
  for (const garbage of ["", "{", "null", "7", "[]", "{\"u/1\": 7}", "{\"u/1\": null}"]) {
    kept.set("vspcd.console", garbage);
    assert.deepEqual(recallConsole("u/1"), {});
    assert.deepEqual(recallConsole("toString"), {});
  }
  kept.clear();
  for (let i = 0; i < 400; i++) rememberConsole(`u/${i}`, { size: "fit" });
  assert.equal(Object.keys(JSON.parse(kept.get("vspcd.console"))).length, 300);
  assert.deepEqual(recallConsole("u/399"), { size: "fit" });
  globalThis.localStorage.setItem = () => {
    throw new Error("full");
  };
  rememberConsole("u/1", {});
});

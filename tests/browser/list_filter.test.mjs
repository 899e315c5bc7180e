// What a filter of the list of consoles finds.

import assert from "node:assert/strict";
import { test } from "node:test";

import { parseFilter } from "../../page/list_filter.js";
import { rowOf } from "../../page/list_rows.js";

const row = (name, more = {}) => rowOf({
  id: "500c1e2f-3341-5a6b-7c8d-9eafb0c1d2e3/s0", name, state: "connected", host: "10.0.1.17", clients: 0,
  last_output: null, locked_by: null, last_line: null, ...more,
});

const finds = (text, name, more, clients) =>
  parseFilter(text).test(row(name, more), clients);

test("all words have to be there, in any order and case", () => {
  assert.ok(finds("", "web-01"));
  assert.ok(finds("WEB 01", "web-01"));
  assert.ok(finds("01 web", "Web-01"));
  assert.ok(!finds("web 02", "web-01"));
});

test("words are looked for in the name, the label, the host and the UUID", () => {
  assert.ok(finds("10.0.1.", "web"));
  assert.ok(finds("9eafb0", "web"));
  assert.ok(finds("s0", "web"));
  assert.ok(!finds("panic", "web", { last_line: "panic" }));
});

test("a word in quotes has blanks", () => {
  assert.ok(finds('"my vm"', "this is my vm"));
  assert.ok(!finds('"my vm"', "my other vm"));
  assert.ok(finds('"my vm', "this is my vm"), "it is being typed");
});

test("a minus means that it is not there", () => {
  assert.ok(!finds("-test", "web-test"));
  assert.ok(finds("web -test", "web-01"));
  assert.ok(finds("-state:none", "web-01"));
});

test("regular expressions are for the name", () => {
  assert.ok(finds("/^web-\\d+$/", "WEB-01"));
  assert.ok(!finds("/^web-\\d+$/", "web-01a"));
  assert.ok(finds("-/^db/", "web-01"));
  assert.ok(finds("/a\\/b/", "a/b"));
});

test("what is no regular expression is said, and leaves the list as it is", () => {
  const filter = parseFilter("web /(/");
  assert.match(filter.problem, /regular expression/);
  assert.ok(filter.test(row("web-01")));
  assert.equal(parseFilter("web").problem, null);
});

test("members", () => {
  assert.ok(finds("state:none", "a", { state: "none" }));
  assert.ok(finds("state:conn", "a"));
  assert.ok(!finds("state:moving", "a"));
  assert.ok(finds("host:10.0.1.", "a"));
  assert.ok(!finds("host:0.1.", "a"));
  assert.ok(!finds("host:1", "a", { host: null }));
  assert.ok(finds('line:"kernel panic"', "a", { last_line: "Kernel panic - not" }));
  assert.ok(finds("is:locked", "a", { locked_by: "alice" }));
  assert.ok(!finds("is:locked", "a"));
  assert.ok(finds("is:alert", "a", { alerts: { count: 1, worst: "info" } }));
  assert.ok(!finds("is:alert", "a"));
});

test("clients are known by what was loaded of them", () => {
  const clients = new Map([[row("a").id, ["Alice", "bob"]]]);
  assert.ok(finds("client:ali", "a", {}, clients));
  assert.ok(!finds("client:carol", "a", {}, clients));
  assert.ok(!finds("client:ali", "a"));
  assert.ok(finds("client:*", "a", { clients: 2 }));
  assert.ok(parseFilter("client:ali").wantsClients);
  assert.ok(!parseFilter("client:*").wantsClients);
});

test("a word with a colon that is no member is a word", () => {
  assert.ok(finds("fe80:1", "fe80:1::2"));
  assert.ok(finds("a:b", "x a:b"));
  assert.ok(!finds("a:b", "a b"));
});

test("any text is a filter", () => {
  for (const text of ['"', "-", "/", "//", "state:", "-state:", ":", "::", '-"', "client:", "\\", "*", "/[/ /a",
    "is:", "\u202e", '""', "constructor:x", "__proto__:x", "toString:y"])
    assert.equal(typeof parseFilter(text).test(row("web-01")), "boolean", text);
});

test("what the inventory has", () => {
  const more = { inventory: { folder: "/Prod/web", host: "ESX-31", owner: "Alice", tags: ["web", "linux x"] } };
  for (const text of ["folder:/prod/", "owner:ali", "tag:web", 'tag:"linux x"', "host:esx-3", "host:10.0.", "prod alice",
    "linux", "-folder:/lab"])
    assert.ok(finds(text, "a", more), text);
  for (const text of ["folder:prod", "owner:bob", "tag:linux", "tag:we", "host:esx-4", "-owner:alice"])
    assert.ok(!finds(text, "a", more), text);
  for (const text of ["folder:/", "owner:a", "tag:web"]) assert.ok(!finds(text, "a", { inventory: null }), text);
});

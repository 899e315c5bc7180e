// The order and the groups of the list of consoles.

import assert from "node:assert/strict";
import { test } from "node:test";

import { entriesOf, isGroup, isSort, listedCount, makePlaces, makeRows, prefixOf, sortRows, rowOf } from "../../page/list_rows.js";

let number = 0;
const item = (name, more = {}) => ({
  id: `${number++}/s0`, name, state: "connected", host: "10.0.0.1", clients: 0, last_output: null,
  locked_by: null, last_line: null, ...more,
});
const rowsOf = (...names) => names.map((name) => rowOf(typeof name === "string" ? item(name) : name));
const names = (rows) => rows.map((row) => row.name);
const all = () => true;
const shown = (entries) => entries.map((e) => (isGroup(e) ? `${e.group}: ${e.members}` : e.name));

test("numbers in names are in the order of their size", () => {
  assert.deepEqual(names(sortRows(rowsOf("web-10", "Web-2", "web-1", "db"), "name")),
    ["db", "web-1", "Web-2", "web-10"]);
  assert.deepEqual(names(sortRows(rowsOf("a2", "a10"), "-name")), ["a10", "a2"]);
});

test("each column has its order, and the name decides where it does not", () => {
  const rows = () => rowsOf(
    item("c", { state: "none", clients: 2, host: "10.0.0.9", last_line: "b", typist: "zoe" }),
    item("b", { last_output: "2026-01-02T00:00:00.000Z", host: "10.0.0.10", locked_by: "al" }),
    item("a", { state: "moving", last_output: "2026-01-01T00:00:00.000Z", host: null, last_line: "a" }));
  for (const [sort, order] of [["state", "bac"], ["clients", "cab"], ["activity", "bac"], ["host", "cba"],
    ["line", "acb"], ["writer", "bca"], ["-state", "cab"], ["-clients", "bac"]])
    assert.equal(names(sortRows(rows(), sort)).join(""), order, sort);
  assert.ok(isSort("-host") && !isSort("constructor") && !isSort("") && !isSort(null));
});

test("those with the worst alerts come first, and then those with the most", () => {
  const rows = rowsOf("a", item("b", { alerts: { count: 9, worst: "warning" } }),
    item("c", { alerts: { count: 1, worst: "critical" } }), item("d", { alerts: { count: 10, worst: "warning" } }));
  assert.equal(names(sortRows(rows, "alerts")).join(""), "cdba");
});

test("a prefix ends with what separates it, or before a digit", () => {
  for (const [name, prefix] of [["web-01", "web-"], ["db01", "db"], ["mail.example", "mail."], ["alone", ""],
    ["01", ""], ["", ""], ["-x", ""], ["my vm", "my "], [`${"x".repeat(10000)}-1`, ""]])
    assert.equal(prefixOf(name), prefix, name.slice(0, 20));
});

test("groups have those that share a prefix; the others stand last", () => {
  const rows = rowsOf("web-1", "alone", "db-1", "web-2", "mail-1", "db-2");
  const wish = { test: all, sort: "name", isGrouped: true };
  assert.deepEqual(shown(entriesOf(rows, wish)),
    ["db-: 2", "db-1", "db-2", "web-: 2", "web-1", "web-2", ": 2", "alone", "mail-1"]);
  assert.deepEqual(shown(entriesOf(rows, { ...wish, folded: new Set(["web-", ""]) })),
    ["db-: 2", "db-1", "db-2", "web-: 2", ": 2"]);
});

test("a group says how many are connected", () => {
  const rows = rowsOf("web-1", item("web-2", { state: "none" }));
  assert.equal(entriesOf(rows, { test: all, sort: "name", isGrouped: true })[0].connected, 1);
});

test("what does not pass the filter is in no group", () => {
  const rows = rowsOf("web-1", "web-2", "db-1", "db-2");
  const wish = { test: (row) => row.name.startsWith("db"), sort: "name", isGrouped: true };
  assert.deepEqual(shown(entriesOf(rows, wish)), ["db-: 2", "db-1", "db-2"]);
});

test("an answer about some VMs replaces these alone", () => {
  const rows = makeRows();
  rows.replace([item("a", { id: "u1/s0" }), item("b", { id: "u1/s1" }), item("c", { id: "u2/s0" })]);
  rows.update(new Set(["u1", "u9"]), [item("B", { id: "u1/s1" })]);
  assert.deepEqual(names(rows.all()).sort(), ["B", "c"]);
  rows.replace([]);
  assert.equal(rows.size(), 0);
});

test("very many rows are sorted and filtered without a quadratic cost", () => {
  const many = (n) => Array.from({ length: n }, (_, i) => rowOf(item(`web-${(i * 7919) % n}`)));
  let compared = 0;
  const wish = { test: () => (compared++, true), sort: "name" };
  assert.equal(entriesOf(many(10000), wish).length, 10000);
  assert.equal(compared, 10000);
});

test("rows keep their places while somebody is at the list", () => {
  const places = makePlaces(4000);
  const [a, b, c, d] = rowsOf("a", "b", "c", "d");
  const keep = (now, ...rows) => names(places.keep(rows, now)).join("");
  assert.equal(keep(0, a, b, c), "abc");
  places.touch(1000);
  assert.equal(keep(2000, c, b, a), "abc");
  assert.equal(keep(2000, d, c, a), "acd", "one has gone, and one has come");
  assert.equal(keep(4999, d, c, b, a), "acdb");
  assert.equal(keep(5000, d, c, b, a), "dcba");
  places.touch(6000);
  places.reset();
  assert.equal(keep(6000, a, b), "ab", "another order was asked for");
});

test("consoles are counted, also those of a group that is folded", () => {
  const rows = rowsOf("web-1", "web-2", "db-1", "db-2", "x");
  const wish = { test: all, sort: "name", isGrouped: true, folded: new Set(["db-"]) };
  assert.equal(listedCount(entriesOf(rows, wish)), 5);
});

test("a folder of the inventory is a group, with one VM too", () => {
  const inventory = (folder) => ({ folder, host: null, owner: null, tags: [] });
  const rows = rowsOf(item("web-1", { inventory: inventory("/prod") }), item("x", { inventory: inventory("/lab") }),
    item("web-2", { inventory: inventory("/prod") }), item("web-3", { inventory: inventory(null) }),
    item("web-4", { inventory: null }), "alone");
  assert.deepEqual(shown(entriesOf(rows, { test: all, sort: "name", isGrouped: true })),
    ["/lab: 1", "x", "/prod: 2", "web-1", "web-2", "web-: 2", "web-3", "web-4", ": 1", "alone"]);
});

// What a plot says and draws.
import assert from "node:assert";
import { test } from "node:test";

import { pointsOf, words } from "../../page/plot.js";

const timeOf = (index) => `14:0${index}`;

test("a level is said in words", () => {
  assert.equal(words({ title: "VMs", values: [9812, 9790, null, 9811], timeOf, kind: "level" }),
    "VMs: 9,811, lowest 9,790 at 14:01, highest 9,812 at 14:00");
  assert.equal(words({ title: "VMs", values: [7, 7], timeOf, kind: "level" }), "VMs: 7, always");
  assert.equal(words({ title: "VMs", values: [null], timeOf, kind: "level" }), "VMs: nothing is known yet");
});

test("a count is said in words", () => {
  assert.equal(words({ title: "Moves", values: [0, 2, 1, 0], timeOf, kind: "count" }),
    "Moves: 3, the last at 14:02");
  assert.equal(words({ title: "Moves", values: [0, 0], timeOf, kind: "count" }), "Moves: 0");
});

test("many values are few points, and no extreme is lost", () => {
  const values = Array.from({ length: 1440 }, (_, i) => (i === 777 ? 5000 : i === 778 ? null : 10));
  const points = pointsOf(values, 150);
  assert.ok(points.length <= 150);
  assert.equal(Math.max(...points.map(({ high }) => high)), 5000);
  assert.equal(points.reduce((all, { sum }) => all + sum, 0), 1438 * 10 + 5000);
  assert.deepEqual(pointsOf([]), []);
  assert.deepEqual(pointsOf([null, 1]), [null, { at: 1, low: 1, high: 1, sum: 1 }]);
});

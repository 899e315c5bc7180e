// Recordings, whoever has written them.
import assert from "node:assert";
import { test } from "node:test";

import { parseCast } from "../../page/cast_text.js";

const V2 = '{"version":2,"width":132,"height":43,"title":"<b>"}\n';
const V3 = '{"version":3,"term":{"cols":132,"rows":43}}\n';

test("both versions say the same", () => {
  const two = parseCast(V2 + '[1,"o","a"]\n[1.5,"m","VM moved"]\n[3,"r","80x24"]\n[3,"i","x"]\n');
  const three = parseCast(V3 + '# a comment\n[1,"o","a"]\n[0.5,"m","VM moved"]\n[1.5,"r","80x24"]\n' +
    '[0,"i","x"]\n[1,"x","0"]\n');
  const events = [[1000, "o", "a"], [1500, "m", "VM moved"], [3000, "r", "80x24"], [3000, "i", "x"]];
  assert.deepEqual(two.events, events);
  assert.deepEqual(three.events, events);
  assert.deepEqual(two.chapters, [{ ms: 1500, label: "VM moved" }]);
  assert.deepEqual([two.columns, two.rows, two.title, two.length], [132, 43, "<b>", 3000]);
  assert.equal(three.length, 4000);
  assert.equal(two.leftOut + three.leftOut, 0);
});

test("what is torn or hostile is left out", () => {
  const cast = parseCast(V2 + ['[1,"o","a"]', '[2,"r","99999x99999"]', '[2,"r","0x24"]', '[2,"r"]',
    '[-1,"o","b"]', '["1","o","b"]', '[1e999,"o","c"]', '{"a":1}', "null", "", '[4,"q","?"]', '[5,"o",7]',
    '[0.5,"o","late"]', '[9,"o","to'].join("\n"));
  assert.deepEqual(cast.events.map(([, , data]) => data), ["a", "c", "late"]);
  assert.ok(cast.events.every(([time], i, all) => i === 0 || time >= all[i - 1][0]));
  assert.ok(Number.isFinite(cast.length));
  assert.equal(cast.leftOut, 10);
  for (const [width, height] of [[1e9, 24], [80, -1], ["80", 24], [80.5, 24]]) {
    const size = parseCast(`${JSON.stringify({ version: 2, width, height })}\n`);
    assert.deepEqual([size.columns, size.rows], [80, 24]);
  }
  for (const text of ["", "x", "[]", "null", '{"version":1}', '{"version":2', '{}'])
    assert.throws(() => parseCast(text), Error, text);
});

// The connection by which the page is told what happens.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ago } from "../../page/words.js";
import { makeStream } from "../../page/events.js";
import { serverNow } from "../../page/server_clock.js";

// A stream whose time and connections are the test's.
function makeWorld() {
  const world = { opened: [], timers: [], said: [] };
  const stream = makeStream((after) => {
    const socket = { after, close: () => (socket.isClosed = true) };
    world.opened.push(socket);
    return socket;
  }, {
    later: (f, ms) => (world.timers.push({ f, ms }), world.timers.at(-1)),
    never: (timer) => (world.timers = world.timers.filter((other) => other !== timer)),
    random: () => 1,
  });
  world.hurry = stream.hurry;
  world.renew = stream.renew;
  world.listen = (name = "") => stream.listen({
    onEvent: ({ id }) => world.said.push(name + id),
    onGap: () => world.said.push(`${name}gap`),
    onLost: () => world.said.push(`${name}lost`),
  });
  world.socket = () => world.opened.at(-1);
  world.give = (event) => world.socket().onmessage({ data: JSON.stringify(event) });
  // The next timer, which must be of this length.
  world.pass = (ms) => {
    const timer = world.timers.find((one) => one.ms === ms);
    assert.ok(timer, `a timer of ${ms} among ${world.timers.map((one) => one.ms)}`);
    world.timers = world.timers.filter((one) => one !== timer);
    timer.f();
  };
  return world;
}

test("the first place tells that all is to be loaded, and events follow", () => {
  const world = makeWorld();
  world.listen();
  assert.equal(world.socket().after, null);
  world.give({ id: "e-1", event: "place" });
  world.give({ id: "e-2", event: "vm-up" });
  assert.deepEqual(world.said, ["gap", "e-2"]);
});

test("the clock is vspcd's", () => {
  const world = makeWorld();
  world.listen();
  for (const [ahead, most] of [[-7200_000, 1000], [3600_000, 1000], [500, 0]]) {
    const time = Date.now() + ahead;
    world.give({ id: "e-1", event: "place", time: new Date(time).toISOString() });
    const off = serverNow() - Date.now();
    assert.ok(Math.abs(off - (most && ahead)) <= most, `${ahead}: ${off}`);
    if (most) assert.equal(ago(new Date(time - 90_000).toISOString()), "1 min ago");
  }
  const before = serverNow();
  for (const time of [undefined, "", "yesterday", {}, null])
    world.give({ id: "e-2", event: "place", time });
  assert.ok(serverNow() - before < 1000);
});

test("a connection that is lost continues behind what has come", () => {
  const world = makeWorld();
  world.listen();
  world.give({ id: "e-1", event: "place" });
  world.give({ id: "e-2", event: "vm-up" });
  world.socket().onclose();
  world.pass(500);
  assert.equal(world.socket().after, "e-2");
  world.give({ id: "e-3", event: "vm-down" });
  assert.deepEqual(world.said, ["gap", "e-2", "lost", "e-3"]);
});

test("after a sleep there is another connection at once, if there was one", () => {
  const world = makeWorld();
  world.renew();
  assert.equal(world.opened.length, 0);
  world.listen();
  world.give({ id: "e-1", event: "place" });
  world.renew();
  assert.ok(world.opened[0].isClosed);
  assert.equal(world.opened.length, 2);
  assert.equal(world.socket().after, "e-1");
  world.socket().onclose();
  world.renew();
  assert.equal(world.opened.length, 3);
  assert.equal(world.timers.length, 1);
});

test("a gap is a gap", () => {
  const world = makeWorld();
  world.listen();
  world.give({ id: "e-1", event: "place" });
  world.give({ id: "e-9", event: "gap", lost: 7 });
  assert.deepEqual(world.said, ["gap", "gap"]);
});

test("it is tried more and more seldom, and at once when the network is back", () => {
  const world = makeWorld();
  world.listen();
  for (const ms of [500, 1000, 2000, 4000, 8000, 15000, 15000]) {
    world.socket().onclose();
    world.pass(ms);
  }
  assert.equal(world.opened.length, 8);
  world.socket().onclose();
  world.hurry();
  assert.equal(world.opened.length, 9);
  world.hurry();
  assert.equal(world.opened.length, 9, "it is connecting already");
  world.give({ id: "e-1", event: "place" });
  world.socket().onclose();
  world.pass(500);
});

test("a connection in which nothing comes is lost", () => {
  const world = makeWorld();
  world.listen();
  const first = world.socket();
  world.give({ id: "e-1", event: "place" });
  world.pass(40000);
  assert.ok(first.isClosed);
  world.pass(500);
  assert.equal(world.socket().after, "e-1");
  first.onmessage({ data: JSON.stringify({ id: "e-0", event: "vm-up" }) });
  first.onclose();
  assert.deepEqual(world.said, ["gap", "lost"], "what is left of it counts no more");
});

test("all listen to one connection, which ends with the last of them", () => {
  const world = makeWorld();
  const ends = [world.listen("a "), world.listen("b ")];
  world.give({ id: "e-1", event: "place" });
  world.give({ id: "e-2", event: "vm-up" });
  assert.deepEqual(world.said, ["a gap", "b gap", "a e-2", "b e-2"]);
  world.said.length = 0;
  ends.push(world.listen("c "));
  assert.deepEqual(world.said, ["c gap"], "it knows nothing yet");
  for (const end of ends) end();
  assert.ok(world.socket().isClosed);
  assert.equal(world.timers.length, 0);
  ends[0]();
  assert.equal(world.opened.length, 1);
  world.listen();
  assert.equal(world.socket().after, null);
});

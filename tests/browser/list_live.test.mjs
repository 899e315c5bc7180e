// How the list of consoles is kept as it is.

import assert from "node:assert/strict";
import { test } from "node:test";

import { follow } from "../../page/list_live.js";
import { makeRows } from "../../page/list_rows.js";

const item = (uuid, more = {}) => ({
  id: `${uuid}/s0`, name: uuid, state: "connected", host: null, clients: 0, last_output: null, locked_by: null,
  last_line: null, ...more,
});

// Time, the API and the events are the test's.
function makeWorld(items = [item("u1"), item("u2")]) {
  const world = { items, asked: [], now: 0, timer: null, changes: 0, isSeen: true, seen: [], cost: 0,
    wantsClients: false, failure: null, people: [], alerts: [], alertsAsked: 0 };
  const rows = makeRows();
  const get = async (path, { uuids }) => {
    if (path === "/alerts") {
      world.alertsAsked++;
      if (Array.isArray(world.alerts)) return { items: world.alerts };
      throw Object.assign(new Error("no"), { status: world.alerts });
    }
    world.asked.push(path === "/who" ? "who" : uuids ?? "all");
    world.now += world.cost;
    if (world.failure) throw Object.assign(new Error("no"), { status: world.failure });
    if (path === "/who") return { items: world.people };
    const wanted = uuids?.split(",");
    return { hidden: 3, items: world.items.filter(({ id }) => !wanted || wanted.includes(id.split("/")[0])) };
  };
  const live = follow({
    rows, get,
    listen: (listener) => {
      world.tell = listener;
      return () => (world.tell = null);
    },
    isSeen: () => world.isSeen,
    seen: () => world.seen,
    wantsClients: () => world.wantsClients,
    onChange: (known) => {
      world.changes++;
      world.known = known;
    },
    time: {
      now: () => world.now,
      later: (f, ms) => (world.timer = { f, at: world.now + ms }),
      never: () => (world.timer = null),
    },
  });
  // The next thing that time brings.
  world.pass = async () => {
    const { f, at } = world.timer;
    world.timer = null;
    const from = world.now;
    world.now = at;
    await f();
    return at - from;
  };
  world.event = (uuid) => world.tell.onEvent({ uuid, event: "vm-up" });
  world.alertsOf = (id) => rows.get(id).alerts;
  world.names = () => rows.all().map(({ name }) => name);
  return Object.assign(world, live);
}

async function loaded(...given) {
  const world = makeWorld(...given);
  world.tell.onGap();
  await world.pass();
  world.asked.length = 0;
  return world;
}

test("all is loaded once the events are there, or without them", async () => {
  const world = makeWorld();
  world.tell.onGap();
  assert.equal(await world.pass(), 0);
  assert.deepEqual([world.asked, world.names(), world.known.hidden], [["all"], ["u1", "u2"], 3]);
  const alone = makeWorld();
  await alone.pass();
  assert.deepEqual(alone.asked, ["all"]);
});

test("an event makes its VM be asked for, soon, and others with it", async () => {
  const world = await loaded();
  world.items = [item("u1", { name: "new" })];
  world.event("u1");
  world.event("u1");
  world.event("u2");
  assert.equal(await world.pass(), 300);
  assert.deepEqual(world.asked, ["u1,u2"]);
  assert.deepEqual(world.names(), ["new"]);
});

test("what is seen is asked for again every few seconds", async () => {
  const world = await loaded();
  world.seen = ["u2"];
  assert.equal(await world.pass(), 3000);
  assert.equal(await world.pass(), 3000);
  assert.deepEqual(world.asked, ["u2", "u2"]);
  world.seen = [];
  await world.pass();
  assert.equal(world.asked.length, 2, "nothing is seen");
});

test("a thousand events a second are few requests", async () => {
  const world = await loaded(Array.from({ length: 5000 }, (_, i) => item(`u${i}`)));
  world.cost = 50;
  for (let second = 0, next = 0; second < 10; second++) {
    const until = world.now + 1000;
    for (let i = 0; i < 1000; i++) world.event(`u${next++ % 5000}`);
    while (world.timer.at < until) await world.pass();
    world.now = Math.max(world.now, until);
  }
  assert.ok(world.asked.length < 45, `${world.asked.length} requests`);
  assert.ok(world.asked.filter((one) => one === "all").length <= 5);
  for (const one of world.asked) assert.ok(one.split(",").length <= 100);
});

test("a list that costs the server much is loaded seldom", async () => {
  const world = makeWorld();
  world.cost = 1000;
  world.tell.onGap();
  await world.pass();
  const from = world.now;
  world.tell.onGap();
  while (world.asked.filter((one) => one === "all").length < 2) await world.pass();
  assert.ok(world.now - from >= 20000, `${world.now - from} ms`);
});

test("after a gap all is loaded; and each minute", async () => {
  const world = await loaded();
  world.now += 5000;
  world.tell.onGap();
  await world.pass();
  assert.deepEqual(world.asked, ["all"]);
  while (world.asked.length < 2) await world.pass();
  assert.ok(world.now > 60000);
  assert.deepEqual(world.asked, ["all", "all"]);
});

test("a page that nobody sees asks for nothing, and for all when it is seen", async () => {
  const world = await loaded();
  world.isSeen = false;
  await world.pass();
  assert.equal(world.timer, null);
  world.event("u1");
  assert.equal(world.timer, null);
  world.asked.length = 0;
  world.isSeen = true;
  world.now += 100000;
  world.wake();
  await world.pass();
  assert.deepEqual(world.asked, ["all"]);
});

test("what fails is tried again, more and more seldom", async () => {
  const world = await loaded();
  world.now += 5000;
  world.failure = 503;
  world.event("u1");
  await world.pass();
  const waits = [];
  for (let i = 0; i < 6; i++) waits.push(await world.pass());
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 15000, 15000]);
  assert.deepEqual(world.names(), ["u1", "u2"], "what was known is still shown");
  world.failure = null;
  await world.pass();
  assert.equal(world.asked.at(-1), "all");
  assert.equal(await world.pass(), 3000);
});

test("an event that comes while its VM is asked for counts", async () => {
  const world = await loaded();
  world.event("u1");
  const answer = world.pass();
  world.event("u1");
  await answer;
  assert.equal(await world.pass(), 300);
  assert.deepEqual(world.asked, ["u1", "u1"]);
});

test("a UUID with a comma is no list of UUIDs", async () => {
  const world = await loaded();
  world.now += 5000;
  world.event("u,1");
  await world.pass();
  assert.deepEqual(world.asked, ["all"]);
});

test("names of clients are loaded where they are looked for", async () => {
  const world = await loaded();
  world.wantsClients = true;
  world.people = [{ name: "alice", clients: [{ console_id: "u1/s0" }, { console_id: "u2/s0" }] },
    { name: null, address: "10.0.0.7", clients: [{ console_id: "u1/s0" }] }];
  await world.pass();
  assert.deepEqual(world.known.clients.get("u1/s0"), ["alice", "10.0.0.7"]);
});

test("open alerts are loaded with all, and when there is one", async () => {
  const world = await loaded();
  assert.equal(world.alertsAsked, 1);
  assert.equal(world.alertsOf("u1/s0").count, 0);
  world.alerts = ["warning", "critical", "info"].map((severity) => ({ console: { id: "u1/s0" }, severity }));
  world.event("u1");
  await world.pass();
  assert.equal(world.alertsAsked, 1);
  world.tell.onEvent({ uuid: "u1", event: "alert" });
  await world.pass();
  assert.deepEqual(world.alertsOf("u1/s0"), { count: 3, worst: "critical" });
  world.event("u1");
  await world.pass();
  assert.equal(world.alertsOf("u1/s0").count, 3, "a row that is loaded again keeps them");
  world.alerts = [];
  world.tell.onEvent({ uuid: "u1", event: "alert-acknowledged" });
  await world.pass();
  assert.equal(world.alertsOf("u1/s0").count, 0);
});

test("alerts that cannot be had are none, and nothing waits for them", async () => {
  const world = makeWorld();
  world.alerts = 503;
  world.tell.onGap();
  await world.pass();
  assert.deepEqual(world.names(), ["u1", "u2"]);
  assert.equal(await world.pass(), 3000);
});

test("it ends", async () => {
  const world = await loaded();
  world.end();
  assert.equal(world.tell, null);
  assert.equal(world.timer, null);
});

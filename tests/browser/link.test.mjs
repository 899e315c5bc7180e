// The state machine of a console's connection (page/link.js), without browser,
// clock or network.

import assert from "node:assert/strict";
import { test } from "node:test";
import { makeLink } from "../../page/link.js";
import { waitTime } from "../../page/link_words.js";

// Time that goes on when it is told to; sockets that do what a test says.
function makeWorld({ diagnosis = null } = {}) {
  const world = {
    time: 0, timers: [], sockets: [], states: [], shown: [], gaps: [], fresh: 0, said: [],
    people: [], pending: [], labels: 0, status: null,
  };
  const io = {
    now: () => world.time,
    later(ms, f) {
      const timer = { at: world.time + ms, f };
      world.timers.push(timer);
      return () => {
        world.timers = world.timers.filter((one) => one !== timer);
      };
    },
    random: () => 0,
    newLabel: () => `label-${++world.labels}`,
    diagnose: async () => diagnosis,
    open(query) {
      const socket = {
        query, sent: [], closed: null,
        send(data) {
          socket.sent.push(data);
        },
        close(code) {
          socket.closed = code ?? 0;
        },
      };
      world.sockets.push(socket);
      return socket;
    },
  };
  world.link = makeLink(io, {
    state(status) {
      world.status = status;
      world.states.push(status.phase);
    },
    output: (bytes, done) => {
      for (const byte of bytes) world.shown.push(byte);
      world.pending.push(done);
    },
    gap: (gap) => world.gaps.push(gap),
    fresh: () => {
      world.fresh++;
      world.shown = [];
    },
    said: (text) => world.said.push(text),
    people: (text) => world.people.push(text),
  });
  world.advance = (ms) => {
    const end = world.time + ms;
    for (;;) {
      const next = world.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      world.timers = world.timers.filter((one) => one !== next);
      world.time = Math.max(world.time, next.at);
      next.f();
    }
    world.time = end;
  };
  world.socket = () => world.sockets.at(-1);
  world.say = (text) => world.socket().onmessage?.({ data: JSON.stringify(text) });
  world.print = (...bytes) => world.socket().onmessage?.({ data: Uint8Array.from(bytes).buffer });
  world.cut = (code = 1006) => world.socket().onclose?.({ code });
  world.hello = (more = {}) => world.say({
    type: "hello", epoch: "e1", position: 0, is_live: true, window: 262144, input_position: 0,
    input_window: 65536, is_resumed: false,
    console: { id: "u/1", uuid: "u", label: "1", name: "web", state: "connected" },
    you: { number: 1, name: "", peer: "p", right: "admin", mode: "free-for-all", has_keyboard: false },
    ...more,
  });
  world.texts = (socket = world.socket()) => socket.sent.filter((data) => typeof data === "string")
    .map((data) => JSON.parse(data));
  world.typed = (socket = world.socket()) =>
    socket.sent.filter((data) => typeof data !== "string").flatMap((data) => [...data]);
  world.type = (...bytes) => world.link.type(Uint8Array.from(bytes));
  return world;
}

function connected(more, options) {
  const world = makeWorld(options);
  world.link.start();
  world.hello(more);
  return world;
}

test("it connects, and says so", () => {
  const world = makeWorld();
  world.link.start({ history: 100 });
  assert.deepEqual(world.socket().query, { session: "label-1", history: 100 });
  assert.equal(world.status.phase, "connecting");
  world.hello();
  assert.deepEqual([world.status.phase, world.status.vm, world.status.name], ["connected", "connected", "web"]);
  assert.equal(world.status.whyNot, null);
});

test("what is on the screen is acknowledged, each 16 KiB", () => {
  const world = connected({ position: 1000 });
  const piece = new Array(10 * 1024).fill(1);
  world.print(...piece);
  world.print(...piece);
  assert.deepEqual(world.texts(), []);
  world.pending[0]();
  assert.deepEqual(world.texts(), []);
  world.pending[1]();
  assert.deepEqual(world.texts(), [{ ack: 1000 + 20 * 1024 }]);
});

test("what comes from a log is not acknowledged", () => {
  const world = connected({ is_live: false });
  world.print(...new Array(20 * 1024).fill(1));
  world.pending[0]();
  assert.deepEqual(world.texts(), []);
  world.say({ type: "place", epoch: "e1", position: 50_000, is_live: true });
  world.print(...new Array(20 * 1024).fill(1));
  world.pending[1]();
  assert.deepEqual(world.texts(), [{ ack: 50_000 + 20 * 1024 }]);
});

test("more of a log than a page can show: it begins anew with the newest", () => {
  const world = connected({ is_live: false });
  const much = new Uint8Array(1 << 20);
  for (let i = 0; i < 5 && world.status.phase === "connected"; i++)
    world.socket().onmessage({ data: much.buffer });
  assert.equal(world.sockets[0].closed, 1000);
  world.advance(1000);
  assert.equal(world.sockets.length, 1, "it waits for the screen");
  for (const done of world.pending.splice(0)) done();
  world.advance(1000);
  assert.deepEqual(world.socket().query, { session: "label-2" });
  world.hello({ position: 9_000_000 });
  assert.equal(world.fresh, 1);
  assert.equal(world.gaps.at(-1).reason, "too-much");
});

test("a cut connection goes on behind the last byte, and resends what has not arrived", () => {
  const world = connected({ position: 10 });
  world.print(1, 2, 3);
  world.type(65, 66, 67);
  world.cut();
  assert.equal(world.status.phase, "waiting");
  world.advance(20);
  assert.deepEqual(world.socket().query, { session: "label-1", from: "e1:13" });
  world.hello({ position: 13, is_resumed: true, input_position: 1 });
  assert.deepEqual(world.typed(), [66, 67]);
  assert.deepEqual([world.status.unsure, world.fresh], [0, 0]);
});

test("another session gets nothing of it, and the person is told", () => {
  const world = connected();
  world.type(65, 66, 67);
  world.cut();
  world.advance(20);
  world.hello({ input_position: 0 });
  assert.deepEqual(world.typed(), []);
  assert.equal(world.status.unsure, 3);
  world.link.forget();
  assert.equal(world.status.unsure, 0);
});

test("whether input has arrived is asked soon", () => {
  const world = connected();
  world.type(65);
  world.advance(1000);
  assert.deepEqual(world.texts(), [{ ping: 0 }]);
  world.say({ type: "pong", ping: 0, input_position: 1 });
  assert.equal(world.status.unconfirmed, 0);
  world.cut();
  world.advance(20);
  world.hello();
  assert.equal(world.status.unsure, 0);
});

test("what is typed without a connection is counted, and never sent", () => {
  const world = connected();
  world.cut();
  assert.equal(world.type(65, 66), "disconnected");
  world.advance(20);
  assert.equal(world.type(67), "disconnected");
  world.hello({ is_resumed: true });
  assert.equal(world.status.notSent, 3);
  assert.deepEqual(world.typed(), []);
});

test("it sends no more than the window, and says so", () => {
  const world = connected({ input_window: 4 });
  assert.equal(world.type(1, 2, 3), null);
  assert.equal(world.link.room(), 1);
  assert.equal(world.type(4, 5), "full");
  world.say({ type: "input", position: 2 });
  assert.equal(world.type(4, 5), null);
  assert.deepEqual(world.typed(), [1, 2, 3, 4, 5]);
});

test("who may not type is told why", () => {
  const world = connected({ you: { number: 1, right: "read", mode: "free-for-all" } });
  assert.equal(world.type(1), "right");
  world.say({ type: "right", right: "write" });
  assert.equal(world.type(1), null);
  world.say({ type: "lock", by: "bob", may_type: false });
  assert.equal(world.type(1), "locked");
  world.say({ type: "who", total: 1, clients: [{ number: 1, right: "write", mode: "read-only" }] });
  assert.equal(world.type(1), "locked", "whoever has it is of more interest");
  world.say({ type: "lock", by: null, may_type: true });
  world.say({ type: "who", total: 1, clients: [{ number: 1, right: "write", mode: "read-only" }] });
  assert.equal(world.type(1), "read-only");
  assert.deepEqual(world.typed(), [1]);
});

test("waits get longer, to 15 s, and less by chance", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 7, 1000].map((n) => waitTime(n, 0)),
    [20, 500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
  assert.equal(waitTime(6, 1), 11250);
  const world = makeWorld();
  world.link.start();
  for (let i = 1; i <= 8; i++) {
    world.cut();
    assert.equal(world.sockets.length, i);
    world.advance(waitTime(i, 0) - 1);
    assert.equal(world.sockets.length, i);
    world.advance(1);
    assert.equal(world.sockets.length, i + 1);
  }
});

test("a restart is not come back from at once", () => {
  const world = connected();
  world.print(1);
  world.cut(1012);
  world.advance(499);
  assert.equal(world.sockets.length, 1);
  world.advance(1);
  assert.equal(world.sockets.length, 2);
});

test("the network is there again: now", () => {
  const world = makeWorld();
  world.link.start();
  for (let i = 0; i < 6; i++) {
    world.cut();
    if (i < 5) world.advance(20_000);
  }
  const before = world.sockets.length;
  world.link.wake();
  assert.equal(world.sockets.length, before + 1);
  world.advance(14_000);
  assert.equal(world.sockets.length, before + 1, "the timer that waited is called off");
});

test("after a sleep it is asked whether anybody is there, and not long", () => {
  const world = connected();
  // The clock has stood still meanwhile.
  world.link.wake();
  assert.deepEqual(world.texts(), [{ ping: 0 }]);
  world.link.wake();
  assert.equal(world.texts().length, 1);
  world.advance(5000);
  assert.equal(world.status.phase, "waiting");
});

test("an answer after a sleep: all is well", () => {
  const world = connected();
  world.advance(6000);
  world.link.wake();
  world.say({ type: "pong", ping: 0, input_position: 0 });
  world.advance(6000);
  assert.equal(world.status.phase, "connected");
});

test("45 s without a word: not connected", () => {
  const world = connected();
  world.advance(20_000);
  assert.deepEqual(world.texts(), [{ ping: 0 }]);
  world.advance(24_999);
  assert.equal(world.status.phase, "connected");
  world.advance(1);
  assert.equal(world.status.phase, "waiting");
  assert.notEqual(world.sockets[0].closed, null);
});

test("pings of vspcd are words", () => {
  const world = connected();
  for (let i = 0; i < 10; i++) {
    world.advance(19_000);
    world.say({ type: "ping", position: 0, input_position: 0 });
  }
  assert.equal(world.status.phase, "connected");
  assert.deepEqual(world.texts(), []);
});

test("a connection that is never made is given up", () => {
  const world = makeWorld();
  world.link.start();
  world.advance(15_000);
  assert.equal(world.status.phase, "waiting");
});

test("refusals stay, with a reason", () => {
  for (const [code, word] of [[4003, "may not read"], [1008, "understand"], [4001, "disconnected you"]]) {
    const world = connected();
    world.say({ type: "end", reason: "because of a test", code, again: false });
    world.cut(code);
    assert.equal(world.status.phase, "refused");
    assert.match(world.status.refusal.reason, new RegExp(word));
    assert.match(world.status.refusal.reason, /Because of a test\.$/);
    for (const what of ["wake", "leave", "wake"]) {
      world.link[what]();
      world.advance(600_000);
    }
    assert.equal(world.status.phase, "refused");
    assert.equal(world.sockets.length, 1);
    world.link.retry();
    assert.equal(world.sockets.length, 2);
  }
});

test("what may come later is tried again", () => {
  for (const code of [4004, 4009, 4029]) {
    const world = connected();
    world.cut(code);
    assert.equal(world.status.phase, "refused");
    world.advance(15_000);
    assert.equal(world.sockets.length, 2);
  }
});

test("another window goes on: no connection until it is taken back", () => {
  const world = connected();
  world.print(1, 2);
  world.type(65);
  world.advance(6000);
  world.cut(4001);
  assert.equal(world.status.phase, "replaced");
  for (const what of ["wake", "leave", "wake"]) {
    world.link[what]();
    world.advance(600_000);
  }
  assert.equal(world.status.phase, "replaced");
  assert.equal(world.sockets.length, 1);
  world.link.retry();
  assert.deepEqual(world.socket().query, { session: "label-1", from: "e1:2" });
  world.hello({ is_resumed: true, input_position: 7, position: 2 });
  assert.deepEqual(world.typed(), [], "the other window's input is not known here");
  world.type(66);
  assert.deepEqual(world.typed(), [66]);
});

test("a session is gone on with in another window", () => {
  const first = connected({ position: 100 });
  first.print(1, 2, 3);
  const second = makeWorld();
  assert.equal(first.link.handover(), null, "not all of it is on the screen");
  first.pending.splice(0).forEach((done) => done());
  second.link.start(first.link.handover());
  assert.deepEqual(second.socket().query, { session: "label-1", from: "e1:103" });
  second.hello({ is_resumed: true, position: 103, input_position: 5 });
  assert.equal(second.fresh, 0);
});

test("what is refused in HTTP is asked in HTTP", async () => {
  const world = makeWorld({ diagnosis: { status: 401, hint: null } });
  world.link.start();
  world.cut();
  await null;
  await null;
  assert.equal(world.status.phase, "refused");
  assert.match(world.status.refusal.reason, /logged in/);
  world.advance(600_000);
  assert.equal(world.sockets.length, 1);
});

test("a right that was lost may be a login that has ended", async () => {
  const world = connected({}, { diagnosis: { status: 401, hint: null } });
  world.cut(4003);
  assert.match(world.status.refusal.reason, /may not read/);
  await null;
  await null;
  assert.match(world.status.refusal.reason, /not logged in/);
});

test("gaps and places move the position", () => {
  const world = connected({ position: 10 });
  world.print(1);
  world.say({ type: "gap", reason: "slow", bytes: 89, from: 11, to: 100, epoch: "e1" });
  world.print(2);
  world.say({ type: "gap", reason: "restart", bytes: null, from: null, to: null, epoch: null, unwritten: 0 });
  world.say({ type: "place", epoch: "e2", position: 500, is_live: true });
  world.print(3);
  assert.equal(world.gaps.length, 2);
  world.cut();
  world.advance(20);
  assert.equal(world.socket().query.from, "e2:501");
});

test("history without a place is not shown twice", () => {
  const world = connected({ position: null, is_live: false });
  world.print(1, 2);
  world.cut();
  world.advance(20);
  assert.equal(world.socket().query.from, undefined);
  world.hello({ position: 0 });
  assert.equal(world.fresh, 1);
});

test("what the VM does is told", () => {
  const world = connected();
  const vm = () => world.status.vm;
  world.say({ type: "state", state: "moving" });
  assert.equal(vm(), "moving");
  world.say({ type: "state", state: "connected" });
  assert.equal(vm(), "connected");
  world.say({ type: "notice", kind: "gone", text: "VM disconnected", position: 0, state: "none" });
  assert.equal(vm(), "none");
  world.say({ type: "notice", kind: "message", text: "hello" });
  assert.equal(vm(), "none");
  assert.deepEqual(world.said.map(({ text }) => text), ["VM disconnected", "hello"]);
});

test("commands are answered, refused, or lost", async () => {
  const world = connected();
  const done = world.link.command({ break: "pulse" });
  const refused = world.link.command({ sysrq: "b" });
  const lost = world.link.command({ take: true });
  assert.deepEqual(world.texts().map(({ id }) => id), [1, 2, 3]);
  world.say({ type: "answer", command: "break", text: "pulse", id: 1 });
  world.say({ type: "error", command: "sysrq", text: "no", code: "forbidden", id: 2 });
  world.cut();
  assert.equal(await done, "pulse");
  await assert.rejects(refused, /no/);
  await assert.rejects(lost, /lost/);
  await assert.rejects(world.link.command({ take: true }), /no connection/);
});

test("the window's size is told on each connection", () => {
  const world = connected();
  world.link.setWindow(24, 80);
  world.cut();
  world.advance(20);
  world.hello();
  assert.deepEqual(world.texts(), [{ window: { rows: 24, columns: 80 } }]);
});

test("nothing that a server says breaks it", () => {
  const world = connected();
  for (const data of ["", "{", "null", "[]", "7", "\"x\"", "{\"type\":\"toString\"}",
    "{\"type\":\"__proto__\"}", "{\"type\":\"unknown\"}", "{\"type\":\"answer\"}",
    "{\"type\":\"input\",\"position\":99}", "{\"type\":\"input\",\"position\":-1}"])
    world.socket().onmessage({ data });
  assert.equal(world.status.phase, "connected");
});

test("who greets otherwise is not understood", () => {
  for (const wrong of [{ console: undefined }, { console: { state: "connected" } }, { you: null },
    { position: "7" }, { epoch: 5 }, { input_window: undefined }, { input_position: null }]) {
    const world = makeWorld();
    world.link.start();
    world.hello(wrong);
    assert.equal(world.status.phase, "refused", JSON.stringify(wrong));
    assert.match(world.status.refusal.reason, /do not understand/);
    assert.equal(world.socket().closed, 1000);
    world.advance(600_000);
    assert.equal(world.sockets.length, 1);
    assert.deepEqual(world.shown, []);
  }
});

test("ended, it leaves nothing behind", () => {
  const world = connected();
  world.type(1);
  world.link.end();
  assert.equal(world.socket().closed, 1000);
  assert.deepEqual(world.timers, []);
  world.link.wake();
  world.link.retry();
  assert.equal(world.sockets.length, 1);
});

test("a page that is left says goodbye, and comes back", () => {
  const world = connected({ position: 5 });
  world.link.leave();
  assert.equal(world.socket().closed, 1000);
  assert.deepEqual(world.timers, []);
  world.link.wake();
  assert.equal(world.socket().query.from, "e1:5");
});

// A vspcd that knows one session, whose connections are cut anywhere.
function makeServer(world, output) {
  const server = { input: [], served: null };
  server.accept = (socket) => {
    const from = socket.query.from ? Number(socket.query.from.split(":")[1]) : 0;
    const isResumed = server.served !== null;
    server.served = { socket, at: from, read: 0 };
    socket.onmessage?.({ data: JSON.stringify({
      type: "hello", epoch: "e1", position: from, is_live: true, input_window: 65536,
      input_position: server.input.length, is_resumed: isResumed,
      console: { name: "web", state: "connected" }, you: { number: 1, right: "write", mode: "" } }) });
  };
  server.sendOutput = (most) => {
    const { socket, at } = server.served;
    const piece = output.slice(at, at + most);
    server.served.at += piece.length;
    if (piece.length) socket.onmessage?.({ data: Uint8Array.from(piece).buffer });
  };
  server.takeInput = (most) => {
    const { socket, read } = server.served;
    for (const data of socket.sent.slice(read, read + most))
      if (typeof data !== "string") server.input.push(...data);
    server.served.read = Math.min(socket.sent.length, read + most);
  };
  return server;
}

function random(seed) {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % n;
  };
}

test("whatever is cut, each byte comes once, both ways", () => {
  for (let seed = 1; seed <= 100; seed++) {
    const pick = random(seed);
    const world = makeWorld();
    const output = Array.from({ length: 500 }, () => pick(256));
    const server = makeServer(world, output);
    const meant = [];
    world.link.start();
    for (let step = 0; step < 400; step++) {
      const socket = world.socket();
      const isServed = server.served?.socket === socket;
      switch (pick(8)) {
        case 0:
          if (!isServed && socket.onmessage) server.accept(socket);
          break;
        case 1:
          if (pick(3) === 0) world.cut();
          break;
        case 2:
          world.advance(pick(100));
          break;
        case 3: {
          const byte = pick(256);
          if (world.type(byte) === null) meant.push(byte);
          break;
        }
        case 4:
          world.pending.splice(0, 1).forEach((done) => done());
          break;
        case 5:
          if (pick(10) === 0) world.link.wake();
          break;
        default:
          if (isServed && socket.onmessage) {
            server.sendOutput(1 + pick(20));
            server.takeInput(pick(4));
          }
      }
    }
    for (let i = 0; i < 100 && (server.input.length < meant.length || world.shown.length < 500); i++) {
      if (!world.socket().onmessage) world.advance(20_000);
      if (server.served?.socket !== world.socket()) server.accept(world.socket());
      server.sendOutput(500);
      server.takeInput(1000);
    }
    assert.deepEqual(world.shown, output, `output, seed ${seed}`);
    assert.deepEqual(server.input, meant, `input, seed ${seed}`);
    assert.equal(world.status.unsure, 0);
  }
});

test("every order of events", () => {
  const events = {
    hello: (world) => world.hello({ is_resumed: true, input_position: 0 }),
    anew: (world) => world.hello(),
    output: (world) => world.print(1),
    cut: (world) => world.cut(),
    restart: (world) => world.cut(1012),
    replaced: (world) => world.cut(4001),
    refused: (world) => world.cut(4003),
    later: (world) => world.cut(4029),
    type: (world) => {
      const before = world.sockets.flatMap((socket) => world.typed(socket)).length;
      const why = world.type(1);
      const after = world.sockets.flatMap((socket) => world.typed(socket)).length;
      assert.equal(after - before, why === null ? 1 : 0);
    },
    time: (world) => world.advance(16_000),
    wake: (world) => world.link.wake(),
    retry: (world) => world.link.retry(),
    leave: (world) => world.link.leave(),
    end: (world) => world.link.end(),
  };
  const names = Object.keys(events);
  const orders = [];
  for (const first of names)
    for (const second of names) for (const third of names) orders.push([first, second, third]);
  const pick = random(7);
  for (let i = 0; i < 1000; i++)
    orders.push(Array.from({ length: 12 }, () => names[pick(names.length)]));
  for (const order of orders) {
    const world = makeWorld();
    world.link.start();
    for (const name of order) {
      const { phase } = world.link.status();
      events[name](world);
      const open = world.sockets.filter((socket) => socket.onmessage);
      const { phase: now } = world.link.status();
      assert.ok(open.length <= 1);
      assert.equal(open.length === 1, now === "connected" || now === "connecting", `${order}`);
      assert.ok(world.timers.length <= 3);
      if (now === "waiting" && phase !== "waiting" && world.timers.length === 0)
        assert.equal(name, "leave");
    }
    world.link.end();
    assert.deepEqual(world.timers, []);
  }
});

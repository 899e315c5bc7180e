// Answers of the API, also those that are none.

import assert from "node:assert/strict";
import { test } from "node:test";

import { get, post, whenLoginIsNeeded, whenReached } from "../../page/api.js";

const answers = (status, body) => {
  globalThis.fetch = async () => new Response(body, { status });
};

const refused = (promise, status, code) =>
  assert.rejects(promise, (error) => error.status === status && error.code === code);

test("an answer is its JSON", async () => {
  answers(200, '{"name":"web-1"}');
  assert.deepEqual(await get("/consoles/web-1"), { name: "web-1" });
});

test("an answer that breaks off has not come", async () => {
  answers(200, '{"items":[{"na');
  await refused(get("/consoles"), 0, "unreachable");
  globalThis.fetch = async () => new Response(new ReadableStream({
    start: (stream) => stream.error(new TypeError("network error")),
  }));
  await refused(post("/logout"), 0, "unreachable");
});

test("an error is what the API says", async () => {
  answers(409, '{"error":{"code":"conflict","message":"no","hint":"wait"}}');
  await refused(get("/consoles"), 409, "conflict");
});

test("what something on the way says is not vspcd's word", async () => {
  const told = [];
  whenReached((isReached) => told.push(isReached));
  whenLoginIsNeeded(() => told.push("login"));
  const html = { "Content-Type": "text/html; charset=utf-8" };
  for (const [status, body, headers] of [
    [502, "<html>Bad gateway</html>"], [404, "<html>Not here</html>", html], [401, "Who are you?"],
    [403, "null"], [503, '{"error":"upstream"}'], [504, '{"message":"time-out"}'],
    [200, "<html>Log in to the proxy</html>", html]]) {
    globalThis.fetch = async () => new Response(body, { status, headers });
    await refused(get("/consoles"), 0, "unreachable");
  }
  assert.deepEqual(told, Array(7).fill(false));
  whenReached(() => {});
});

test("whether vspcd is reached is told, and that a login is needed", async () => {
  const told = [];
  whenReached((isReached) => told.push(isReached));
  whenLoginIsNeeded(() => told.push("login"));
  globalThis.fetch = async () => {
    throw new TypeError("Failed to fetch");
  };
  await refused(get("/consoles"), 0, "unreachable");
  answers(401, '{"error":{"code":"unauthenticated"}}');
  await refused(get("/consoles"), 401, "unauthenticated");
  await refused(get("/login", {}, { quiet: true }), 401, "unauthenticated");
  assert.deepEqual(told, [false, true, "login", true]);
});

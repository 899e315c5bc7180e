// driver.mjs - lets a program in another language use Playwright. It reads
// requests, a JSON object in a line each, and answers each with a line:
//
//   {"id": 7, "on": 3, "call": "click", "with": ["#send"]}
//   {"id": 7, "value": ...} or {"id": 7, "error": "..."}
//
// "on" is the number of an object of Playwright, 0 the browser. An object of
// Playwright in an answer is {"object": NUMBER, "kind": "Page"}, and so it is
// in arguments; {"script": "(x) => x"} is a function. Of each page it keeps
// what went wrong (errors of the console, violations of the policy, requests
// that went elsewhere): call "troubles" of 0 with the page.

import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [executable] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: executable,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update",
    "--disable-sync"],
});

const objects = new Map([[0, browser]]);
const numbers = new Map([[browser, 0]]);
const troubles = new Map();

// Playwright's classes have no names that last.
function kindOf(object) {
  if ("mainFrame" in object && "goto" in object) return "Page";
  return "newPage" in object && "cookies" in object ? "Context" : "Other";
}

function numberOf(object) {
  if (!numbers.has(object)) {
    numbers.set(object, numbers.size);
    objects.set(numbers.get(object), object);
    if (kindOf(object) === "Page") watch(object);
    if (kindOf(object) === "Context") object.on("page", numberOf);
  }
  return numbers.get(object);
}

function watch(page) {
  const list = [];
  troubles.set(page, list);
  page.on("console", (message) => {
    if (message.type() === "error") list.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => list.push(`error: ${error.stack ?? error.message}`));
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (!["data:", "blob:", "about:"].includes(protocol) &&
        !["127.0.0.1", "localhost", "[::1]"].includes(hostname))
      list.push(`request elsewhere: ${request.url()}`);
  });
}

function fromJson(value) {
  if (Array.isArray(value)) return value.map(fromJson);
  if (value === null || typeof value !== "object") return value;
  if ("object" in value) return objects.get(value.object);
  if ("script" in value) return (0, eval)(`(${value.script})`);
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, fromJson(v)]));
}

const isOfPlaywright = (value) =>
  typeof value === "object" && value !== null &&
  (typeof value._guid === "string" || "_frame" in value || "_page" in value);

function toJson(value) {
  if (value === undefined) return null;
  if (Buffer.isBuffer(value)) return { base64: value.toString("base64") };
  if (Array.isArray(value)) return value.map(toJson);
  if (isOfPlaywright(value))
    return { object: numberOf(value), kind: kindOf(value) };
  return value;
}

async function answer({ on, call, with: values = [] }) {
  const given = fromJson(values);
  if (on === 0 && call === "troubles") return troubles.get(given[0]).splice(0);
  const target = objects.get(on);
  if (!(call in target)) throw new Error(`${kindOf(target)} has no ${call}`);
  const member = target[call];
  return typeof member === "function" ? member.apply(target, given) : member;
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  // Not waited for: a test may wait for one thing and do another.
  answer(request).then(
    (value) => ({ id: request.id, value: toJson(value) }),
    (error) => ({ id: request.id, error: String(error.message ?? error) }),
  ).then((said) => process.stdout.write(JSON.stringify(said) + "\n"));
}
await browser.close();

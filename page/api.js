// api.js - the HTTP API (docs/api.md), as the page asks it.

const ROOT = "/api/v1";

// Where a path of the API is; arguments without a value are left out.
export function apiAddress(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  return ROOT + path + (given.length ? `?${new URLSearchParams(given)}` : "");
}

// What vspcd has answered instead of what was asked for. status 0: nothing has
// come at all.
export class ApiError extends Error {
  constructor(status, code, message, hint) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint ?? null;
  }
}

let onLogin = () => {};

// Called when a request is refused because nobody is logged in, or no longer.
export function whenLoginIsNeeded(f) {
  onLogin = f;
}

let onReached = () => {};

// Called behind each request: whether an answer has come.
export function whenReached(f) {
  onReached = f;
}

// What vspcd says is JSON with a code. Anything else has been said by something
// on the way: a proxy that does not reach vspcd, or that wants a login of its
// own. Of vspcd it tells nothing, and its status is not vspcd's.
async function errorOf(response) {
  try {
    const { code, message, hint } = (await response.json()).error;
    if (typeof code === "string") return new ApiError(response.status, code, message ?? code, hint);
  } catch (error) {
    if (error.name === "AbortError") throw error;
  }
  return new ApiError(0, "unreachable",
    `something before vspcd answered ${response.status} ${response.statusText}`.trim());
}

// The API has no answer that is a document.
const isDocument = (response) => response.headers.get("Content-Type")?.startsWith("text/html");

// The Response; throws an ApiError. body: an object, sent as JSON.
export async function request(verb, path, { query = {}, body, signal, quiet = false } = {}) {
  let response;
  try {
    response = await fetch(apiAddress(path, query), {
      method: verb, signal, credentials: "same-origin", cache: "no-store",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    onReached(false);
    throw new ApiError(0, "unreachable", "vspcd cannot be reached");
  }
  const error = response.ok && !isDocument(response) ? null : await errorOf(response);
  onReached(error?.status !== 0);
  if (!error) return response;
  if (error.status === 401 && !quiet) onLogin(error);
  throw error;
}

// An answer that breaks off has not come.
async function jsonOf(response) {
  try {
    return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", "the answer of vspcd has broken off");
  }
}

export const get = async (path, query, more) =>
  jsonOf(await request("GET", path, { query, ...more }));
export const post = async (path, body = {}, more) =>
  jsonOf(await request("POST", path, { body, ...more }));
export const remove = async (path, more) =>
  jsonOf(await request("DELETE", path, more));

// Path of a console, whose id is "UUID/LABEL".
export const consolePath = (id, rest = "") => `/consoles/${encodeURIComponent(id)}${rest}`;

// A pattern for names that have this text, if it is none itself.
export const patternOf = (text) => (text === "" || /[*?[]/.test(text) ? text : `*${text}*`);

// Address of a WebSocket of the API.
export function socketAddress(path, query = {}) {
  const address = new URL(apiAddress(path, query), location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}

// remember.js - what a person has chosen for single consoles.

import { store, stored } from "./storage.js";

const NAME = "console";
const MOST = 300; // consoles with choices of their own

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

export function recallConsole(id) {
  const all = stored(NAME, {}, isObject);
  return Object.hasOwn(all, id) && isObject(all[id]) ? all[id] : {};
}

// Those that were made last are kept.
export function rememberConsole(id, choices) {
  const { [id]: _, ...others } = stored(NAME, {}, isObject);
  const kept = Object.entries(others).slice(-(MOST - 1));
  store(NAME, { ...Object.fromEntries(kept), [id]: choices });
}

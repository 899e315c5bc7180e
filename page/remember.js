// remember.js - what a person has chosen, kept in the browser. What is there
// may be of another version, or somebody's garbage: then it was never there.

const PREFIX = "vspcd.";
const MOST = 300; // consoles with choices of their own

export function recall(name) {
  try {
    const value = JSON.parse(localStorage.getItem(PREFIX + name));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch { /* full, or forbidden: it is forgotten */ }
}

// Choices of one console, by its id; those that were made last are kept.
export function recallConsole(id) {
  const all = recall("console");
  const one = Object.hasOwn(all, id) ? all[id] : null;
  return typeof one === "object" && one !== null ? one : {};
}

export function rememberConsole(id, choices) {
  const { [id]: _, ...others } = recall("console");
  const kept = Object.entries(others).slice(-(MOST - 1));
  remember("console", { ...Object.fromEntries(kept), [id]: choices });
}

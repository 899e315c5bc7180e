// storage.js - what a person has chosen, kept in the browser under
// "vspcd.NAME". Whatever stands there is not believed: another version, or
// another program, may have written it.

// The value, if isGood finds it so; else the fallback.
export function stored(name, fallback, isGood = (value) => typeof value === typeof fallback) {
  try {
    const value = JSON.parse(localStorage.getItem(`vspcd.${name}`));
    return value !== null && isGood(value) ? value : fallback;
  } catch {
    return fallback;
  }
}

// A browser that keeps nothing (its room is used up, or it may not) is no error:
// the choice holds until the page is left.
export function store(name, value) {
  try {
    localStorage.setItem(`vspcd.${name}`, JSON.stringify(value));
  } catch { /* as said */ }
}

export const isTexts = (max) => (value) =>
  Array.isArray(value) && value.length <= max &&
  value.every((one) => typeof one === "string");

// theme.js - light or dark: as the system has it, or as chosen here. The choice
// is a class of the document; who paints colours itself (a terminal, a plot)
// listens to the event "theme" of the window.

import { store, stored } from "./storage.js";

export const THEMES = ["system", "light", "dark"];

const isTheme = (value) => THEMES.includes(value);
const system = matchMedia("(prefers-color-scheme: dark)");

export const theme = () => stored("theme", "system", isTheme);
export const isDark = () =>
  theme() === "system" ? system.matches : theme() === "dark";

function apply() {
  const { classList } = document.documentElement;
  for (const name of THEMES) classList.toggle(name, name === theme());
  dispatchEvent(new Event("theme"));
}

export function setTheme(name) {
  store("theme", name);
  apply();
}

system.addEventListener("change", apply);
// Chosen in another tab.
addEventListener("storage", ({ key }) => {
  if (key === "vspcd.theme") apply();
});
apply();

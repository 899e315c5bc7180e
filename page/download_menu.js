// download_menu.js - a menu of downloads, which closes when it is left.

import { make } from "./dom.js";

// links: [label, {href, download}], or null for none. of: what is downloaded,
// for whoever does not see what the menu stands beside.
export function downloadMenu(links, of) {
  const close = (event) => {
    if (!event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false;
  };
  const escape = (event) => {
    if (event.key !== "Escape") return;
    event.currentTarget.open = false;
    event.currentTarget.firstElementChild.focus();
  };
  return make("details", { class: "downloads", onfocusout: close, onkeydown: escape },
    make("summary", { class: "button", "aria-label": of ? `Download ${of}` : null }, "Download"),
    make("ul", {}, ...links.filter(Boolean).map(([label, link]) =>
      make("li", {}, make("a", link, label)))));
}

// list.js - the consoles that there are.

import { get } from "./api.js";
import { fill, make, say } from "./dom.js";

export const title = "Consoles";

const row = (c) => make("li", {},
  make("a", { href: `#/console/${encodeURIComponent(c.id)}` }, c.name),
  ` ${c.state}`);

export function show(root) {
  const rows = make("ul");
  fill(root, make("h1", {}, title), rows);
  get("/consoles", { fields: "id,name,state" }).then(
    ({ items }) => fill(rows, ...items.map(row)),
    (error) => say(error.message, "error"));
}

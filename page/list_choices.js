// list_choices.js - what a person has chosen of the list of consoles: filter,
// order, groups. The filter, order and groups stand in the address, so that
// "back" and a bookmark find them; order, groups, and which are folded, are the
// browser's for the next time.

import { isSort } from "./list_rows.js";
import { isTexts, store, stored } from "./storage.js";

const FOLDED_MAX = 1000;

export function readChoices(query) {
  const isGiven = Object.keys(query).length > 0;
  const sort = query.sort ?? (isGiven ? "name" : stored("sort", "name", isSort));
  return {
    text: query.filter ?? "",
    sort: isSort(sort) ? sort : "name",
    isGrouped: isGiven ? query.groups === "1" : stored("groups", false),
    folded: new Set(stored("folded", [], isTexts(FOLDED_MAX))),
  };
}

// keep: of keep_address.js.
export function keepChoices({ text, sort, isGrouped, folded }, keep) {
  const query = new URLSearchParams();
  if (text) query.set("filter", text);
  if (sort !== "name") query.set("sort", sort);
  if (isGrouped) query.set("groups", "1");
  keep(query.size ? `#/?${query}` : "#/");
  store("sort", sort);
  store("groups", isGrouped);
  store("folded", [...folded].slice(-FOLDED_MAX));
}

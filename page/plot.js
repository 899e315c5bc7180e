// plot.js - a small plot of numbers over time, drawn as SVG, with words that
// say the same, and a table of all values behind it.
//
//     plot({title, unit, values, from, step, kind})
//
// values: numbers, or null where none was taken; the first one is of `from` (an
// RFC 3339 time), each one `step` seconds later. kind "level" is a line, "count"
// are bars; format makes texts of numbers.

import { make } from "./dom.js";
import { dateText, numberText } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 300;
const HEIGHT = 64;
// More points than can be seen are one: the highest of a count's sum or a
// level's mean would hide what is looked for, so the extremes stay.
const POINTS_MAX = 150;

// Values as points: {at (index of the first one), low, high, sum}; null where
// none was taken.
export function pointsOf(values, max = POINTS_MAX) {
  const size = Math.ceil(values.length / max) || 1;
  const points = [];
  for (let at = 0; at < values.length; at += size) {
    const known = values.slice(at, at + size).filter((value) => value !== null);
    points.push(known.length === 0 ? null : { at, low: Math.min(...known), high: Math.max(...known),
      sum: known.reduce((sum, value) => sum + value, 0) });
  }
  return points;
}

// What somebody says who looks at the plot.
export function words({ title, values, timeOf, kind, format = numberText }) {
  const known = values.map((value, index) => ({ value, index })).filter(({ value }) => value !== null);
  if (known.length === 0) return `${title}: nothing is known yet`;
  if (kind === "count") {
    const sum = known.reduce((all, { value }) => all + value, 0);
    const last = known.findLast(({ value }) => value > 0);
    return `${title}: ${format(sum)}${last ? `, the last at ${timeOf(last.index)}` : ""}`;
  }
  const [lowest, highest] = [known.reduce((a, b) => (b.value < a.value ? b : a)),
    known.reduce((a, b) => (b.value > a.value ? b : a))];
  const now = known.at(-1).value;
  if (lowest.value === highest.value) return `${title}: ${format(now)}, always`;
  return `${title}: ${format(now)}, lowest ${format(lowest.value)} at ${timeOf(lowest.index)}, ` +
    `highest ${format(highest.value)} at ${timeOf(highest.index)}`;
}

function shape(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

// A level's lines: from where the lowest is a quarter of the height, so that a
// change is seen; a count's bars begin at 0.
function drawing(points, kind) {
  const known = points.filter(Boolean);
  const highest = Math.max(...known.map(({ high, sum }) => (kind === "count" ? sum : high)), 1);
  const lowest = kind === "count" ? 0 : Math.min(...known.map(({ low }) => low));
  const base = kind === "count" ? 0 : Math.max(0, lowest - (highest - lowest || highest) / 3);
  const y = (value) => HEIGHT - 2 - (HEIGHT - 6) * (value - base) / (highest - base || 1);
  const width = WIDTH / Math.max(points.length, 1);
  const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none",
    class: `plot-drawing ${kind}`, "aria-hidden": "true" });
  svg.append(shape("line", { x1: 0, x2: WIDTH, y1: HEIGHT - 1, y2: HEIGHT - 1, class: "axis" }));
  if (kind === "count") {
    points.forEach((point, i) => point && point.sum > 0 && svg.append(shape("rect", {
      x: i * width, width: Math.max(width - 0.5, 1), y: y(point.sum), height: HEIGHT - 1 - y(point.sum) })));
    return svg;
  }
  let path = "";
  points.forEach((point, i) => {
    if (!point) return;
    const x = (i + 0.5) * width;
    path += `${points[i - 1] ? "L" : "M"}${x.toFixed(1)} ${y(point.high).toFixed(1)}`;
    path += `L${x.toFixed(1)} ${y(point.low).toFixed(1)}`;
  });
  svg.append(shape("path", { d: path, class: "level" }));
  return svg;
}

// Made when it is opened: it has a row for each value.
function valuesTable({ title, values, timeOf, format = numberText }) {
  const rows = values.map((value, index) => [timeOf(index), value]).reverse();
  return make("div", { class: "plot-table", tabindex: 0, role: "region", "aria-label": `Values: ${title}` },
    make("table", {}, make("caption", { class: "spoken" }, title),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Time"), make("th", { scope: "col" }, title))),
      make("tbody", {}, ...rows.map(([time, value]) =>
        make("tr", {}, make("td", {}, time), make("td", { class: "number" }, value === null ? "–" : format(value)))))));
}

export function plot({ title, values, from, step, kind, format }) {
  const begin = Date.parse(from);
  const timeOf = (index) => dateText(begin + index * step * 1000);
  const shortOf = (index) => timeOf(index).slice(11, step < 60 ? 19 : 16);
  const said = words({ title, values, timeOf: shortOf, kind, format });
  const details = make("details", {}, make("summary", {}, "Values"));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1)
      details.append(valuesTable({ title, values, timeOf, format }));
  });
  return make("figure", { class: "plot" },
    make("figcaption", {}, said),
    values.some((value) => value !== null) ? drawing(pointsOf(values), kind) : null,
    values.length > 0 ? make("div", { class: "plot-ends" },
      make("span", {}, shortOf(0)), make("span", {}, shortOf(values.length - 1))) : null,
    details);
}

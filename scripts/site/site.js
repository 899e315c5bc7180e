// The search, and the navigation, which is open where there is room for it.
// search.js, the index, is read at the first use: [[page, anchor, page's title,
// heading, text], ...] for each section.
"use strict";

const top_ = document.currentScript.dataset.top;
const input = document.getElementById("site-search");
const found = document.getElementById("site-found");
const MOST = 20;

function readIndex() {
  if (readIndex.begun) return;
  readIndex.begun = true;
  const script = document.createElement("script");
  script.src = `${top_}search.js`;
  script.addEventListener("load", show);
  document.head.append(script);
}

// Every word must be there; a word of a heading counts most. 0: no match.
function score([, , title, heading, text], words) {
  let sum = 0;
  for (const word of words) {
    const here = (heading.toLowerCase().includes(word) ? 20 : 0) +
      (title.toLowerCase().includes(word) ? 8 : 0) +
      Math.min(5, text.toLowerCase().split(word).length - 1);
    if (!here) return 0;
    sum += here;
  }
  return sum;
}

function excerpt(text, word) {
  const at = Math.max(0, text.toLowerCase().indexOf(word) - 40);
  return (at ? "… " : "") + text.slice(at, at + 140);
}

function row([page, anchor, title, heading, text], words) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  const about = document.createElement("small");
  link.href = `${top_}${page}${anchor && "#" + anchor}`;
  link.textContent = heading === title ? title : `${title}: ${heading}`;
  about.textContent = excerpt(text, words[0]);
  link.append(about);
  item.append(link);
  return item;
}

function show() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  found.hidden = !words.length;
  if (!words.length || !window.searchIndex) return;
  const best = window.searchIndex.map((one) => [score(one, words), one])
    .filter(([points]) => points).sort((a, b) => b[0] - a[0]).slice(0, MOST);
  found.replaceChildren(...best.map(([, one]) => row(one, words)));
  if (!best.length) {
    const nothing = document.createElement("p");
    nothing.textContent = "Nothing has all of these words.";
    found.append(nothing);
  }
}

input.addEventListener("focus", readIndex);
input.addEventListener("input", () => { readIndex(); show(); });
input.addEventListener("keydown", (event) => {
  if (event.key === "Enter") found.querySelector("a")?.click();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") found.hidden = true;
  if (event.key === "/" && document.activeElement !== input) {
    event.preventDefault();
    input.focus();
  }
});
document.addEventListener("click", (event) => {
  if (!event.target.closest(".search")) found.hidden = true;
});

const navigation = document.getElementById("site-navigation");
const wide = window.matchMedia("(min-width: 60rem)");
const openWhereWide = () => { navigation.open = wide.matches; };
wide.addEventListener("change", openWhereWide);
openWhereWide();

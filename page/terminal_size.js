// terminal_size.js - how many rows and columns a terminal has. A serial line
// has no way to tell a VM; most guests think of 80 x 24. So that is what a
// console has, in letters as large as the window allows, unless a person
// chooses otherwise for this console.

export const SIZES = {
  "80x24": { label: "80 × 24", columns: 80, rows: 24 },
  "132x43": { label: "132 × 43", columns: 132, rows: 43 },
  fit: { label: "As many as fit" },
};
export const STANDARD = "80x24";

const FIT_FONT = 14;
const FONT_MIN = 6;
const FONT_MAX = 24;

// The largest font, to a half pixel, with which a cell of this size (at font
// size 1) fits so often into the room.
export function fontFor({ columns, rows }, cell, room) {
  const size = Math.min(room.width / (columns * cell.width), room.height / (rows * cell.height));
  return Math.min(FONT_MAX, Math.max(FONT_MIN, Math.floor(size * 2) / 2));
}

export function countFor(cell, room) {
  return {
    columns: Math.max(20, Math.min(400, Math.floor(room.width / cell.width))),
    rows: Math.max(5, Math.min(200, Math.floor(room.height / cell.height))),
  };
}

// What a cell takes on the screen now.
function cellOf(terminal) {
  const screen = terminal.element.querySelector(".xterm-screen");
  const { width, height } = screen.getBoundingClientRect();
  return { width: width / terminal.cols, height: height / terminal.rows };
}

// Sets font and size of a terminal for the room that it has. Returns its size.
export function layOut(terminal, choice, room) {
  const size = SIZES[choice] ?? SIZES[STANDARD];
  if (room.width <= 0 || room.height <= 0) return null;
  if (!size.columns) {
    if (terminal.options.fontSize !== FIT_FONT) terminal.options.fontSize = FIT_FONT;
    const count = countFor(cellOf(terminal), room);
    terminal.resize(count.columns, count.rows);
    return count;
  }
  terminal.resize(size.columns, size.rows);
  const now = terminal.options.fontSize;
  const cell = cellOf(terminal);
  let font = fontFor(size, { width: cell.width / now, height: cell.height / now }, room);
  // Cells are whole pixels high: what is computed may be a little too large.
  for (;;) {
    if (terminal.options.fontSize !== font) terminal.options.fontSize = font;
    const { width, height } = cellOf(terminal);
    if (font <= FONT_MIN ||
        (width * size.columns <= room.width && height * size.rows <= room.height))
      return { columns: size.columns, rows: size.rows };
    font -= 0.5;
  }
}

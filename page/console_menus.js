// console_menus.js - what a console's menus have.

import { logAddress, recordingsAddress } from "./addresses.js";
import { ask, make, say } from "./dom.js";
import { SYSRQ } from "./console_sysrq.js";
import { store, stored } from "./storage.js";
import { SIZES } from "./terminal_size.js";

async function sendSysrq(pane, { letter, label, isDangerous, what }) {
  const name = pane.status().name ?? pane.id;
  if (isDangerous) {
    const answer = await ask(`${label}: ${name}?`,
      make("div", {}, make("p", {}, what),
        make("p", {}, "VM: ", make("strong", { class: "mono" }, name))),
      [["yes", `${label} – ${name}`, "danger"], ["", "Cancel"]]);
    if (answer !== "yes") {
      pane.focus();
      return;
    }
  }
  pane.run(pane.command({ sysrq: letter }), `SysRq ${letter} is sent: ${label.toLowerCase()}.`);
}

export function breakItems(pane) {
  const disabled = !pane.mayDo("break");
  const hint = disabled ? "You need the right to send breaks here, and a connection." : null;
  return [
    { label: "Break", hint, disabled,
      run: () => pane.run(pane.command({ break: "pulse" }), "A break is sent.") },
    { heading: "Break and a letter: SysRq of a Linux kernel" },
    ...SYSRQ.map((row) => (row.heading ? row : {
      label: row.label + (row.isDangerous ? "…" : ""), key: row.letter, hint, disabled,
      isDangerous: row.isDangerous, run: () => sendSysrq(pane, row),
    })),
  ];
}

export function sizeItems(pane) {
  const { rows, columns } = pane.terminal.size();
  return [
    ...Object.entries(SIZES).map(([size, { label }]) => ({
      label, checked: pane.choices.size === size,
      run: () => {
        pane.keep({ size });
        pane.focus();
      },
    })),
    { heading: "A serial line does not tell the VM" },
    { label: `Type: stty rows ${rows} cols ${columns}`, disabled: !pane.mayDo("write"),
      hint: "At a shell's prompt, it sets the size for what runs there.",
      run: () => {
        pane.type(`stty rows ${rows} cols ${columns}\r`);
        pane.focus();
      } },
  ];
}

function setForReaders(pane, isForReaders) {
  store("screen-reader", isForReaders);
  pane.terminal.setForReaders(isForReaders);
  pane.focus();
}

// With the keys that a browser has for itself, where it gives them.
async function fullScreen(pane) {
  if (document.fullscreenElement) {
    await document.exitFullscreen();
    return;
  }
  try {
    await pane.element.requestFullscreen();
    await navigator.keyboard?.lock?.();
  } catch (error) {
    say(`The browser does not show it alone: ${error.message}`, "error");
  }
  pane.focus();
}

function go(address) {
  location.hash = address;
}

export function moreItems(pane) {
  const isForReaders = stored("screen-reader", false);
  return [
    { label: "Copy what is selected", key: "Ctrl+Shift+C", run: () => pane.copy() },
    { label: "Full screen", checked: Boolean(document.fullscreenElement), run: () => fullScreen(pane),
      hint: "Hold Escape to leave. Some browsers give all keys to the console then." },
    ...(pane.ownWindow ? [{ label: "Own window", run: pane.ownWindow }] : []),
    { label: "Log", run: () => go(logAddress(pane.id)) },
    { label: "Recordings", run: () => go(recordingsAddress(pane.id)) },
    { heading: "Terminal" },
    { label: "Reset what is shown", run: () => {
      pane.terminal.clear();
      pane.focus();
    } },
    { label: "For a screen reader", checked: isForReaders,
      run: () => setForReaders(pane, !isForReaders) },
    { label: "Answer questions of the VM", checked: pane.choices.answers === true,
      hint: "A program in the VM may ask for the cursor's place, colours or the mouse; the " +
        "answers are typed into it. So can whoever prints to this console.",
      run: () => {
        pane.keep({ answers: pane.choices.answers !== true });
        pane.focus();
      } },
    { label: "Draw by the graphics card", run: () => pane.terminal.useGraphics().then(
      () => pane.focus(), (error) => say(`Not here: ${error.message}`, "error")) },
    ...(pane.close ? [{ heading: "Connection" }, { label: "Disconnect, and close", run: pane.close }] : []),
  ];
}

// console_words.js - what is true of a console and its connection, in words.

import { numberText } from "./words.js";

export const bytesText = (n) => `${numberText(n)} ${n === 1 ? "byte" : "bytes"}`;

// What a person may do, from least to most.
const RIGHTS = ["none", "read", "write", "break", "control", "admin"];
export const mayDo = (you, right) =>
  RIGHTS.indexOf(you?.right ?? "none") >= RIGHTS.indexOf(right);

const VM = {
  connected: { sign: "●", tone: "good", badge: "Connected", text: "" },
  moving: {
    sign: "⇄", tone: "doubt", badge: "VM is moving",
    text: "The VM moves to another host. What you type waits until it is there.",
  },
  none: {
    sign: "○", tone: "doubt", badge: "VM is away",
    text: "The VM is not connected. What you type waits, and reaches it when it comes.",
  },
};

const UNKNOWN = {
  sign: "?", tone: "doubt", badge: "VM is not known",
  text: "Reload the page: it does not know this state of a VM.",
};

const holderText = ({ by, reason }) =>
  `${by} has the keyboard${reason ? ` (${reason})` : ""}: you can watch.`;

// What a connection has to say: {sign, tone, badge, text, actions}. Actions
// are names of what helps: retry, take, take-back. now: ms, as retryAt.
export function describe(status, now) {
  const wait = status.retryAt === null ? null : Math.max(0, Math.ceil((status.retryAt - now) / 1000));
  switch (status.phase) {
    case "connected":
      return connectedWords(status);
    case "connecting":
      return { sign: "◌", tone: "doubt", badge: "Connecting", text: "", actions: [] };
    case "waiting":
      return {
        sign: "✕", tone: "bad", badge: "Not connected", actions: ["retry"],
        text: wait ? `No connection to vspcd. Trying again in ${wait} s.`
          : "No connection to vspcd. Trying again.",
      };
    case "refused":
      return {
        sign: "✕", tone: "bad", badge: "Refused", actions: ["retry"],
        text: `${status.refusal.reason} ${status.refusal.hint}`,
      };
    case "replaced":
      return {
        sign: "⧉", tone: "doubt", badge: "In another window", actions: ["take-back"],
        text: "Another window goes on with this connection.",
      };
    default:
      return { sign: "", tone: "", badge: "", text: "", actions: [] };
  }
}

function connectedWords(status) {
  const words = { ...(Object.hasOwn(VM, status.vm) ? VM[status.vm] : UNKNOWN), actions: [] };
  if (status.whyNot === "locked") {
    words.text = `${words.text} ${holderText(status.lock)}`.trim();
    if (mayDo(status.you, "control")) words.actions = ["take"];
  } else if (status.whyNot === "read-only") {
    words.text = `${words.text} You watch, and type nothing.`.trim();
    if (mayDo(status.you, "control")) words.actions = ["take"];
  } else if (status.whyNot !== null) {
    words.text = `${words.text} You may watch.`.trim();
  } else if (status.lock && status.lock.client === undefined) {
    words.text = `${words.text} You have locked the keyboard.`.trim();
  } else if (status.you.has_keyboard) {
    words.text = `${words.text} You have the keyboard; others watch.`.trim();
  }
  return words;
}

// Why a key did nothing, and what to do.
export function whyNotText(why, status) {
  switch (why) {
    case "disconnected":
      return "Not sent: there is no connection.";
    case "full":
      return "Not sent: the VM has not taken what was typed before.";
    case "right":
      return "Nothing was sent: you may only read this console. Ask an administrator for the " +
        "right to write.";
    case "read-only":
      return "Nothing was sent: you only watch. " + (mayDo(status.you, "control")
        ? "Take the keyboard to type." : "To take the keyboard needs the right to control.");
    case "locked":
      return `Nothing was sent: ${status.lock.by} has the keyboard. ` +
        (mayDo(status.you, "control") ? "Take it over, or ask for it."
          : "Ask for it; taking it over needs the right to control.");
    default:
      return "";
  }
}

// What of the person's typing is lost, or null.
export function lossText({ notSent, unsure }) {
  const parts = [];
  if (notSent > 0) parts.push(`${bytesText(notSent)} typed and not sent`);
  if (unsure > 0) parts.push(`${bytesText(unsure)} sent, perhaps not received`);
  return parts.length ? parts.join("; ") : null;
}

const GAPS = {
  slow: "this page was too slow for them",
  lost: "they are not kept any more",
  restart: "vspcd was started again",
  purged: "somebody has purged the output",
  "too-much": "more than a page can show was printed meanwhile; the log has it",
};

export function gapText({ reason, bytes }) {
  const how = Object.hasOwn(GAPS, reason) ? GAPS[reason] : reason;
  return `${bytes === null ? "output" : bytesText(bytes)} missing here: ${how}`;
}

const DOORS = { websocket: "web page", telnet: "telnet", ssh: "SSH" };

// {who, how} of a client.
export function clientText(client) {
  const who = client.name || client.peer;
  const parts = [Object.hasOwn(DOORS, client.door) ? DOORS[client.door] : client.door];
  if (client.name && client.peer) parts.push(`from ${client.peer}`);
  parts.push(mayDo(client, "write") && client.mode !== "read-only" ? "may type" : "watches");
  return { who, how: parts.join(", ") };
}

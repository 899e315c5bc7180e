// console_people.js - who is at a console: what they do there, words to them,
// who gets the keyboard, and who is disconnected, for whom that is allowed.

import { ask, fill, make, say, sayError } from "./dom.js";
import { clientText, mayDo } from "./console_words.js";

const SAID_MOST = 50;

const timeText = () => new Date().toLocaleTimeString([], { hour12: false });

// command: link.command; post(rest, body) to the console by HTTP. Returns
// {element, setPeople, setStatus, add, takeOver}.
export function makePeople(name, command, post) {
  const list = make("ul", { class: "people-list" });
  const said = make("ol", { class: "people-said", "aria-label": "Messages", tabindex: "0" });
  const input = make("input", { type: "text", maxlength: "500", "aria-label": "Message to the others",
    placeholder: "Message to the others" });
  const send = make("button", {}, "Send");
  const form = make("form", { class: "people-form", onsubmit: sendMessage }, input, send);
  const keyboard = make("div", { class: "buttons left" });
  const element = make("aside", { class: "people", "aria-label": `People at ${name}`, hidden: true },
    make("h3", {}, "Here"), list, keyboard, make("h3", {}, "Messages"), said, form);
  let people = { clients: [], total: 0 };
  let status = { you: null, phase: "new", lock: null };

  const run = (promise, what) => promise.then(() => say(what), sayError);

  function sendMessage(event) {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    command({ message: text }).then(() => {
      add(`You: ${text}`);
      input.value = "";
    }, sayError);
  }

  async function disconnect(client) {
    const { who, how } = clientText(client);
    const answer = await ask(`Disconnect ${who} from ${name}?`,
      make("p", {}, `${who} (${how}) loses the connection to this console.`),
      [["yes", "Disconnect", "danger"], ["", "Cancel"]]);
    if (answer === "yes") run(command({ disconnect: client.number }), `${who} is disconnected.`);
  }

  async function takeOver() {
    const holder = status.lock?.by ?? "Somebody else";
    const answer = await ask(`Take the keyboard of ${name}?`,
      make("p", {}, `${holder} has it now, is told, and can only watch then.`),
      [["yes", "Take over", "main"], ["", "Cancel"]]);
    if (answer === "yes") run(command({ take: true }), "The keyboard is yours.");
  }

  async function lock() {
    const reason = make("input", { type: "text", maxlength: "200", "aria-label": "Reason", placeholder: "Why" });
    const answer = await ask(`Lock the keyboard of ${name}?`,
      make("div", {}, make("p", {}, "Only you can type then, from wherever you are, until you unlock it. " +
        "The others are told by whom, and why."), reason),
      [["yes", "Lock", "main"], ["", "Cancel"]]);
    if (answer === "yes") run(post("/lock", { reason: reason.value.trim() }), "The keyboard is locked.");
  }

  // Who holds a lock is a person; who has the keyboard is one of the clients.
  function keyboardButtons() {
    const { you, lock: held, whyNot } = status;
    if (status.phase !== "connected") return [];
    const mayControl = mayDo(you, "control");
    const isLock = held !== null && held.client === undefined;
    if (isLock) {
      return held.may_type || mayDo(you, "admin")
        ? [["Unlock the keyboard", () => run(post("/unlock", {}), "The keyboard is unlocked.")]] : [];
    }
    return [
      you.has_keyboard && ["Release the keyboard", () => run(command({ release: true }), "The keyboard is free.")],
      mayControl && (whyNot === "locked" || whyNot === "read-only") && ["Take the keyboard…", takeOver],
      mayControl && you.name && ["Lock the keyboard…", lock],
    ].filter(Boolean);
  }

  async function handOver(client) {
    const { who } = clientText(client);
    const answer = await ask(`Hand over the keyboard of ${name}?`,
      make("p", {}, `${who} is told, and can type then; you watch.`),
      [["yes", "Hand over", "main"], ["", "Cancel"]]);
    if (answer === "yes") run(command({ give: client.number }), `${who} has the keyboard now.`);
  }

  function row(client) {
    const isMe = client.number === status.you?.number;
    const { who, how } = clientText(client);
    return make("li", {},
      make("div", { class: "people-who" },
        make("bdi", { class: "cut" }, who), isMe ? make("span", { class: "faint" }, " (you)") : null,
        client.has_keyboard ? make("span", { class: "badge good" }, "⌨ has the keyboard") : null),
      make("div", { class: "faint cut" }, how),
      !isMe && status.you?.has_keyboard && mayDo(client, "write")
        ? make("button", { class: "quiet", onclick: () => handOver(client),
          "aria-label": `Hand over to ${who}` }, "Hand over") : null,
      !isMe && mayDo(status.you, "control")
        ? make("button", { class: "quiet bad", onclick: () => disconnect(client),
          "aria-label": `Disconnect ${who}` }, "Disconnect") : null);
  }

  function draw() {
    const more = people.total - people.clients.length;
    const isConnected = status.phase === "connected";
    fill(list, ...(isConnected ? people.clients.map(row) : [make("li", { class: "faint" }, "Known when there is a connection.")]),
      isConnected && more > 0 ? make("li", { class: "faint" }, `and ${more} more`) : null);
    const mayControl = isConnected && mayDo(status.you, "control");
    fill(keyboard, ...keyboardButtons().map(([label, onclick]) => make("button", { onclick }, label)));
    input.disabled = send.disabled = !mayControl;
    input.placeholder = mayControl ? "Message to the others" : "Messages need the right to control";
  }

  function add(text) {
    said.append(make("li", {}, make("time", { class: "faint" }, timeText()), " ",
      make("bdi", {}, text)));
    while (said.childElementCount > SAID_MOST) said.firstElementChild.remove();
    said.scrollTop = said.scrollHeight;
  }

  return {
    element, add, takeOver,
    setPeople(text) {
      people = text;
      draw();
    },
    setStatus(now) {
      const isOther = ["you", "phase", "lock", "whyNot"].some((name) => now[name] !== status[name]);
      status = now;
      if (isOther) draw();
    },
  };
}

// console_people.js - who is at a console: what they do there, words to them,
// and, for whom that is allowed, taking the keyboard and disconnecting.

import { ask, fill, make, say } from "./dom.js";
import { clientText, mayDo } from "./console_words.js";

const SAID_MOST = 50;

const timeText = () => new Date().toLocaleTimeString([], { hour12: false });

// command: link.command. Returns {element, setPeople, setStatus, add, takeOver}.
export function makePeople(name, command) {
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
  let status = { you: null, phase: "new" };

  const run = (members, what) => command(members).then(
    (answer) => say(answer || what), (error) => say(error.message, "error"));

  function sendMessage(event) {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    command({ message: text }).then(() => {
      add(`You: ${text}`);
      input.value = "";
    }, (error) => say(error.message, "error"));
  }

  async function disconnect(client) {
    const { who, how } = clientText(client);
    const answer = await ask(`Disconnect ${who} from ${name}?`,
      make("p", {}, `${who} (${how}) loses the connection to this console.`),
      [["yes", "Disconnect", "danger"], ["", "Cancel"]]);
    if (answer === "yes") run({ disconnect: client.number }, `${who} is disconnected`);
  }

  async function takeOver() {
    const holder = status.lock?.by;
    const answer = await ask(`Take the keyboard of ${name}?`,
      make("p", {}, holder ? `${holder} has it now, is told, and can only watch then.`
        : "Nobody else can type then, until you release it."),
      [["yes", "Take over", "main"], ["", "Cancel"]]);
    if (answer === "yes") run({ take: true }, "The keyboard is yours.");
  }

  function row(client) {
    const isMe = client.number === status.you?.number;
    const { who, how } = clientText(client);
    return make("li", {},
      make("div", { class: "people-who" },
        make("bdi", { class: "cut" }, who), isMe ? make("span", { class: "faint" }, " (you)") : null,
        client.has_keyboard ? make("span", { class: "badge good" }, "⌨ has the keyboard") : null),
      make("div", { class: "faint cut" }, how),
      !isMe && mayDo(status.you, "control")
        ? make("button", { class: "quiet", onclick: () => disconnect(client),
          "aria-label": `Disconnect ${who}` }, "Disconnect") : null);
  }

  function draw() {
    const more = people.total - people.clients.length;
    fill(list, ...people.clients.map(row), more > 0 ? make("li", { class: "faint" }, `and ${more} more`) : null);
    const mayControl = status.phase === "connected" && mayDo(status.you, "control");
    const isMine = status.you?.has_keyboard;
    fill(keyboard,
      mayControl && !isMine ? make("button", { onclick: takeOver }, "Take the keyboard…") : null,
      isMine ? make("button", { onclick: () => run({ release: true }, "The keyboard is free.") },
        "Release the keyboard") : null);
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
      const isOther = now.you !== status.you || now.phase !== status.phase || now.lock !== status.lock;
      status = now;
      if (isOther) draw();
    },
  };
}

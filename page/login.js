// login.js - logging in: by name and password, with what PAM asks besides, or
// by an access token. What vspcd takes here it says itself (GET /login).

import { get, post } from "./api.js";
import { fill, make } from "./dom.js";

export const title = "Log in";

// Where one was; nothing but an address of this page.
export const backTo = ({ back }) => (back?.startsWith("#/") && !back.startsWith("#/login") ? back : "#/");

const field = (label, attributes) =>
  make("label", { class: "field" }, make("span", {}, label), make("input", { required: true, ...attributes }));

const value = (form, name) => form.elements.namedItem(name).value;

// A form that sends what body(form) says, once at a time.
function makeForm(fields, label, body, send) {
  const problem = make("p", { class: "bad", role: "alert" });
  const button = make("button", { class: "main" }, label);
  const form = make("form", { class: "login", onsubmit: async (event) => {
    event.preventDefault();
    button.disabled = true;
    fill(problem);
    try {
      await send(body(form));
    } catch (error) {
      fill(problem, error.message, error.hint ? make("span", { class: "faint block" }, error.hint) : null);
      for (const input of form.querySelectorAll("input[type=password]")) input.value = "";
      form.querySelector("input").focus();
    } finally {
      button.disabled = false;
    }
  } }, ...fields, problem, make("div", { class: "buttons" }, button));
  return form;
}

const passwordForm = (send) => makeForm([
  field("Name", { name: "user", autocomplete: "username", autocapitalize: "off", spellcheck: "false" }),
  field("Password", { name: "password", type: "password", autocomplete: "current-password" }),
], "Log in", (form) => ({ user: value(form, "user"), password: value(form, "password") }), send);

const tokenForm = (send) => makeForm([
  field("Access token", { name: "token", type: "password", autocomplete: "off", placeholder: "vspc_…" }),
], "Log in with a token", (form) => ({ token: value(form, "token").trim() }), send);

const questionForm = ({ login, question, is_hidden: isHidden }, send) => makeForm([
  field(question, { name: "answer", type: isHidden ? "password" : "text", autocomplete: "one-time-code" }),
], "Answer", (form) => ({ login, answer: value(form, "answer") }), send);

const said = (text) => (text ? make("p", { class: "said" }, text) : null);

function waysOf(ways, send) {
  const forms = [
    ways.password ? passwordForm(send) : null,
    ways.token ? make("details", { open: !ways.password },
      make("summary", {}, "With an access token"), tokenForm(send)) : null,
    ways.certificate ? make("p", { class: "faint" },
      "A TLS client certificate logs in by itself: install it in the browser, and load this page again.") : null,
  ];
  if (forms.some(Boolean)) return forms;
  return [make("p", {}, ways.proxy
    ? "The proxy before vspcd says who you are, and it has said nobody."
    : "Nobody can log in here: this connection is not encrypted, or there are no logins. Use https.")];
}

export function show(root, { query, person, loggedIn }) {
  const place = make("div", {}, make("p", { class: "empty" }, "Loading…"));

  async function send(body) {
    const answer = await post("/login", body, { quiet: true });
    if (answer.question === undefined) {
      loggedIn(answer, backTo(query));
      return;
    }
    fill(place, said(answer.said), questionForm(answer, send));
    place.querySelector("input").focus();
  }

  fill(root, make("section", { class: "sheet narrow" },
    make("h1", { tabindex: -1 }, "Log in to vspcd"),
    query.why === "ended" ? make("p", { role: "status" }, "Your session has ended. Log in, and go on where you were.") : null,
    place,
    person?.name ? make("p", { class: "faint" }, `You are ${person.name} now. `,
      make("a", { href: backTo(query) }, "Go on")) : null));
  get("/login", {}, { quiet: true }).then(
    (ways) => {
      fill(place, ...waysOf(ways, send));
      place.querySelector("input")?.focus();
    },
    (error) => fill(place, make("p", { class: "bad" }, error.message)));
}

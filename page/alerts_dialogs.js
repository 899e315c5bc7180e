// alerts_dialogs.js - what is asked for when an alert is acknowledged, or muted.

import { post } from "./api.js";
import { ask, make, say, sayError } from "./dom.js";

const LENGTHS = [[3600, "an hour"], [8 * 3600, "8 hours"], [86400, "a day"],
  [7 * 86400, "a week"], [30 * 86400, "30 days"]];

async function tried(work, said) {
  try {
    await work();
    say(said);
    return true;
  } catch (error) {
    sayError(error);
    return false;
  }
}

// Each resolves to whether it was done.
export async function acknowledge(alert) {
  const comment = make("input", { name: "comment", maxlength: 400, autofocus: true });
  const answer = await ask("Acknowledge the alert",
    make("div", { class: "fields" },
      make("p", {}, `${alert.rule}, on ${alert.console.name}`),
      make("label", {}, "Comment", comment)),
    [["yes", "Acknowledge", "main"], ["", "Cancel"]]);
  return answer === "yes" &&
    tried(() => post(`/alerts/${alert.id}/acknowledge`, comment.value ? { comment: comment.value } : {}),
      "The alert was acknowledged.");
}

export async function mute({ match = "", rule = "" } = {}) {
  const console = make("input", { name: "match", value: match, placeholder: "all consoles" });
  const rules = make("input", { name: "rule", value: rule, placeholder: "all rules" });
  const seconds = make("select", { name: "seconds" },
    ...LENGTHS.map(([value, label]) => make("option", { value }, label)));
  const reason = make("input", { name: "reason", maxlength: 200 });
  const answer = await ask("Mute alerts",
    make("div", { class: "fields" },
      make("p", { class: "faint" },
        "Nothing is told of what is found on these consoles. * and ? stand for any text and any letter."),
      make("label", {}, "Consoles", console), make("label", {}, "Rules", rules),
      make("label", {}, "For", seconds), make("label", {}, "Reason", reason)),
    [["yes", "Mute", "main"], ["", "Cancel"]]);
  if (answer !== "yes") return false;
  const wish = { seconds: Number(seconds.value) };
  for (const [name, { value }] of [["match", console], ["rule", rules], ["reason", reason]])
    if (value.trim() !== "") wish[name] = value.trim();
  return tried(() => post("/alerts/mutes", wish), "It was muted.");
}

// link_commands.js - commands that were sent, and wait for vspcd's answer.

export function makeCommands() {
  const waiting = new Map(); // id -> {resolve, reject}
  let lastId = 0;

  return {
    // put(object) sends it. A promise of the answer's text.
    send(members, put) {
      const id = ++lastId;
      put({ id, ...members });
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
    // False: nobody waits for this answer.
    take({ type, id, text }) {
      const command = waiting.get(id);
      waiting.delete(id);
      if (type === "error") command?.reject(new Error(text));
      else command?.resolve(text);
      return command !== undefined;
    },
    lose() {
      for (const { reject } of waiting.values())
        reject(new Error("The connection was lost before vspcd answered."));
      waiting.clear();
    },
  };
}

// list_filter.js - the text of a filter, as a function that says whether a row
// of the list is wanted. Pure.
//
//     web db            both are in the name, the label, the host or the UUID
//     "two words"       with the blank
//     -web              not in it
//     /^web-\d+$/       a regular expression for the name, in any case
//     state:none        connected, moving, none; the beginning will do
//     client:alice      somebody of this name is there; client:* anybody
//     host:10.0.1.      the host's address, or its name in the inventory, begins so
//     folder:/prod/     the folder in the inventory begins so
//     owner:alice       the owner there begins so
//     tag:web           one of the tags there is this one
//     line:panic        the last line has it
//     is:locked         the keyboard is locked, or somebody's alone
//     is:alert          an alert is open

const TERM = /(-?)(?:([a-z]+):)?(?:"([^"]*)"?|\/((?:[^/\\]|\\.)*)\/(?=\s|$)|(\S+))/gi;

const begins = (text, part) => (text ?? "").toLowerCase().startsWith(part);
const has = (text, part) => text.toLowerCase().includes(part);

const KINDS = {
  state: (part) => (row) => row.state.startsWith(part),
  host: (part) => (row) => begins(row.host, part) || begins(row.known.host, part),
  folder: (part) => (row) => begins(row.known.folder, part),
  owner: (part) => (row) => begins(row.known.owner, part),
  tag: (part) => (row) => row.known.tags.some((tag) => tag.toLowerCase() === part),
  line: (part) => (row) => has(row.last_line ?? "", part),
  client: (part) => (row, clients) => {
    if (part === "*") return row.clients > 0;
    return (clients.get(row.id) ?? []).some((name) => has(name, part));
  },
  is: (part) => (row) => ("locked".startsWith(part) && row.locked_by !== null) ||
    ("alert".startsWith(part) && row.alerts.count > 0),
};

function expression(source) {
  try {
    const made = new RegExp(source, "iu");
    return { test: (row) => made.test(row.name) };
  } catch {
    return { problem: `/${source}/ is no regular expression` };
  }
}

function term([, not, kind, quoted, source, word]) {
  if (source !== undefined && kind === undefined) return { not, ...expression(source) };
  // Behind a colon, slashes are a folder's: folder:/prod/.
  const part = (quoted ?? (source === undefined ? word : `/${source}/`)).toLowerCase();
  if (kind === undefined) return { not, test: (row) => row.text.includes(part) };
  // A name may have a colon, too.
  if (!Object.hasOwn(KINDS, kind.toLowerCase())) return { not, test: (row) => row.text.includes(`${kind}:${part}`.toLowerCase()) };
  return { not, kind: kind.toLowerCase(), part, test: KINDS[kind.toLowerCase()](part) };
}

// {test(row, clients), problem, wantsClients}. clients: Map of a console's id
// to the names of those who are there; loaded where wantsClients says so.
export function parseFilter(text) {
  const terms = [...text.matchAll(TERM)].map(term);
  const good = terms.filter(({ test }) => test);
  return {
    test: (row, clients = new Map()) =>
      good.every(({ not, test }) => test(row, clients) !== (not === "-")),
    problem: terms.find(({ problem }) => problem)?.problem ?? null,
    wantsClients: good.some(({ kind, part }) => kind === "client" && part !== "*"),
  };
}

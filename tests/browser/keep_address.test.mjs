// Choices in an address, and whoever goes elsewhere meanwhile.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { makeAddressKeeper } from "../../page/keep_address.js";

beforeEach(() => {
  globalThis.location = { hash: "#/" };
  globalThis.history = {
    state: null,
    replaceState(state, title, address) {
      location.hash = address;
    },
  };
});

test("what is chosen is in the address", () => {
  const keep = makeAddressKeeper();
  keep("#/?filter=web");
  keep("#/?filter=web-01");
  assert.equal(location.hash, "#/?filter=web-01");
});

test("another address stays, whoever has chosen what", () => {
  const keep = makeAddressKeeper();
  keep("#/?filter=web");
  location.hash = "#/alerts";
  keep("#/?filter=web-01");
  assert.equal(location.hash, "#/alerts");
});

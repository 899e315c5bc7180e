// Where a login leads.

import assert from "node:assert/strict";
import { test } from "node:test";

import { backTo } from "../../page/login.js";

test("a login leads to where one was", () => {
  for (const back of ["#/", "#/console/u1%2Fs0?at=1:2", "#/?filter=web"])
    assert.equal(backTo({ back }), back);
});

test("nobody is led elsewhere, or to the login again", () => {
  for (const back of [undefined, "", "https://evil.example/", "//evil.example", "/evil", "javascript:alert(1)",
    " #/", "#/login", "#/login?back=%23/", "#"])
    assert.equal(backTo({ back }), "#/", back);
});

import assert from "node:assert/strict";
import test from "node:test";
import { nextTheme, themeCookie, themeName } from "./theme.js";

test("the switch goes round", () => {
  assert.deepEqual(["auto", "light", "dark"].map(nextTheme), ["light", "dark", "auto"]);
});

test("a theme that is not ours begins anew", () => {
  assert.equal(nextTheme("pink"), "auto");
  assert.equal(themeName("pink"), themeName("auto"));
});

test("the choice is remembered, and forgotten when it is the device's", () => {
  assert.match(themeCookie("dark"), /^theme=dark; path=\/; max-age=31536000; samesite=lax$/);
  assert.match(themeCookie("auto"), /max-age=0/);
});

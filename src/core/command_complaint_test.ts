import assert from "node:assert/strict";
import { commandComplaint } from "./command_complaint.ts";

const subcommands = { cluster: ["stop", "scale"] };

Deno.test("commandComplaint() names the subcommands on a word too many after their command", () => {
  const one = "error: too many arguments for 'cluster'. Expected 0 arguments but got 1: stpo.\n";
  assert.equal(commandComplaint(one, subcommands), "unknown command 'stpo': want stop, scale");
  const two = "error: too many arguments for 'cluster'. Expected 0 arguments but got 2: stpo, 3.";
  assert.equal(commandComplaint(two, subcommands), "unknown command 'stpo': want stop, scale");
});

Deno.test("commandComplaint() leaves other complaints as they are, on one line", () => {
  for (
    const text of [
      "error: unknown option '--prot' (Did you mean --port?)",
      "error: too many arguments for 'start'. Expected 0 arguments but got 1: extra.",
    ]
  ) assert.equal(commandComplaint(text, subcommands), text);
  assert.equal(
    commandComplaint("error: unknown command 'strat'\n(Did you mean start?)\n", {}).includes("\n"),
    false,
  );
});

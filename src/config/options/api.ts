/** Options of the server API. */
import * as z from "zod";
import { optionInfo } from "../option.ts";

const NAME = /^[A-Za-z0-9._-]{1,64}$/;
const WORKSPACE = /^(?:\*|[a-z0-9-]{1,64})$/;
const METHOD = /^(?:\*|[a-z_]{1,32})$/;
const MAX_KEYS = 1_000;
const MIN_KEY_LENGTH = 32;

const name = z.string().regex(NAME).register(optionInfo, {
  kind: "text",
  wants: "1 to 64 letters, digits, dots, dashes or underscores, used once",
  text: "Name of the key, for people and logs.",
});

const key = z.string().min(MIN_KEY_LENGTH).max(256).register(optionInfo, {
  kind: "text",
  wants: `${MIN_KEY_LENGTH} to 256 characters (\`openssl rand -hex 32\` makes them), used once`,
  text: "The key itself, as requests carry it in `X-API-Key`.",
  secrecy: "whole",
});

const workspaces = z.array(z.string().regex(WORKSPACE)).min(1).max(1_000).default(() => ["default"])
  .register(optionInfo, {
    kind: "list",
    wants: 'a list of workspaces, or "*" for all',
    text: "Workspaces it is for; requests that name none mean the first. Default: `default`.",
  });

const methods = z.array(z.string().regex(METHOD)).min(1).max(100).default(() => ["*"]).register(optionInfo, {
  kind: "list",
  wants: 'a list of methods, "*" for all of the server API, `admin`, `metrics`',
  text: "Methods it is for; `admin` and `metrics` are given by name only. Default: `*`.",
});

/** Who may call the server API. */
export const api = {
  api_keys: z.array(z.strictObject({ name, key, workspaces, methods })).max(MAX_KEYS).default(() => [])
    .register(optionInfo, {
      kind: "objects",
      wants: `a JSON list of at most ${MAX_KEYS} objects, each with a name and a key`,
      text: "Keys of the server API (`POST /api/...`). Without one every call is refused.",
      secrecy: "whole",
    }),
};

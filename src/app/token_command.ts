/** `shoal token`: mints a token with the configured key. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { systemClock } from "../core/clock.ts";
import { reasonOf } from "../core/reason.ts";
import { type CapClaim, readCaps } from "../protocol/token_claims.ts";
import { addConfigFlags, type ConfigFlagValues, faultyConfigCode, loadOrReport } from "./config_flags.ts";
import { type CliContext, exitCodes } from "./context.ts";
import { parseDurationS } from "./duration.ts";

const MAX_EXPIRES_S = 10 * 366 * 86_400;
const WORKSPACE = /^[a-z0-9-]{1,64}$/;

interface TokenFlags extends ConfigFlagValues {
  readonly user: string;
  readonly expires: number;
  readonly workspace?: string;
  readonly channel?: string;
  readonly caps?: readonly CapClaim[];
  readonly info?: unknown;
  readonly privateKey?: string;
}

const HELP = `
The key is token_hmac_secret, from SHOAL_TOKEN_HMAC_SECRET or the configuration file, or the private
key in a file: a node needs, and should have, only the public one (token_public_keys).

Examples:
  deno task token --user u1
  deno task token --user u1 --workspace acme --expires 7d
  deno task token --user u1 --channel '$private'
  deno task token --user u1 --caps '[{"channels":["chat:*"],"match":"wildcard","allow":["sub","pub"]}]'
  deno task token --user u1 --private-key key.pem`;

/** Adds `token`; it hands its exit code to `finish`. */
export function addTokenCommand(program: Command, context: CliContext, finish: (code: number) => void): void {
  const command = program.command("token")
    .description("mint a token of a user, or with --channel of a subscription")
    .requiredOption("--user <id>", "whom it speaks for (sub)", wantedText("a user id", /^.{1,255}$/))
    .addOption(
      new Option("--expires <time>", "how long it is good: 90s, 30m, 7d").argParser(wantedExpiry)
        .default(3600, "1h"),
    )
    .option(
      "--workspace <name>",
      "workspace that it is for",
      wantedText("a-z, 0-9 and dashes, at most 64", WORKSPACE),
    )
    .option(
      "--channel <name>",
      "channel that it lets subscribe to",
      wantedText("a channel name", /^.{1,255}$/),
    )
    .option("--caps <json>", "what it lets do: a JSON list of capabilities", wantedCaps)
    .option("--info <json>", "what others see of the client, or of the subscription", wantedJson)
    .option("--private-key <file>", "PEM file to sign with, in place of token_hmac_secret")
    .addHelpText("after", HELP);
  addConfigFlags(command, [])
    .action(async (values: TokenFlags) => finish(await mint(values, context)));
}

async function mint(flags: TokenFlags, context: CliContext): Promise<number> {
  const loaded = await loadOrReport(flags, context);
  if (loaded === undefined) return faultyConfigCode;
  const { tokenHmacSecret, tokenAudience, tokenIssuer } = loaded.config;
  const keyText = flags.privateKey === undefined ? tokenHmacSecret : await readKey(flags.privateKey, context);
  if (keyText === undefined) return exitCodes.misuse;
  if (keyText === "") return reportNoKey(context);
  const { mintToken, signingKey } = await import("../server/mod.ts");
  const key = await signingKey(keyText).catch((error: Error) => void context.err(`${error.message}\n`));
  if (key === undefined) return exitCodes.misuse;
  const issuedAtS = Math.floor(systemClock.wallMs() / 1000);
  const token = await mintToken({
    user: flags.user,
    issuedAtS,
    expiresAtS: issuedAtS + flags.expires,
    audience: tokenAudience,
    issuer: tokenIssuer,
    ...(flags.workspace === undefined ? {} : { workspace: flags.workspace }),
    ...(flags.channel === undefined ? {} : { channel: flags.channel }),
    ...(flags.caps === undefined ? {} : { caps: flags.caps }),
    ...(flags.info === undefined ? {} : { info: flags.info }),
  }, key);
  context.out(`${token}\n`);
  return exitCodes.ok;
}

function reportNoKey(context: CliContext): number {
  context.err(
    "Cannot mint a token: no key is configured\n" +
      'Set one, here and for the nodes: export SHOAL_TOKEN_HMAC_SECRET="$(openssl rand -hex 32)"\n',
  );
  return exitCodes.misuse;
}

/** Undefined when it cannot be read, which is said. */
async function readKey(path: string, context: CliContext): Promise<string | undefined> {
  try {
    const text = await Deno.readTextFile(path);
    if (text.includes("-----BEGIN ")) return text;
    context.err(`Cannot use key file "${path}": want a private key as PEM\n`);
  } catch (error) {
    context.err(`Cannot read key file "${path}": ${reasonOf(error)}\n`);
  }
  return undefined;
}

function wantedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError("Want JSON.");
  }
}

function wantedCaps(text: string): readonly CapClaim[] {
  const caps = readCaps(wantedJson(text));
  if (caps !== undefined) return caps;
  throw new InvalidArgumentError(
    'Want a list such as [{"channels":["chat:*"],"match":"wildcard","allow":["sub","pub"]}].',
  );
}

function wantedText(wants: string, pattern: RegExp): (text: string) => string {
  return (text) => {
    if (!pattern.test(text)) throw new InvalidArgumentError(`Want ${wants}.`);
    return text;
  };
}

function wantedExpiry(text: string): number {
  const expiresS = parseDurationS(text);
  if (expiresS === undefined || expiresS > MAX_EXPIRES_S) {
    throw new InvalidArgumentError("Want a time such as 90s, 30m, 1h or 7d, at most ten years.");
  }
  return expiresS;
}

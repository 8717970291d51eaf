/** `shoal token`: mints a token with the configured key. */
import { type Command, InvalidArgumentError } from "commander";
import { systemClock } from "../core/clock.ts";
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
}

const HELP = `
The key is token_hmac_secret, from SHOAL_TOKEN_HMAC_SECRET or the configuration file.

Examples:
  deno task token --user u1
  deno task token --user u1 --workspace acme --expires 7d
  deno task token --user u1 --channel '$private'`;

/** Adds `token`; it hands its exit code to `finish`. */
export function addTokenCommand(program: Command, context: CliContext, finish: (code: number) => void): void {
  const command = program.command("token")
    .description("mint a token of a user, or with --channel of a subscription")
    .requiredOption("--user <id>", "whom it speaks for (sub)", wantedText("a user id", /^.{1,255}$/))
    .option("--expires <time>", "how long it is good: 90s, 30m, 1h, 7d", wantedExpiry, 3600)
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
    .addHelpText("after", HELP);
  addConfigFlags(command, [])
    .action(async (values: TokenFlags) => finish(await mint(values, context)));
}

async function mint(flags: TokenFlags, context: CliContext): Promise<number> {
  const loaded = await loadOrReport(flags, context);
  if (loaded === undefined) return faultyConfigCode;
  const { tokenHmacSecret, tokenAudience, tokenIssuer } = loaded.config;
  if (tokenHmacSecret === "") return reportNoKey(context);
  const { mintToken } = await import("../server/mod.ts");
  const issuedAtS = Math.floor(systemClock.wallMs() / 1000);
  const token = await mintToken({
    user: flags.user,
    issuedAtS,
    expiresAtS: issuedAtS + flags.expires,
    audience: tokenAudience,
    issuer: tokenIssuer,
    ...(flags.workspace === undefined ? {} : { workspace: flags.workspace }),
    ...(flags.channel === undefined ? {} : { channel: flags.channel }),
  }, tokenHmacSecret);
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

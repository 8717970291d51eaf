import { CloseError } from "../../core/errors.ts";
import { readConnectionClaims } from "../../protocol/token_claims.ts";
import type { Identity } from "../identity.ts";

/** What a verified token's claims `channels`, `subs` and `caps` give. Closes 3500 when one has a wrong shape. */
export function grantsOf(payload: unknown): Pick<Identity, "channels" | "grants"> {
  const claims = readConnectionClaims(payload);
  if (claims === undefined) throw new CloseError("invalidToken");
  return {
    channels: [...new Set([...claims.channels, ...Object.keys(claims.subs)])],
    grants: new Set(claims.caps.flatMap((cap) => cap.allow)),
  };
}

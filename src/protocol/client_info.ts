/** Who published, joined or left, as other clients see it. Empty fields are left out on the wire. */
export interface ClientInfo {
  readonly user: string;
  readonly client: string;
  /** Raw JSON of what the connection token or the connect hook attached. */
  readonly connInfo?: string | undefined;
  /** Raw JSON of what the subscription token attached. */
  readonly chanInfo?: string | undefined;
}

/** The JSON object for `info`. */
export function clientInfoJson(info: ClientInfo): string {
  const fields: string[] = [];
  if (info.user !== "") fields.push(`"user":${JSON.stringify(info.user)}`);
  if (info.client !== "") fields.push(`"client":${JSON.stringify(info.client)}`);
  if (info.connInfo !== undefined) fields.push(`"conn_info":${info.connInfo}`);
  if (info.chanInfo !== undefined) fields.push(`"chan_info":${info.chanInfo}`);
  return `{${fields.join(",")}}`;
}

/** The user of an object that {@linkcode clientInfoJson} made; "" for the anonymous one. Throws `SyntaxError` when `json`
 * is no JSON. */
export function userOfInfo(json: string): string {
  const info: unknown = JSON.parse(json);
  if (typeof info !== "object" || info === null || !("user" in info)) return "";
  return typeof info.user === "string" ? info.user : "";
}

/** What a browser must be told before it lets a page of another origin speak to a node. */
import { type AccessPolicy, checkOrigin, type RequestFacts } from "./access.ts";
import { type Answer, errorAnswer } from "./answer.ts";

const PREFLIGHT_MAX_AGE_SECONDS = "7200";

/** Headers of every answer to a request whose origin was found to be allowed; none for one without an origin. */
export function corsHeaders({ headers }: Pick<RequestFacts, "headers">): Record<string, string> {
  const origin = headers.get("origin");
  // Credentials are not allowed: clients show a token, and no cookie proves anything here.
  return origin === null ? {} : { "access-control-allow-origin": origin, vary: "origin" };
}

/** The answer to a preflight. `methods`: what may follow. */
export function preflightAnswer(facts: RequestFacts, policy: AccessPolicy, methods: string): Answer {
  const refusal = checkOrigin(facts, policy);
  if (refusal !== undefined) return errorAnswer(refusal.status, refusal.message);
  return {
    status: 204,
    headers: {
      ...corsHeaders(facts),
      "access-control-allow-methods": methods,
      "access-control-allow-headers": "content-type",
      "access-control-max-age": PREFLIGHT_MAX_AGE_SECONDS,
    },
    body: "",
  };
}

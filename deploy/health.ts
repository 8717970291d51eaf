/**
 * Health check of a container, which has no other program: `deno run --allow-net=127.0.0.1:8080 deploy/health.ts URL` ends
 * with 0 exactly when URL is answered by 200, and says why otherwise.
 */
const url = Deno.args[0] ?? "(no URL given)";

try {
  const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
  const text = await response.text();
  if (!response.ok) fail(`${response.status} ${text.slice(0, 500)}`);
} catch (error) {
  fail(String(error));
}

function fail(reason: string): never {
  console.error(`${url}: ${reason}`);
  Deno.exit(1);
}

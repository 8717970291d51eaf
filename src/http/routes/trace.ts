import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { inSpan, servingSpan, type Span } from "../../tracing/mod.ts";
import type { NodeView } from "../node_view.ts";
import type { HttpEnv } from "./route.ts";

const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const OTHER_METHOD = "_OTHER";

/** Makes a span of each request that is routed, until its answer begins; it goes on from the caller's trace. */
export function traceRequests(node: Pick<NodeView, "health">): MiddlewareHandler<HttpEnv> {
  return async (context, next) => {
    const method = METHODS.has(context.req.method) ? context.req.method : OTHER_METHOD;
    const attributes = { "http.request.method": method, "shoal.node": node.health().node };
    const span = servingSpan(method, attributes, context.env.headers.get("traceparent"));
    await inSpan(span, async () => {
      await next();
      const route = matchedRoutes(context).findLast(({ path }) => path !== "/*" && path !== "*")?.path;
      if (span !== undefined) describe(span, method, route, context.res.status);
    });
  };
}

/** The route rather than the path: names of spans are few. */
function describe(span: Span, method: string, route: string | undefined, status: number): void {
  span.set("http.response.status_code", status);
  if (route === undefined) return;
  span.set("http.route", route);
  span.rename(`${method} ${route}`);
}

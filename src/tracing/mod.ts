/**
 * Spans of what a node does for a caller, over OpenTelemetry. Costs one look at a constant where tracing is off.
 *
 * @module
 */
export { formatTraceparent, parseTraceparent } from "./traceparent.ts";
export {
  askingSpan,
  type Attributes,
  callAttributes,
  inSpan,
  isTracing,
  servingSpan,
  type Span,
} from "./span.ts";

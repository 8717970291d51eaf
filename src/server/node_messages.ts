/** What the nodes of an application built on the library tell and ask each other. */
import type { ClientError } from "../core/errors.ts";
import { parseNodeId } from "../core/ids.ts";
import { payloadOf } from "../protocol/payload.ts";
import type { NodeCalls } from "./node_calls/mod.ts";
import type { Roster } from "./orders/mod.ts";

const MESSAGE = "app.message";
const SURVEY = "app.survey";
const SURVEY_TIMEOUT_MS = 2_000;

/** What an application does with words of its other nodes. Calls may run side by side. */
export interface NodeHandlers {
  readonly onNodeMessage?: ((data: unknown, from: string) => void | Promise<void>) | undefined;
  readonly onSurvey?: ((question: unknown, from: string) => unknown | Promise<unknown>) | undefined;
}

/** Who answered a survey, and who did not, by node id. */
export interface SurveyResult {
  readonly answers: ReadonlyMap<string, unknown>;
  /** Why there is no answer: 408 none in time, 410 gone, 104 it answers no surveys, or what its handler threw. */
  readonly missing: ReadonlyMap<string, ClientError>;
}

/** One generation's messages between nodes. Safe to call concurrently. */
export class NodeMessages {
  readonly #calls: NodeCalls;
  readonly #roster: Pick<Roster, "liveNodes">;

  constructor(calls: NodeCalls, roster: Pick<Roster, "liveNodes">, handlers: NodeHandlers) {
    this.#calls = calls;
    this.#roster = roster;
    const { onNodeMessage, onSurvey } = handlers;
    if (onNodeMessage !== undefined) this.#receive(onNodeMessage);
    if (onSurvey !== undefined) {
      calls.serve(
        SURVEY,
        async ({ payload, from }) => payloadOf(await onSurvey(JSON.parse(payload), from) ?? null),
      );
    }
  }

  /** Resolves once `node` has taken `data`. Throws `TypeError` for what is no node id or no JSON. */
  async sendTo(node: string, data: unknown): Promise<void> {
    await this.#calls.call(parseNodeId(node), MESSAGE, payloadOf(data), SURVEY_TIMEOUT_MS);
  }

  /** Resolves when the backend took it. */
  async broadcast(data: unknown): Promise<void> {
    await this.#calls.tellAll(MESSAGE, payloadOf(data));
  }

  /** Asks every live node. Rejects when the backend cannot name them. */
  async survey(question: unknown, timeoutMs = SURVEY_TIMEOUT_MS): Promise<SurveyResult> {
    const nodes = await this.#roster.liveNodes();
    const survey = await this.#calls.survey(nodes, SURVEY, payloadOf(question), timeoutMs);
    const missing = new Map<string, ClientError>(survey.missing.map(({ node, error }) => [node, error]));
    const answers = new Map<string, unknown>();
    for (const { node, payload } of survey.answers) answers.set(node, JSON.parse(payload));
    return { answers, missing };
  }

  #receive(onNodeMessage: NonNullable<NodeHandlers["onNodeMessage"]>): void {
    this.#calls.serve(MESSAGE, async ({ payload, from }) => {
      await onNodeMessage(JSON.parse(payload), from);
      return "";
    });
    this.#calls.listen(MESSAGE, (payload, from) => {
      // As one more promise, so that what a handler throws meets the log and not the bus.
      void Promise.resolve().then(() => onNodeMessage(JSON.parse(payload), from))
        .catch((error) => this.#calls.log.error("onNodeMessage failed", { from, error }));
    });
  }
}

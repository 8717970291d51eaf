/** HTTP requests on connections that stay open; one at a time on each, so answers come in order. */
import type { VirtualClient } from "../virtual_client.ts";
import type { PayloadPool } from "../payload_pool.ts";
import { MessageTemplate, templateOf } from "../template.ts";
import type { Dialect } from "./dialect.ts";
import { takeWaiting } from "./waiting.ts";

/** What is asked. */
export interface HttpOptions {
  readonly method: string;
  /** Path and query, may hold `{{id}}`. */
  readonly path: string;
  readonly host: string;
  readonly body: string | undefined;
  readonly pool: PayloadPool;
}

/** Asks one URL again and again. */
export class HttpDialect implements Dialect {
  readonly framing = "http";
  readonly hasBodies: boolean;
  readonly #templates: readonly MessageTemplate[];

  constructor(options: HttpOptions) {
    this.hasBodies = options.method !== "HEAD";
    this.#templates = options.pool.texts.map((text) =>
      new MessageTemplate(requestText(options, text), text, undefined)
    );
  }

  template(_operation: unknown, size: number): MessageTemplate {
    return templateOf(this.#templates, size);
  }

  greet(client: VirtualClient): void {
    client.greeted();
  }

  noteSent(client: VirtualClient, index: number): void {
    client.notes.waiting.push(index);
  }

  onMessage(): void {}

  onStatus(client: VirtualClient, status: number): void {
    const index = takeWaiting(client.notes);
    if (index === undefined) return client.garbled(`a response ${status} that nobody asked for`);
    const isGood = status >= 200 && status < 300;
    client.answered(index, isGood ? "intact" : "refused", `status ${status}`);
  }
}

function requestText(options: HttpOptions, payload: string): string {
  const head =
    `${options.method} ${options.path} HTTP/1.1\r\nHost: ${options.host}\r\nUser-Agent: shoal-perf\r\n`;
  if (options.body === undefined) return `${head}\r\n`;
  const length = new MessageTemplate(options.body, payload, undefined).plain.length;
  const type = options.body.trimStart().startsWith("{") ? "application/json" : "text/plain";
  return `${head}Content-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n${options.body}`;
}

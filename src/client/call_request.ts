/** What `services.call` takes. */
export interface CallRequest {
  readonly service: string;
  readonly function: string;
  readonly args: unknown;
  readonly timeout_ms: number | undefined;
  readonly client: string | undefined;
  readonly workspace: string | undefined;
}

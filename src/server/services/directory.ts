/** Who offers what in the whole cluster: read when it is asked for, then kept right by the changes that nodes tell. */
import type { Services } from "../../backend/backend.ts";
import type { NodeId } from "../../core/ids.ts";
import type { Logger } from "../../core/log.ts";
import { decodeServiceChange, isServiceChange } from "../../protocol/service_change.ts";
import type { ServiceShape } from "../../protocol/service_requests.ts";
import { MAX_VIEW_CHARS, MAX_VIEWS } from "./limits.ts";
import { WorkspaceView } from "./workspace_view.ts";

/** What the directory needs of its node. */
export interface DirectoryParts {
  readonly self: NodeId;
  readonly services: Pick<Services, "read">;
  readonly log: Logger;
}

interface Entry {
  readonly view: WorkspaceView;
  /** Shared by all who wait for the same reading. */
  reading: Promise<void> | undefined;
}

/** One node's directory. Safe to call concurrently. */
export class Directory {
  readonly #parts: DirectoryParts;
  /** In the order in which they were asked for last. */
  readonly #entries = new Map<string, Entry>();
  /** The workspace that was asked for last: it need not be moved to the end again. */
  #latest: string | undefined;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
  }

  /** What is known of `workspace`, read first where a change may be missing. Where the backend is away: what was known
   * last, and what clients of this node offer. */
  find(workspace: string): WorkspaceView | Promise<WorkspaceView> {
    const entry = this.#entryOf(workspace);
    if (entry.view.isFresh) return entry.view;
    return this.#read(workspace, entry).then(() => entry.view);
  }

  /** The same as of now: changes that are still on their way here are in it. */
  async confirm(workspace: string): Promise<WorkspaceView> {
    const entry = this.#entryOf(workspace);
    await this.#read(workspace, entry);
    return entry.view;
  }

  /** Takes a message of the bus; false when it is no change. */
  take(message: string): boolean {
    if (!isServiceChange(message)) return false;
    const change = decodeServiceChange(message);
    if (change === undefined) this.#doubtAll();
    else this.#entries.get(change.workspace)?.view.take(change);
    return true;
  }

  /** A client of this node offers a service. */
  putLocal(workspace: string, client: string, shape: ServiceShape): void {
    this.#entryOf(workspace).view.putLocal(shape.id, client, shape);
  }

  /** A client of this node offers it no longer. */
  dropLocal(workspace: string, service: string, client: string): void {
    this.#entries.get(workspace)?.view.dropLocal(service, client);
  }

  /** `node` has left or was declared dead. */
  forgetNode(node: NodeId): void {
    for (const { view } of this.#entries.values()) view.forgetNode(node);
  }

  /** The backend was away: changes may have been missed. */
  onReady(): void {
    this.#doubtAll();
  }

  /** Workspaces that are kept at hand. */
  get size(): number {
    return this.#entries.size;
  }

  #doubtAll(): void {
    for (const { view } of this.#entries.values()) view.doubt();
  }

  #entryOf(workspace: string): Entry {
    const known = this.#entries.get(workspace);
    if (known !== undefined && workspace === this.#latest) return known;
    this.#latest = workspace;
    if (known !== undefined) this.#entries.delete(workspace);
    const entry = known ?? { view: new WorkspaceView(this.#parts.self), reading: undefined };
    this.#entries.set(workspace, entry);
    if (known === undefined) this.#makeRoom();
    return entry;
  }

  /** Views with offers of this node's own clients are bounded by these. */
  #makeRoom(): void {
    let chars = 0;
    for (const { view } of this.#entries.values()) chars += view.chars;
    for (const [workspace, { view, reading }] of this.#entries) {
      if (this.#entries.size <= MAX_VIEWS && chars <= MAX_VIEW_CHARS) return;
      if (view.hasLocal || reading !== undefined) continue;
      chars -= view.chars;
      this.#entries.delete(workspace);
    }
  }

  #read(workspace: string, entry: Entry): Promise<void> {
    return entry.reading ??= this.#readNow(workspace, entry).finally(() => entry.reading = undefined);
  }

  async #readNow(workspace: string, { view }: Entry): Promise<void> {
    view.startReading();
    try {
      const { version, offers } = await this.#parts.services.read(workspace, view.version);
      view.finishReading(version, offers);
    } catch (error) {
      view.failReading();
      this.#parts.log.debug("Offers of services cannot be read: going by what is known", {
        workspace,
        error,
      });
    }
  }
}

import { CloseError } from "../../core/errors.ts";
import type { Identity } from "../identity.ts";
import type { LimitName } from "./limit_name.ts";
import type { WorkspaceQuota } from "./workspace_quota.ts";

/** What the limits are made of. */
export interface ConnectLimitsOptions {
  /** Connections of one user on this node; 0 is no limit. */
  readonly maxPerUser: number;
  /** Undefined: workspaces have no limit. */
  readonly quota: WorkspaceQuota | undefined;
  /** Told of everyone who is turned away. */
  readonly onHit: (limit: LimitName) => void;
}

/** Who takes a place. */
export interface Claimant {
  readonly identity: Pick<Identity, "user" | "workspace">;
}

interface Place {
  readonly workspace: string;
  /** Undefined where users are not counted. */
  readonly userKey: string | undefined;
  hasQuota: boolean;
}

/** Places of users and workspaces: taken once it is known who connects, given back at the end of the connection. */
export class ConnectLimits {
  readonly #options: ConnectLimitsOptions;
  readonly #users = new Map<string, number>();
  readonly #places = new Map<Claimant, Place>();

  constructor(options: ConnectLimitsOptions) {
    this.#options = options;
  }

  /** Whether {@linkcode take} has to wait. */
  get mustAsk(): boolean {
    return this.#options.quota !== undefined;
  }

  /**
   * Takes a place for whom `client` speaks. Throws or rejects with {@linkcode CloseError} 3504 when there is none, and
   * with a temporary error when the backend cannot tell.
   */
  take(client: Claimant): void | Promise<void> {
    const { maxPerUser, quota } = this.#options;
    if (maxPerUser === 0 && quota === undefined) return;
    const { workspace, user } = client.identity;
    const userKey = maxPerUser > 0 && user !== "" ? `${workspace}/${user}` : undefined;
    if (userKey !== undefined) this.#takeUser(userKey);
    const place: Place = { workspace, userKey, hasQuota: false };
    this.#places.set(client, place);
    if (quota !== undefined) return this.#takeQuota(client, place, quota);
  }

  /** Gives the place of `client` back. Does nothing when it has none. */
  give(client: Claimant): void {
    const place = this.#places.get(client);
    if (place === undefined) return;
    this.#places.delete(client);
    if (place.userKey !== undefined) this.#giveUser(place.userKey);
    if (place.hasQuota) this.#options.quota?.give(place.workspace);
  }

  async #takeQuota(client: Claimant, place: Place, quota: WorkspaceQuota): Promise<void> {
    try {
      await quota.take(place.workspace);
    } catch (error) {
      this.give(client);
      if (error instanceof CloseError) this.#options.onHit("max_connections_per_workspace");
      throw error;
    }
    // The connection may have ended meanwhile, and given back what it had.
    if (this.#places.get(client) === place) place.hasQuota = true;
    else quota.give(place.workspace);
  }

  #takeUser(userKey: string): void {
    const count = this.#users.get(userKey) ?? 0;
    if (count >= this.#options.maxPerUser) {
      this.#options.onHit("max_connections_per_user");
      throw new CloseError("connectionLimit");
    }
    this.#users.set(userKey, count + 1);
  }

  #giveUser(userKey: string): void {
    const left = (this.#users.get(userKey) ?? 1) - 1;
    if (left > 0) this.#users.set(userKey, left);
    else this.#users.delete(userKey);
  }
}

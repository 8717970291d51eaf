/** Who takes the sockets of a node. */
import { codecOf } from "../protocol/codec.ts";
import type { App } from "./apps/app.ts";
import { AppConnection, type AppContext } from "./apps/app_connection.ts";
import { Connection } from "./connection.ts";
import { EmulatedSocket, type Emulation } from "./emulation/mod.ts";
import type { UpgradeLimits } from "./limits/mod.ts";
import type { Acceptor, Handshake } from "./socket.ts";
import { routeSocket } from "./socket_routes.ts";

/** The node, as far as sockets need it; asked anew for each, since a node may start over. */
export interface AcceptingNode {
  readonly context: AppContext;
  readonly emulation: Emulation;
}

/** What acceptors are made of. */
export interface AcceptorsOptions {
  readonly apps: Readonly<Record<string, App>>;
  readonly limits: UpgradeLimits;
  readonly node: () => AcceptingNode;
}

/** The sockets of a node, by what they are asked for. All are counted where that is needed. */
export class Acceptors {
  readonly #options: AcceptorsOptions;

  constructor(options: AcceptorsOptions) {
    this.#options = options;
  }

  /** Who takes a WebSocket at `path`; undefined when nobody does. */
  at(path: string): Acceptor | undefined {
    const { apps, limits, node } = this.#options;
    const route = routeSocket(path);
    if (route === undefined) return undefined;
    if (route.kind === "client") {
      const { workspace } = route;
      return limits.guard((socket, greeting) =>
        new Connection(socket, node().context, { ...approachOf(greeting), workspace })
      );
    }
    const app = Object.hasOwn(apps, route.app) ? apps[route.app] : undefined;
    if (app === undefined) return undefined;
    return limits.guard((socket, greeting) => new AppConnection(app, socket, greeting, node().context));
  }

  /** Who takes a client whose commands come by posts, `workspace` being what its URL names. */
  ofStreams(workspace: string | undefined): Acceptor {
    const { limits, node } = this.#options;
    return limits.guard((stream, greeting) => {
      const { context, emulation } = node();
      const approach = { ...approachOf(greeting), workspace };
      return emulation.open(
        new EmulatedSocket(stream, approach.codec),
        (socket, session) => new Connection(socket, context, { ...approach, session }),
      );
    });
  }
}

/** What a connection has to know of its greeting, which it does not keep. */
function approachOf(greeting: Handshake) {
  return { codec: codecOf(greeting), address: greeting.remoteAddress };
}

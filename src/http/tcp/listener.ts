import type { Server } from "node:net";
import { AcceptWatch } from "../accept_watch.ts";
import type { Listener } from "../transport.ts";

/** A listening server that notices when it is lost. */
export class TcpListener implements Listener {
  readonly hostname: string;
  readonly port: number;
  readonly #server: Server;
  readonly #onLost: (cause: unknown) => void;
  #watch: AcceptWatch | undefined;
  #isClosing = false;

  constructor(server: Server, hostname: string, port: number, onLost: (cause: unknown) => void) {
    this.#server = server;
    this.hostname = hostname;
    this.port = port;
    this.#onLost = onLost;
    server.on("error", (error) => this.lose(error));
  }

  /** Asks from time to time whether it still accepts. `isAlone`: nobody else listens there. `onShortage`: descriptors had run out. */
  watch(isAlone: boolean, onShortage: () => void): void {
    const onLost = (cause: unknown) => {
      this.lose(cause);
      onShortage();
    };
    const { hostname, port } = this;
    const watch = new AcceptWatch({ hostname, port, isAlone }, { onLost, onShortageOver: onShortage });
    this.#server.on("connection", () => watch.accepted());
    this.#watch = watch;
  }

  /** Tells that it accepts no longer, once. */
  lose(cause: unknown): void {
    if (this.#isClosing) return;
    this.close();
    this.#onLost(cause);
  }

  close(): void {
    this.#isClosing = true;
    this.#watch?.stop();
    this.#server.close();
  }
}

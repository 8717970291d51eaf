/** The messages of the client protocol as Protobuf numbers them, under the names that JSON has for their fields. */

/**
 * What a field holds. `bytes` are application data, which JSON has as a value of its own; `payload` is the same in a
 * publication, where it may stand for bytes that are no JSON. The others with `Map` and `s` repeat.
 */
export type FieldKind =
  | "string"
  | "strings"
  | "stringMap"
  | "bytes"
  | "payload"
  | "int"
  | "bool"
  | "message"
  | "messages"
  | "messageMap";

/** One field. */
export interface Field {
  readonly id: number;
  readonly name: string;
  readonly kind: FieldKind;
  /** What it is made of, for kinds with messages. */
  readonly message: Message | undefined;
}

/** One message. */
export class Message {
  readonly #byName: ReadonlyMap<string, Field>;
  readonly #byId: readonly (Field | undefined)[];

  constructor(fields: Readonly<Record<string, readonly [id: number, kind: FieldKind, message?: Message]>>) {
    const byId: (Field | undefined)[] = [];
    const byName = new Map<string, Field>();
    for (const [name, [id, kind, message]] of Object.entries(fields)) {
      const field = { id, name, kind, message };
      byName.set(name, field);
      byId[id] = field;
    }
    this.#byName = byName;
    this.#byId = byId;
  }

  named(name: string): Field | undefined {
    return this.#byName.get(name);
  }

  numbered(id: number): Field | undefined {
    return this.#byId[id];
  }
}

const empty = new Message({});
const channelOnly = new Message({ channel: [1, "string"] });

const filterFields: Record<string, readonly [number, FieldKind, Message?]> = {
  op: [1, "string"],
  key: [2, "string"],
  cmp: [3, "string"],
  val: [4, "string"],
  vals: [5, "strings"],
};

/** A filter holds filters, `depth` of them inside each other; deeper ones no server takes. */
function filterOf(depth: number): Message {
  if (depth === 0) return new Message(filterFields);
  return new Message({ ...filterFields, nodes: [6, "messages", filterOf(depth - 1)] });
}

/** More than `server/tag_filter.ts` takes: what is deeper is left out here, and refused there all the same. */
const MAX_FILTER_DEPTH = 16;

const subscribeRequest = new Message({
  channel: [1, "string"],
  token: [2, "string"],
  recover: [3, "bool"],
  epoch: [6, "string"],
  offset: [7, "int"],
  data: [8, "bytes"],
  positioned: [9, "bool"],
  recoverable: [10, "bool"],
  join_leave: [11, "bool"],
  delta: [12, "string"],
  tf: [13, "message", filterOf(MAX_FILTER_DEPTH)],
  flag: [14, "int"],
});

/** What clients send. Field `id` is 1; each other field is a request. */
export const COMMAND: Message = new Message({
  id: [1, "int"],
  connect: [
    4,
    "message",
    new Message({
      token: [1, "string"],
      data: [2, "bytes"],
      subs: [3, "messageMap", subscribeRequest],
      name: [4, "string"],
      version: [5, "string"],
      headers: [6, "stringMap"],
    }),
  ],
  subscribe: [5, "message", subscribeRequest],
  unsubscribe: [6, "message", channelOnly],
  publish: [7, "message", new Message({ channel: [1, "string"], data: [2, "bytes"] })],
  presence: [8, "message", channelOnly],
  presence_stats: [9, "message", channelOnly],
  history: [
    10,
    "message",
    new Message({
      channel: [1, "string"],
      limit: [7, "int"],
      since: [8, "message", new Message({ offset: [1, "int"], epoch: [2, "string"] })],
      reverse: [9, "bool"],
    }),
  ],
  ping: [11, "message", empty],
  send: [12, "message", new Message({ data: [1, "bytes"] })],
  rpc: [13, "message", new Message({ data: [1, "bytes"], method: [2, "string"] })],
  refresh: [14, "message", new Message({ token: [1, "string"] })],
  sub_refresh: [15, "message", new Message({ channel: [1, "string"], token: [2, "string"] })],
});

/** What clients post that have a stream. */
export const EMULATION_REQUEST: Message = new Message({
  node: [1, "string"],
  session: [2, "string"],
  data: [3, "bytes"],
});

const clientInfo = new Message({
  user: [1, "string"],
  client: [2, "string"],
  conn_info: [3, "bytes"],
  chan_info: [4, "bytes"],
});
const infoOnly = new Message({ info: [1, "message", clientInfo] });
const expiry = { expires: [1, "bool"], ttl: [2, "int"] } as const;

const publication = new Message({
  data: [4, "payload"],
  info: [5, "message", clientInfo],
  offset: [6, "int"],
  tags: [7, "stringMap"],
  delta: [8, "bool"],
  time: [9, "int"],
  channel: [10, "string"],
  key: [11, "string"],
  removed: [12, "bool"],
});

const subscribeResult = new Message({
  ...expiry,
  recoverable: [3, "bool"],
  epoch: [6, "string"],
  publications: [7, "messages", publication],
  recovered: [8, "bool"],
  offset: [9, "int"],
  positioned: [10, "bool"],
  data: [11, "bytes"],
  was_recovering: [12, "bool"],
  delta: [13, "bool"],
});

const push = new Message({
  channel: [2, "string"],
  pub: [4, "message", publication],
  join: [5, "message", infoOnly],
  leave: [6, "message", infoOnly],
  unsubscribe: [7, "message", new Message({ code: [2, "int"], reason: [3, "string"] })],
  message: [8, "message", new Message({ data: [1, "bytes"] })],
  subscribe: [
    9,
    "message",
    new Message({
      recoverable: [1, "bool"],
      epoch: [4, "string"],
      offset: [5, "int"],
      positioned: [6, "bool"],
      data: [7, "bytes"],
    }),
  ],
  disconnect: [
    11,
    "message",
    new Message({ code: [1, "int"], reason: [2, "string"], reconnect: [3, "bool"] }),
  ],
  refresh: [12, "message", new Message(expiry)],
});

const connectFields = {
  client: [1, "string"],
  version: [2, "string"],
  expires: [3, "bool"],
  ttl: [4, "int"],
} as const;

/** What clients are sent. */
export const REPLY: Message = new Message({
  id: [1, "int"],
  error: [2, "message", new Message({ code: [1, "int"], message: [2, "string"], temporary: [3, "bool"] })],
  push: [4, "message", push],
  connect: [
    5,
    "message",
    new Message({
      ...connectFields,
      data: [5, "bytes"],
      subs: [6, "messageMap", subscribeResult],
      ping: [7, "int"],
      pong: [8, "bool"],
      session: [9, "string"],
      node: [10, "string"],
      time: [11, "int"],
    }),
  ],
  subscribe: [6, "message", subscribeResult],
  unsubscribe: [7, "message", empty],
  publish: [8, "message", empty],
  presence: [9, "message", new Message({ presence: [1, "messageMap", clientInfo] })],
  presence_stats: [10, "message", new Message({ num_clients: [1, "int"], num_users: [2, "int"] })],
  history: [
    11,
    "message",
    new Message({ publications: [1, "messages", publication], epoch: [2, "string"], offset: [3, "int"] }),
  ],
  ping: [12, "message", empty],
  rpc: [13, "message", new Message({ data: [1, "bytes"] })],
  refresh: [14, "message", new Message(connectFields)],
  sub_refresh: [15, "message", new Message(expiry)],
});

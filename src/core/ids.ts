/** Ids: branded strings that only this file makes, so that a node's id is never taken for a client's. */

declare const brand: unique symbol;

/** Names one generation of one node: every process start, and every start over after a tombstone, makes a new one. */
export type NodeId = string & { readonly [brand]: "NodeId" };

/** Names one connection: `<nodeId>.<sequence>.<random>`, so that a message to it needs no lookup. */
export type ClientId = string & { readonly [brand]: "ClientId" };

/** Fills an array with random bytes; `crypto.getRandomValues` in production. */
export type RandomSource = (into: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

const systemRandom: RandomSource = (into) => crypto.getRandomValues(into);
const ALPHABET = "abcdefghijklmnopqrstuvwxyz012345";
const NODE_ID = /^[a-z0-5]{13}$/;

/** `length` characters of 5 random bits each. */
export function randomText(length: number, random: RandomSource = systemRandom): string {
  let text = "";
  for (const byte of random(new Uint8Array(length))) text += ALPHABET.charAt(byte & 31);
  return text;
}

/** A new node id: 13 characters, 65 random bits. */
export function newNodeId(random?: RandomSource): NodeId {
  return randomText(13, random) as NodeId;
}

/** Reads a node id. Throws `TypeError` when the text cannot be one. */
export function parseNodeId(text: string): NodeId {
  if (!NODE_ID.test(text)) {
    throw new TypeError(`Cannot read node id "${text.slice(0, 40)}": want 13 of a-z and 0-5`);
  }
  return text as NodeId;
}

/** Makes the ids of one node's clients: a counter keeps them distinct, six random characters keep them unguessable. */
export function clientIdMaker(node: NodeId, random?: RandomSource): () => ClientId {
  let sequence = 0;
  return () => `${node}.${(++sequence).toString(36)}.${randomText(6, random)}` as ClientId;
}

/** The node that holds `client`, or undefined when the text is no client id. */
export function nodeOfClient(client: string): NodeId | undefined {
  const [node = "", sequence, random, ...rest] = client.split(".");
  if (!sequence || !random || rest.length > 0 || !NODE_ID.test(node)) return undefined;
  return node as NodeId;
}

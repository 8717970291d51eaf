/**
 * Orders to connections of the whole cluster, and the list of them.
 *
 * @module
 */
export { Reach } from "./reach.ts";
export { Roster } from "./roster.ts";

/** Period of a node's small duties, milliseconds: pings, deadlines, idle channels, client records. */
export const TICK_MS = 100;

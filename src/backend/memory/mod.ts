/** The backend of one process: for a single node, for tests, and behind the embedded hub. */
export type { Member, Message } from "./channel_table.ts";
export { memoryBackend } from "./memory_backend.ts";
export { MemoryHub } from "./memory_hub.ts";
export type { MembersPage } from "./presence_table.ts";

import { VERSION } from "../core/version.ts";

/** What `--version` prints, of every command. */
export const VERSION_LINE = `shoal ${VERSION}`;

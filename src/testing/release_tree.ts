/** Releases that do not exist yet: this program in a folder of its own, with another number of its message format. */
import type { Formats } from "../protocol/format.ts";
import { root } from "./test_process.ts";

/** What a running cluster needs of a tree. */
const PARTS = ["deno.json", "deno.lock", "src"];
const FORMAT_FILE = "src/protocol/format.ts";
const WRITES = /^export const FORMAT = \d+;$/m;
const READS = /^export const FORMATS: Formats = .*;$/m;

/** A folder with the program, which becomes one release after the other under the feet of what runs from it. */
export class ReleaseTree implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** The program as it is here. */
  static async copy(): Promise<ReleaseTree> {
    const tree = new ReleaseTree(await Deno.makeTempDir({ prefix: "shoal-release-" }));
    const from = PARTS.map((part) => `${root}/${part}`);
    const { success } = await new Deno.Command("cp", { args: ["-r", ...from, tree.path] }).output();
    if (success) return tree;
    await tree[Symbol.asyncDispose]();
    throw new Error(`Cannot copy the program from ${root} to ${tree.path}`);
  }

  /** Turns it into a release that speaks these formats. Throws when the file of formats has another shape. */
  async speaks(formats: Formats): Promise<void> {
    const file = `${this.path}/${FORMAT_FILE}`;
    const text = await Deno.readTextFile(file);
    if (!WRITES.test(text) || !READS.test(text)) throw new Error(`Cannot change ${file}: want one line each`);
    const changed = text.replace(WRITES, `export const FORMAT = ${formats.writes};`)
      .replace(READS, `export const FORMATS: Formats = ${JSON.stringify(formats)};`);
    await Deno.writeTextFile(file, changed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

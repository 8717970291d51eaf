/** The version before this one, for tests that roll a cluster from it. */
import { root } from "./processes.ts";

/** What a running cluster needs of a tree. */
const PARTS = ["deno.json", "deno.lock", "src"];

/** The program in a folder of its own, first as it was at the last tag before this commit. */
export class PreviousVersion implements AsyncDisposable {
  /** The tag. */
  readonly tag: string;
  readonly tree: string;

  private constructor(tag: string, tree: string) {
    this.tag = tag;
    this.tree = tree;
  }

  /** Unpacks the last tag before this commit; undefined when there is none, or no repository. */
  static async unpack(): Promise<PreviousVersion | undefined> {
    const tag = await textOf("git", ["-C", root, "describe", "--tags", "--abbrev=0", "HEAD~1"]);
    if (tag === undefined) return undefined;
    const previous = new PreviousVersion(tag, await Deno.makeTempDir({ prefix: "shoal-previous-" }));
    const archive = `${previous.tree}/tree.tar`;
    await textOf("git", ["-C", root, "archive", "-o", archive, tag, ...PARTS]);
    await textOf("tar", ["-xf", archive, "-C", previous.tree]);
    return previous;
  }

  /** Puts this version in its place, under the feet of what runs from it, as an update of an installation does. */
  async upgrade(): Promise<void> {
    for (const part of PARTS) {
      await Deno.remove(`${this.tree}/${part}`, { recursive: true });
      await textOf("cp", ["-r", `${root}/${part}`, `${this.tree}/${part}`]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.tree, { recursive: true });
  }
}

/** What a command writes, trimmed; undefined when it fails. */
async function textOf(program: string, args: readonly string[]): Promise<string | undefined> {
  const { success, stdout } = await new Deno.Command(program, { args: [...args], stderr: "null" }).output();
  return success ? new TextDecoder().decode(stdout).trim() : undefined;
}

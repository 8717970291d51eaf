/**
 * The services of our compose files as local processes. Each instance has an address of its own in 127.0.0.0/8 and keeps
 * its ports; names of services, `0.0.0.0` and `127.0.0.1` become those addresses, and container paths become files of a
 * temporary folder. Users, limits and read-only file systems are what this does not show.
 */
import { parse } from "yaml";
import { root, TestProcess, until } from "./processes.ts";

const HEALTHY_WITHIN_MS = 30_000;
const ENDS_WITHIN_MS = 5_000;

/** A service, as far as it is read here. */
export interface Service {
  readonly image: string;
  readonly command: readonly string[];
  readonly build?: unknown;
  readonly scale?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly secrets?: readonly { readonly source: string }[];
  readonly ports?: readonly (string | { readonly published: number; readonly target: number })[];
  readonly profiles?: readonly string[];
  readonly healthcheck: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly [field: string]: unknown;
}

/** What docker-compose makes of the files. */
export interface ComposeConfig {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets?: Readonly<Record<string, { readonly file: string }>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
}

/** Lets docker-compose validate and merge `files`, all profiles included. Throws its complaint. */
export async function readCompose(
  files: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ComposeConfig> {
  const words = files.flatMap((file) => ["-f", `${root}${file}`]);
  const { code, stdout, stderr } = await new Deno.Command("docker-compose", {
    args: ["--project-directory", root, ...words, "--profile", "monitoring", "config"],
    env: { ...env },
    signal: AbortSignal.timeout(30_000),
  }).output();
  const decoder = new TextDecoder();
  if (code !== 0) throw new Error(decoder.decode(stderr));
  return parse(decoder.decode(stdout));
}

/** One container's stand-in. */
export interface Instance {
  readonly service: string;
  readonly address: string;
  readonly process: TestProcess;
}

/** Running instances of the services without a profile. Ends them and takes their files away when disposed of. */
export class ComposeProject implements AsyncDisposable {
  readonly #config: ComposeConfig;
  readonly #directory: string;
  readonly #network: string;
  readonly #instances: Instance[] = [];

  private constructor(config: ComposeConfig, directory: string) {
    this.#config = config;
    this.#directory = directory;
    const number = () => 1 + Math.floor(Math.random() * 250);
    this.#network = `127.${number()}.${number()}`;
  }

  /** Starts services in the order of their dependencies, each when those are healthy. */
  static async up(config: ComposeConfig, order: readonly string[]): Promise<ComposeProject> {
    const directory = await Deno.makeTempDir({ prefix: "shoal-compose-" });
    await Deno.chmod(directory, 0o755);
    const project = new ComposeProject(config, directory);
    try {
      await copyImageFiles(`${directory}/app`);
      for (const name of order) await project.#start(name);
      return project;
    } catch (error) {
      await project[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The instances of a service. */
  of(service: string): readonly Instance[] {
    return this.#instances.filter((instance) => instance.service === service);
  }

  /** Runs the health check of an instance; says what it printed when it fails. */
  async check(instance: Instance): Promise<string | undefined> {
    const [kind, ...words] = this.#service(instance.service).healthcheck.test;
    if (kind !== "CMD") throw new TypeError(`Cannot run a health check of kind ${kind}`);
    await using check = this.#spawn(instance.service, instance.address, words);
    return (await check.end()).code === 0 ? undefined : check.text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process } of this.#instances.toReversed()) {
      await process.stop("SIGTERM", ENDS_WITHIN_MS);
    }
    await Deno.remove(this.#directory, { recursive: true });
  }

  async #start(name: string): Promise<void> {
    const { scale = 1, command, build } = this.#service(name);
    const words = build === undefined ? command : [...await imageEntrypoint(), ...command];
    const added: Instance[] = [];
    for (let number = 0; number < scale; number++) {
      const address = this.#addresses(name)[number] ?? "";
      await this.#writeFiles(name, address);
      added.push({ service: name, address, process: this.#spawn(name, address, words) });
    }
    this.#instances.push(...added);
    await Promise.all(added.map((instance) => this.#healthy(instance)));
  }

  async #healthy(instance: Instance): Promise<void> {
    let fault: string | undefined = "not asked yet";
    const isHealthy = async () => {
      if (instance.process.hasEnded) throw new Error(`${instance.service} ended:\n${instance.process.text}`);
      fault = await this.check(instance);
      return fault === undefined;
    };
    try {
      await until(`${instance.service} is healthy`, isHealthy, HEALTHY_WITHIN_MS);
    } catch (cause) {
      throw new Error(`${instance.service}: ${fault}\n${instance.process.text}`, { cause });
    }
  }

  #service(name: string): Service {
    const service = this.#config.services[name];
    if (service === undefined) throw new TypeError(`Cannot find service ${name}`);
    return service;
  }

  /** Where a service's instances are: a hundred addresses for each service. */
  #addresses(name: string): readonly string[] {
    const place = Object.keys(this.#config.services).sort().indexOf(name);
    const { scale = 1 } = this.#service(name);
    return Array.from({ length: scale }, (_, number) => `${this.#network}.${place * 20 + number + 2}`);
  }

  #spawn(name: string, address: string, words: readonly string[]): TestProcess {
    const [command = "", ...args] = words.map((word) => this.#local(word, name, address));
    const { environment = {} } = this.#service(name);
    const env = Object.fromEntries(
      Object.entries(environment).map(([variable, value]) => [variable, this.#local(value, name, address)]),
    );
    return new TestProcess(command === "deno" ? Deno.execPath() : command, args, {
      env,
      cwd: `${this.#directory}/app`,
    });
  }

  /** Copies what is mounted, addresses and paths translated. */
  async #writeFiles(name: string, address: string): Promise<void> {
    const { volumes = [], secrets = [] } = this.#service(name);
    const folder = `${this.#directory}/${address}`;
    await Deno.mkdir(`${folder}/tmp`, { recursive: true });
    for (const volume of volumes) {
      const [source = "", target = ""] = volume.split(":");
      if (!source.startsWith("/")) await Deno.mkdir(`${folder}${target}`, { recursive: true });
      else await this.#copy(source, `${folder}${target}`, (text) => this.#localFile(text, name, address));
    }
    for (const { source } of secrets) {
      const file = this.#config.secrets?.[source]?.file ?? "";
      await this.#copy(file, `${folder}/run/secrets/${source}`, (text) => this.#local(text, name, address));
    }
  }

  async #copy(source: string, target: string, change: (text: string) => string): Promise<void> {
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(target, change(await Deno.readTextFile(source)));
  }

  #local(text: string, name: string, address: string): string {
    const own = text.replace(/(?<![\d.])(?:0\.0\.0\.0|127\.0\.0\.1)(?![\d./]*\/\d)/g, address);
    return this.#localPaths(this.#localNames(own), name, address);
  }

  /** A configuration file: nginx and its rules keep 127.0.0.1, which is where local peers come from here as well. */
  #localFile(text: string, name: string, address: string): string {
    const own = text.replace(/(?<![\d.])0\.0\.0\.0(?![\d./])/g, address)
      .replace(/^(\s+listen )(\d+)/gm, `$1${address}:$2`)
      .replace(/^(\s+server_name localhost)/gm, `$1 ${address}`);
    return this.#localPaths(own, name, address);
  }

  /** A name in a URL, or a text that is nothing but the name. */
  #localNames(text: string): string {
    let local = text;
    for (const service of Object.keys(this.#config.services)) {
      const addresses = this.#addresses(service);
      if (local === service) return addresses.join(" ");
      local = local.replace(new RegExp(`(?<=//|@)${service}(?=:\\d)`, "g"), addresses[0] ?? "");
    }
    return local;
  }

  #localPaths(text: string, name: string, address: string): string {
    const folder = `${this.#directory}/${address}`;
    const { volumes = [] } = this.#service(name);
    const mounted = volumes.map((volume) => volume.split(":")[1] ?? "");
    const places = [...mounted, "/run/secrets", "/tmp", "/app"].sort((a, b) => b.length - a.length);
    const wanted = new RegExp(`(?<![\\w.])(?:${places.map(escape).join("|")})(?![\\w.])`, "g");
    return text.replace(wanted, (path) => path === "/app" ? `${this.#directory}/app` : folder + path);
  }
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

/** The words of a line of deploy/Dockerfile that holds a JSON list. */
async function imageEntrypoint(): Promise<readonly string[]> {
  const text = await Deno.readTextFile(`${root}deploy/Dockerfile`);
  return JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(text)?.[1] ?? "[]");
}

/** Copies what the Dockerfile copies, but for what .dockerignore leaves out. */
async function copyImageFiles(target: string): Promise<void> {
  const dockerfile = await Deno.readTextFile(`${root}deploy/Dockerfile`);
  for (const [, words = ""] of dockerfile.matchAll(/^COPY (?!--from)(.*)$/gm)) {
    const sources = words.split(" ").slice(0, -1);
    for (const source of sources) await copyTree(source, target);
  }
}

async function copyTree(path: string, target: string): Promise<void> {
  if (path === "src/testing" || path.endsWith("_test.ts")) return;
  if (!(await Deno.stat(root + path)).isDirectory) {
    await Deno.mkdir(`${target}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    return await Deno.copyFile(root + path, `${target}/${path}`);
  }
  for await (const entry of Deno.readDir(root + path)) await copyTree(`${path}/${entry.name}`, target);
}

/** The Kubernetes manifests: right types, no unknown keys, names that meet, and what the nodes need. */
import assert from "node:assert/strict";
import { validate as configMap } from "kubernetes-models/_schemas/IoK8sApiCoreV1ConfigMap";
import { validate as deployment } from "kubernetes-models/_schemas/IoK8sApiAppsV1Deployment";
import { validate as statefulSet } from "kubernetes-models/_schemas/IoK8sApiAppsV1StatefulSet";
import { validate as autoscaler } from "kubernetes-models/_schemas/IoK8sApiAutoscalingV2HorizontalPodAutoscaler";
import { validate as service } from "kubernetes-models/_schemas/IoK8sApiCoreV1Service";
import { validate as serviceAccount } from "kubernetes-models/_schemas/IoK8sApiCoreV1ServiceAccount";
import { validate as ingress } from "kubernetes-models/_schemas/IoK8sApiNetworkingV1Ingress";
import { validate as networkPolicy } from "kubernetes-models/_schemas/IoK8sApiNetworkingV1NetworkPolicy";
import { validate as disruptionBudget } from "kubernetes-models/_schemas/IoK8sApiPolicyV1PodDisruptionBudget";
import { parse, parseAllDocuments } from "yaml";
import { loadConfig } from "../src/config/mod.ts";
import { faultsOf, type Validator } from "../src/testing/known_keys.ts";
import { root } from "../src/testing/processes.ts";
import { listRepoFiles } from "../tools/repo_files.ts";

const FOLDER = "deploy/kubernetes/";

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly [field: string]: unknown;
}

const validators: Readonly<Record<string, Validator>> = {
  "v1 ConfigMap": configMap,
  "v1 Service": service,
  "v1 ServiceAccount": serviceAccount,
  "apps/v1 Deployment": deployment,
  "apps/v1 StatefulSet": statefulSet,
  "autoscaling/v2 HorizontalPodAutoscaler": autoscaler,
  "networking.k8s.io/v1 Ingress": ingress,
  "networking.k8s.io/v1 NetworkPolicy": networkPolicy,
  "policy/v1 PodDisruptionBudget": disruptionBudget,
};

/** Kinds that are no part of Kubernetes itself, by the paths that we may use of them. */
const otherKinds: Readonly<Record<string, RegExp>> = {
  "kustomize.config.k8s.io/v1beta1 Kustomization":
    /^\/(?:apiVersion|kind|namespace|resources|components|patches(?:\/path)?|images(?:\/(?:name|newName|newTag))?)$/,
  "kustomize.config.k8s.io/v1alpha1 Component":
    /^\/(?:apiVersion|kind|resources|configMapGenerator(?:\/(?:name|files))?)$/,
  "monitoring.coreos.com/v1 ServiceMonitor":
    /^\/(?:apiVersion|kind|metadata(?:\/name|\/labels(?:\/.+)?)?|spec(?:\/selector(?:\/matchLabels(?:\/.+)?)?|\/endpoints(?:\/(?:port|path|interval|scrapeTimeout|authorization(?:\/(?:type|credentials(?:\/(?:name|key))?))?))?)?)$/,
};

const files = (await listRepoFiles()).filter((file) => file.startsWith(FOLDER) && file.endsWith(".yaml"));

async function manifestsOf(file: string): Promise<readonly Manifest[]> {
  const documents = parseAllDocuments(await Deno.readTextFile(root + file));
  for (const { errors } of documents) assert.deepEqual(errors, [], file);
  return documents.map((document) => document.toJS());
}

async function read(file: string): Promise<string> {
  return await Deno.readTextFile(root + FOLDER + file);
}

function faultsIn(manifest: Manifest): readonly string[] {
  const name = `${manifest.apiVersion} ${manifest.kind}`;
  const validate = validators[name];
  if (validate !== undefined) return faultsOf(manifest, validate);
  const known = otherKinds[name];
  if (known === undefined) return [`${name} is a kind that nobody checks`];
  return pathsOf(manifest).filter((path) => !known.test(path)).map((path) => `${path} is unknown`);
}

/** Paths of all keys, places in lists left out. */
function pathsOf(value: unknown, path = ""): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = isList ? path : `${path}/${key}`;
    return [...(isList ? [] : [at]), ...pathsOf(inner, at)];
  });
}

Deno.test("every manifest has right types and no unknown key", async () => {
  assert.ok(files.length >= 14);
  for (const file of files) {
    for (const manifest of await manifestsOf(file)) {
      // A patch holds a part only: what it lacks comes from the base.
      const faults = faultsIn(manifest).filter((fault) =>
        !isOfPatch(file) || !/required property/.test(fault)
      );
      assert.deepEqual(faults, [], file);
    }
  }
});

Deno.test("faultsOf() refuses an unknown key at any depth, and a wrong type", async () => {
  const text = await read("base/deployment.yaml");
  const faults = (change: (text: string) => string) => faultsIn(parse(change(text)));
  assert.deepEqual(faults((same) => same), []);
  assert.deepEqual(faults((is) => is.replace("  minReadySeconds: 5", "  minReadySecond: 5")), [
    "/spec/minReadySecond is unknown",
  ]);
  assert.deepEqual(faults((is) => is.replace("periodSeconds: 10", "period: 10")), [
    "/spec/template/spec/containers/0/livenessProbe/period is unknown",
  ]);
  assert.deepEqual(faults((is) => is.replace("\nspec:", "\nspek: {}\nspec:")), ["/spek is unknown"]);
  assert.match(faults((is) => is.replace("periodSeconds: 10", "periodSeconds: ten")).join(), /periodSeconds/);
});

Deno.test("kustomizations name files that are there, and every manifest is named", async () => {
  const named = new Set<string>();
  for (const file of files.filter((file) => file.endsWith("/kustomization.yaml"))) {
    const folder = file.slice(0, file.lastIndexOf("/") + 1);
    const [kustomization = { apiVersion: "", kind: "" }] = await manifestsOf(file);
    for (const path of referencesOf(kustomization)) {
      const target = new URL(path, `file://${root}${folder}`).pathname;
      const { isDirectory } = await Deno.stat(target);
      named.add(isDirectory ? `${target}/kustomization.yaml` : target);
    }
  }
  const overlays = `${root}${FOLDER}overlays/`;
  const forgotten = files.map((file) => root + file)
    .filter((file) =>
      !named.has(file) && !(file.startsWith(overlays) && file.endsWith("/kustomization.yaml"))
    );
  assert.deepEqual(forgotten, []);
});

Deno.test("the nodes' options in the ConfigMap and the Deployment can be used, with the secrets of the volume", async () => {
  const folder = await Deno.makeTempDir({ prefix: "shoal-k8s-" });
  try {
    await Deno.writeTextFile(`${folder}/token_hmac_secret`, "0123456789abcdef0123456789abcdef");
    await Deno.writeTextFile(`${folder}/redis_url`, "redis://default:p@redis:6379");
    const { data }: { data: Record<string, string> } = parse(await read("base/configmap.yaml"));
    const text = await read("base/deployment.yaml");
    const variables = [...text.matchAll(/- name: (SHOAL_\w+_FILE)\n +value: \/run\/secrets\/(\w+)/g)];
    assert.equal(variables.length, 2);
    const secrets = Object.fromEntries(variables.map(([, name, file]) => [name, `${folder}/${file}`]));
    const loaded = await loadConfig({
      flags: [],
      env: { ...data, ...secrets, SHOAL_NODE_NAME: "shoal-6d4b75cb6d-hx2kq" },
    });
    assert.deepEqual(loaded.isUsable ? [] : loaded.faults, []);
    assert.ok(loaded.isUsable);
    const { drainMaxMs } = loaded.config;
    const grace: { spec: { template: { spec: { terminationGracePeriodSeconds: number } } } } = parse(text);
    assert.ok(grace.spec.template.spec.terminationGracePeriodSeconds * 1_000 >= drainMaxMs + 25_000);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("selectors meet the labels of the pods, and ports their names", async () => {
  const manifests = (await Promise.all(files.filter((file) => file.includes("/base/")).map(manifestsOf)))
    .flat();
  const text = JSON.stringify(manifests);
  const labels = new Set(
    [...text.matchAll(/"app\.kubernetes\.io\/name":"([\w-]+)"/g)].map(([, name]) => name),
  );
  assert.deepEqual(labels, new Set(["shoal", "shoal-not-published", "shoal-redis"]));
  assert.match(text, /"targetPort":"http"/);
  assert.match(text, /"name":"http","containerPort":8080/);
});

Deno.test("Redis is configured in Kubernetes as in docker compose, and the image has the version of deno.json", async () => {
  assert.equal(
    await read("components/redis/redis.conf"),
    await Deno.readTextFile(`${root}deploy/redis/redis.conf`),
  );
  const { version } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  assert.match(await read("base/deployment.yaml"), new RegExp(`image: shoal:${version}\n`));
  assert.match(await read("overlays/production/kustomization.yaml"), new RegExp(`newTag: ${version}\n`));
});

function isOfPatch(file: string): boolean {
  return file.includes("/overlays/") && !file.endsWith("/kustomization.yaml");
}

/** Files and folders that a kustomization names. */
function referencesOf(kustomization: Manifest): readonly string[] {
  const { resources = [], components = [], patches = [], configMapGenerator = [] } = kustomization as {
    readonly resources?: readonly string[];
    readonly components?: readonly string[];
    readonly patches?: readonly { readonly path: string }[];
    readonly configMapGenerator?: readonly { readonly files: readonly string[] }[];
  };
  const generated = configMapGenerator.flatMap(({ files }) => files);
  return [...resources, ...components, ...patches.map(({ path }) => path), ...generated];
}

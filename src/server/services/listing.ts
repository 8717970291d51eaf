/** What is shown of the services of a workspace. */
import type { FunctionShape, ServiceShape } from "../../protocol/service_requests.ts";
import { refusalOfFunction, type Subject } from "../permissions.ts";
import type { Provider, WorkspaceView } from "./workspace_view.ts";

/** A service as it is listed: what its providers say of it, the one that came last before the others. */
export interface ServiceDescriptor extends Omit<ServiceShape, "functions"> {
  readonly workspace: string;
  readonly functions: Readonly<Record<string, FunctionShape>>;
  /** How many clients offer it. */
  readonly providers: number;
}

/** One service with its providers. */
export interface ServiceDetails extends ServiceDescriptor {
  /** Ids of the clients that offer it. */
  readonly clients: readonly string[];
}

/** Every service, by id; for a guest only the public ones. */
export function listServices(
  workspace: string,
  view: WorkspaceView,
  isGuest: boolean,
): readonly ServiceDescriptor[] {
  const found: ServiceDescriptor[] = [];
  for (const service of [...view.services].sort()) {
    const providers = visible(view.providersOf(service), isGuest);
    if (providers.length > 0) found.push(describe(workspace, providers));
  }
  return found;
}

/** One service; undefined when nobody offers it, or not to guests. */
export function serviceDetails(
  workspace: string,
  view: WorkspaceView,
  service: string,
  isGuest: boolean,
): ServiceDetails | undefined {
  const providers = visible(view.providersOf(service), isGuest);
  if (providers.length === 0) return undefined;
  return { ...describe(workspace, providers), clients: providers.map(({ client }) => client) };
}

/** What a provider says of a function; undefined when nobody has it, or not for guests. */
export function functionShape(
  view: WorkspaceView,
  service: string,
  name: string,
  isGuest: boolean,
): FunctionShape | undefined {
  const providers = visible(view.providersOf(service), isGuest);
  const found = providers.find(({ shape }) => Object.hasOwn(shape.functions, name));
  return found?.shape.functions[name];
}

/** A descriptor with the functions alone that `subject` may call; undefined when it may call none of those there are. */
export function shownTo<Shown extends ServiceDescriptor>(
  subject: Subject,
  descriptor: Shown,
): Shown | undefined {
  const all = Object.entries(descriptor.functions);
  const shown = all.filter(([name]) => refusalOfFunction(subject, descriptor.id, name) === undefined);
  if (shown.length === all.length) return descriptor;
  return shown.length === 0 ? undefined : { ...descriptor, functions: Object.fromEntries(shown) };
}

function visible(providers: readonly Provider[], isGuest: boolean): readonly Provider[] {
  return isGuest ? providers.filter(({ shape }) => shape.visibility === "public") : providers;
}

function describe(workspace: string, providers: readonly Provider[]): ServiceDescriptor {
  const shapes = providers.map(({ shape }) => shape);
  const functions = Object.assign({}, ...shapes.map((shape) => shape.functions));
  return Object.assign({}, ...shapes, { workspace, functions, providers: providers.length });
}

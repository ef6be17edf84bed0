import { analyzerService } from "./read-struct";

type Getters = Record<string, (() => unknown) | undefined>;

/** The getters that the policy runtime calls for every policy: of a resource, of its options, of their timeouts. */
const ofResource = ["getType", "getUrn", "getName", "getParent"];
const ofOptions = [
  ...["getProtect", "getIgnorechangesList", "getAliasesList", "getAdditionalsecretoutputsList", "getParent"],
  ...["getDeletebeforereplacedefined", "getDeletebeforereplace"],
];
const ofTimeouts = ["getCreate", "getUpdate", "getDelete", "getRead"];

const none: readonly string[] = [];
const noProperties: ReadonlyMap<string, unknown> = new Map();

/**
 * Has what the engine says of a resource besides its properties read out of its message once, not once for every policy. Its provider and what it depends
 * on are left out: no policy of this pack looks at either, and the runtime would make them anew for each.
 */
export function readRequestsOnce(): void {
  const service = analyzerService();
  for (const method of [service?.analyze, service?.analyzeStack]) {
    const original = method?.requestDeserialize;
    if (!original) continue;
    method.requestDeserialize = (bytes) => {
      const request = original(bytes) as Getters;
      const resources = request.getResourcesList?.() ?? [request];
      for (const resource of resources as Getters[]) settle(resource);
      return request;
    };
  }
}

function settle(resource: Getters): void {
  keep(resource, ofResource);
  const options = kept(resource, "getOptions", ofOptions);
  if (options) kept(options, "getCustomtimeouts", ofTimeouts);
  resource.getProvider = () => undefined;
  if (resource.getDependenciesList) resource.getDependenciesList = () => none;
  if (resource.getPropertydependenciesMap) resource.getPropertydependenciesMap = () => noProperties;
}

function kept(message: Getters, inner: string, getters: readonly string[]): Getters | undefined {
  const found = message[inner]?.() as Getters | undefined;
  message[inner] = () => found;
  if (found) keep(found, getters);
  return found;
}

function keep(message: Getters, getters: readonly string[]): void {
  for (const getter of getters) {
    const value = message[getter]?.();
    if (message[getter]) message[getter] = () => value;
  }
}
